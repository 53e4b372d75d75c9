/* export.h - trained models in formats of other programs.
 *
 * A format is one file below src/export and one line of list.h: its name, the ending of its files, a line of help, and
 * a function that writes a struct export_source. Local functions; one rank calls them. */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include "nn/export/state_dict.h"
#include "nn/losses/loss.h"
#include "nn/model.h"
#include "train/checkpoint/private.h"
#include "train/config.h"
#include "train/shapes.h"

/* For formats that hold what is computed. */
struct export_options {
    bool probabilities; /* as an output more, where the loss defines them */
    bool external_data; /* large tensors in a file of their own, also where one file could hold them */
    bool overwrite;     /* files that exist are replaced */
};

/* A trained model as its checkpoint holds it. */
struct export_source {
    struct export_options options; /* set by the caller */
    const struct config *config;   /* borrowed */
    struct checkpoint_facts facts;
    struct model *model;
    float *params; /* flat vector of the model */
    bool averaged; /* they are the averaged weights of training */
    uint64_t weights_hash;
    int64_t step;
    struct normal normal, targets; /* targets.channels 0 = the loss got them as they are */
    struct sample_shapes shapes;
    int64_t first
        [SHAPE_AXES]; /* of the positions that data.augment leaves in evaluation: shapes.moved of shapes.stored */
    struct loss loss;
    char **names; /* [name_count]: of classes, labels or targets; NULL = it has none */
    int64_t name_count;
};

/* Reads a checkpoint, with the averaged weights if it has any unless `plain`. export_close also after a failure. Errors:
 * STATUS_DATA and STATUS_CONFIG, the file; STATUS_OTHER, memory. */
enum status export_open(struct export_source *s, const struct config *config, const char *path, bool plain);
void export_close(struct export_source *s);

/* One tensor of the state_dict. */
struct export_tensor {
    char name[STATE_DICT_NAME];
    bool is_count; /* num_batches_tracked, int64; else float32 */
    int rank;
    int64_t dims[TENSOR_RANK];
    const void *values; /* in the source */
    size_t bytes;
};

/* Lists the tensors of the state_dict in the order of the layers; a layer that shares those of another has its own
 * entries, for the same values. Released with mem_free. Errors: STATUS_OTHER, memory. */
enum status export_list_tensors(const struct export_source *s, struct export_tensor **list, int64_t *count);

/* Writes what stands beside the weights as text: {"key": "value", ...}, all values strings, as the metadata of
 * safetensors and ONNX have it. `add` gets each pair. Errors: those of `add`; STATUS_OTHER, memory. */
enum status export_each_fact(const struct export_source *s,
                             enum status (*add)(void *self, const char *key, const char *value), void *self);

struct export_format {
    const char *name;
    const char *ending; /* of files, ".safetensors"; "" = a folder */
    const char *help;
    bool takes_options;
    enum status (*write)(const struct export_source *s, const char *path);
};

/* Returns a format by its name, NULL if there is none; all of them, ended by NULL. */
const struct export_format *export_find(const char *name);
const struct export_format *const *export_registry(void);

/* Finds the format by its name, or if that is NULL by the ending of the path. Errors: STATUS_CONFIG, naming all. */
enum status export_choose(const struct export_format **format, const char *name, const char *path);

/* Fails with STATUS_CONFIG if there is a file or a folder, unless the options say that it is replaced. */
enum status export_check_new(const struct export_source *s, const char *path);

/* Writes the model. Errors: STATUS_CONFIG if the path exists and is not to be replaced, or the format does not have what
 * the options want; STATUS_OTHER, files. */
enum status export_write(const struct export_source *s, const struct export_format *format, const char *path);

#endif
