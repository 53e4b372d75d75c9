/* private.h - what the views of one window share. */
#ifndef DATA_DATASET_PRIVATE_H
#define DATA_DATASET_PRIVATE_H

#include "data/dataset/dataset.h"
#include "data/dataset/infer.h"
#include "comm/shared.h"
#include "data/store/store.h"
#include "io/hash.h"

/* The samples of one locator: labels and weights, in memory. Each view has a store for its features. */
struct pool {
    int views;
    struct source *source;       /* stays open for its info */
    struct shared *window;       /* labels [N][P] or targets [N][K][P] | weights [N][1 or P] */
    char *locator;               /* as one line, for messages */
    char *full_locator, *found;  /* of a list a line for each file; source_found */
    int32_t *labels;             /* NULL unless the kind is TARGET_INDEX */
    float *targets;              /* NULL for that kind, and where there are no labels */
    float *weights;              /* NULL if there are none */
    int64_t width;               /* numbers in a row of labels or targets */
    int64_t channels, positions; /* their product is the width */
    int64_t weight_width;        /* numbers in a row of weights */
    bool channels_last;          /* rows are stored [P][K] */
    int64_t left_out;            /* samples that cannot be read */
    bool hashed;
    struct hash hash; /* of the features, on rank 0 */
    size_t bytes;     /* of the window */
    enum target_kind kind;
    const char *ignored_name;          /* the loss's argument that gives `ignored`; NULL if there is none */
    int64_t ignored;                   /* a class index that is never looked at */
    int64_t label_offset;              /* is taken from all other class indices */
    const struct label_map *label_map; /* while labels are read; NULL = numbers are classes */
    enum data_missing missing;
};

struct dataset {
    struct pool *pool;
    struct store *store;
    struct source_info info; /* of this view */
    struct shared *choice;   /* of both views of a split, owned by the first one; or NULL */
    const int64_t *numbers;  /* [samples]: those in the pool; NULL = all of them */
    struct shared *draws;    /* memory of */
    const uint64_t *ends;    /* [samples]: where an epoch draws with replacement (order.h); or NULL */
};

/* Where labels and weights are from sample `first` on. */
struct source_rows dataset_label_rows(const struct pool *s, int64_t first);

/* axes.c: which axes of the labels are positions, and how many numbers belong to one. `outputs` are those of
 * the model, NULL = not known. Errors: STATUS_DATA if labels or weights have another shape. Local. */
enum status dataset_find_axes(struct pool *s, struct infer_options *options,
                              const struct dataset_outputs *outputs);

/* axes.c: [P][K] becomes [K][P] in `count` rows; `scratch` holds one. */
void dataset_channels_first(const struct pool *s, int64_t count, float *rows, float *scratch);

/* labels.c: what the labels are. */
struct label_scan {
    const struct infer_options *options;
    int64_t first, end; /* samples that this rank reads */
    struct infer_facts facts;
};

/* Looks at samples first .. first+count-1, which this rank has just read. Local. */
enum status dataset_scan(const struct pool *s, struct label_scan *scan, int64_t first, int64_t count);

/* drop.c: leaves `count` samples out whose bits are set, of [samples]. Collective. Errors: STATUS_OTHER, memory. */
enum status dataset_leave_out(struct dataset *d, struct comm *comm, const int64_t *bits, int64_t count);

/* skip.c: reads the features and labels of a set, finds the samples that cannot be read, says which these are and makes
 * the set a view of the others, whose labels it looks at. They are the same in every store, and at any number of ranks.
 * Collective. Errors: STATUS_DATA if no sample can be read, or the file changes meanwhile; those of dataset_scan. */
enum status dataset_read_skipping(struct dataset *d, struct comm *comm, struct label_scan *scan);

/* After all ranks have scanned their parts: finds the kind, and makes labels of -1 zeros. Collective; all
 * ranks return the same status. */
enum status dataset_settle(struct pool *s, struct comm *comm, struct label_scan *scan);

/* labels.c: STATUS_CONFIG if the map has numbers for a class that the loss ignores, and it ignores none. Local. */
enum status dataset_check_map(const struct pool *s, const char *taker);

/* drop.c: leaves samples out in which something is missing, if that is wanted. Collective. Errors: STATUS_DATA if none
 * is left. */
enum status dataset_drop_missing(struct dataset *d, struct comm *comm);

#endif
