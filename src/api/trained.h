/* trained.h - a trained model as its checkpoint holds it, and workspaces to run it in.
 *
 * A trained model does not change after trained_create, so any number of threads may read it. A workspace
 * belongs to one call at a time. Rows are computed as src/train/evaluation/predict.c does it: in blocks of
 * `lanes` rows, some blocks in one pass. Local functions, without MPI. */
#ifndef API_TRAINED_H
#define API_TRAINED_H

#include "nn/losses/loss.h"
#include "nn/model.h"
#include "train/checkpoint/private.h"
#include "train/config.h"
#include "train/shapes.h"

struct trained {
    const struct kernels *kernels;
    struct config config;
    struct checkpoint_facts facts;
    struct loss loss;
    struct normal normal, targets; /* targets.channels 0 = they were taken as they are */
    bool plain;                    /* its weights are those of training, although there are averaged ones */
    float *params;                 /* flat vector of the model */
    char **names;                  /* [name_count], one block, or NULL */
    int64_t name_count;
    struct shape input; /* of a row */
    struct shape output;
    struct sample_shapes shapes; /* of rows on their way into the model, where they change */
    int64_t features, outputs;   /* F of a row, and K */
    int64_t positions;           /* P, of the outputs; 1 if they have none */
    int64_t lanes;               /* of a block */
    int64_t parameters;
};

struct workspace {
    struct workspace *next; /* for the owner */
    struct model *model;
    const void **rows;    /* [max_rows] */
    struct augment still; /* takes the middle of rows; moved.c is 0 where all is taken */
    float *room;          /* transforms_room */
    float *outputs;       /* [max_rows][K][P] */
    int64_t *live;        /* [blocks of a pass]: rows of each */
    int64_t max_rows;     /* of one call of workspace_run */
};

/* Reads a checkpoint. The first workspace is made on the way, since it takes a model to read weights into.
 * Errors: STATUS_DATA and STATUS_CONFIG, the file; STATUS_OTHER, memory, processes or instruction set. Then
 * both are NULL. */
enum status trained_create(struct trained **out, struct workspace **first, const char *path, bool plain);
void trained_destroy(struct trained **t);

/* Errors: STATUS_OTHER, memory. */
enum status workspace_create(struct workspace **out, const struct trained *t);
void workspace_destroy(struct workspace **w);

/* `rows` [count][F] in the type of the features -> outputs [count][K][P]; count <= max_rows. */
void workspace_run(struct workspace *w, const struct trained *t, int64_t count, const void *rows,
                   float *outputs);

#endif
