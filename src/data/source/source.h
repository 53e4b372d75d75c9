/* source.h - where samples come from.
 *
 * A source is a numbered list of samples with features, labels and perhaps weights. Kinds stand in
 * src/data/source/registry.c; a locator chooses one by its prefix:
 *   FILE.h5 or FILE.h5:GROUP   an HDF5 file, or one group of it
 *   demo:train, demo:test      the built-in glyphs, drawn on the fly, no file needed
 *   waves:train[:LENGTH]       recordings of ten kinds of events; picks:train[:LENGTH] two arrivals;
 *                              fields:train[:SIDE] volumes, four real targets; shapes:train[:SIDE] and
 *                              storms:train[:HEIGHT] images, a class at each pixel; also :test. Drawn on the
 *                              fly (src/data/drawn)
 *   synthetic:CxHxW:LABELS:N   random features and labels for benchmarks: N samples; also F, CxL and
 *                              CxDxHxW; LABELS is K (classes) and other forms (generated/synthetic.c)
 *   PATTERN, @LIST, or several   many HDF5 files, one behind the other (files/locators.h)
 * A shift of the labels leaves out the samples of a file, or of its range, whose labels would be beyond it.
 * With data.samples: objects a sample is a data set of the group, or a group in it (h5/objects.c).
 * A range behind the locator takes some of the samples, as in Python: FILE.h5[0:16000], FILE.h5:GROUP[-100:],
 * FILE.h5[4::5].
 * All functions are local; errors are STATUS_DATA with file, object and advice. Each rank opens its own. */
#ifndef DATA_SOURCE_SOURCE_H
#define DATA_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "math/shape.h"
#include "core/status.h"

enum feature_type { FEATURE_U8, FEATURE_F32 }; /* float64 and wider integers are read as FEATURE_F32 */

static inline int64_t feature_bytes(enum feature_type type)
{
    return type == FEATURE_U8 ? 1 : 4;
}

static inline const char *feature_type_name(enum feature_type type)
{
    return type == FEATURE_U8 ? "uint8" : "float32";
}

#define SOURCE_TYPE_SIZE 16

struct source_info {
    int64_t samples;    /* > 0 */
    struct shape shape; /* of a sample; (N,H,W) has one channel, (N,F) has c = F and rank 0 */
    enum feature_type type;
    int64_t chunk;       /* samples that the file stores as one, perhaps compressed; 0 = it does not */
    bool has_labels;     /* false only where they are optional: then the facts about labels are empty */
    int64_t label_width; /* 0 = labels are (N,), else the K of (N,K): all numbers of a sample */
    int label_rank;      /* axes of a sample's labels: 0 of (N,), 1 of (N,K), 2 of (N,H,W), ... */
    int64_t label_dims[1 + SHAPE_AXES]; /* [label_rank]: their lengths */
    bool labels_last;                   /* if they have channels, these are the last axis */
    bool labels_are_features;           /* data.y names the features: has_labels is false then */
    bool label_integers;                /* stored as integers: may be class indices */
    char label_type[SOURCE_TYPE_SIZE];  /* "int64", as stored */
    const char *label_where;            /* "FILE: OBJECT", for messages */
    bool has_weights;
    int64_t weight_width; /* weights of a sample: 1, or one for each position of its labels */
    int64_t
        class_count; /* length of class_names, or 0 if the file has none; for (N,K) they name its columns */
    const char *const *class_names;
};

struct source;
struct h5;

/* What is read of a file. Object names are NULL or "" to look for the usual ones; weights are read only if
 * they are named. The labels are the features themselves where `y` names these, or is SOURCE_FEATURES and
 * nothing else has that name. */
#define SOURCE_FEATURES "x"
struct source_options {
    const char *x, *y, *weights;
    bool weights_optional, labels_optional; /* a set without them is fine */
    bool allow_external;                    /* the file may lead out of itself (h5_open) */
    int layout;                             /* enum data_layout; a file that says another one is an error */
    int samples;                            /* enum data_samples */
    int64_t shift;                          /* sample i has the labels of sample i + shift of its file */
    int missing;                            /* enum data_missing: what is missing is not an error */
    bool has_ignored;                       /* the loss ignores the class */
    int64_t ignored;   /* with this number, which is not missing where it is a fill value */
    const char *index; /* a table with the labels of files or objects (csv_labels.h); "" or NULL = none */
    const char *index_folder; /* keeps what was found in many files there; "" or NULL = does not */
    const char *found;        /* source_found of another process, NULL = looks itself */
    const struct source_info
        *noted;          /* what all objects of this one file are, so that only one is looked at; or NULL */
    bool no_labels;      /* labels are not looked for */
    bool no_class_names; /* nor are names of classes */
    bool quiet;          /* warns of nothing: another source has warned of the same */
    bool one_file;       /* the locator is of a single file, whatever it looks like */
    bool skip;           /* files among many, and samples, that cannot be read are left out (data.on_error) */
    bool wide;           /* features are FEATURE_F32, however they are stored */
    struct h5 **pool;    /* a process for reading, used in turn by sources; NULL = none */
};
enum status source_open(struct source **out, const char *locator, const struct source_options *names);

/* What a configuration says of the training set; the strings are borrowed. */
struct data_config;
struct source_options source_options_of(const struct data_config *c);
void source_close(struct source **s);
const struct source_info *source_info(const struct source *s);

/* Checks that the file has not changed since it was opened, and can be read on: a file that made the library crash
 * cannot. Errors: what has changed, or happened. */
enum status source_check(const struct source *s);

/* Returns the number that sample i has in its file: another one if the locator has a range, or names many files.
 */
int64_t source_number(const struct source *s, int64_t sample);

/* Returns "FILE: OBJECT" of the labels of sample i, for messages; valid until the next call. */
const char *source_where(const struct source *s, int64_t sample);

/* Returns what was found in many files, as a text that makes other processes take the same files and find them
 * without looking; "" for a single file. */
const char *source_found(const struct source *s);

/* Stands for a class index that is missing. */
#define SOURCE_MISSING INT32_MAX

/* Reads the numbers of an attribute of the features, of many files of that of the first: one, or `count`. */
enum status source_read_attribute(struct source *s, const char *name, int64_t count, double *values,
                                  int64_t *found);

/* Where samples go; an array that is NULL is not wanted. Numbers are unpacked (h5.h). With another `missing` than
 * MISSING_ERROR features that are missing are NaN; with MISSING_DROP targets and weights as well, and labels are
 * SOURCE_MISSING. */
struct source_rows {
    void *features;  /* [count][F] in the source's type */
    int32_t *labels; /* [count][max(K, 1)]: class indices; of floats whole numbers, else it is an error */
    float *targets;  /* [count][max(K, 1)]: any labels, as numbers */
    float *weights;  /* [count][weight_width], of a source that has them */
};

/* Reads samples first .. first+count-1. Errors: a read that fails, a class index beyond -2^31 .. 2^31-2
 * (negative ones are kept: the caller knows the loss, which may ignore some), NaN or Inf, a negative
 * weight, each with the number of the sample in the file. */
enum status source_read(struct source *s, int64_t first, int64_t count, const struct source_rows *rows);

#endif
