/* config.h - what a run says about its data: the section `data` of a configuration, as plain values.
 *
 * The app layer fills it in and owns the strings; the data layer only reads it. */
#ifndef DATA_CONFIG_H
#define DATA_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "data/step.h"

enum data_normalize {
    NORMALIZE_AUTO,     /* (x - mean) / std of every channel of the training set */
    NORMALIZE_UNIT,     /* uint8 / 255, floats as they are (torchvision's ToTensor) */
    NORMALIZE_NONE,     /* as stored */
    NORMALIZE_STANDARD, /* (x - mean) / std of every single feature of the training set */
};

/* The kind of the labels: inferred, or 1 + enum target_kind. */
enum data_labels { LABELS_AUTO };

enum data_target_normalize {
    TARGET_NORMALIZE_NONE,
    TARGET_NORMALIZE_STANDARD, /* (y - mean) / std of every target of the training set */
};

/* Order of the axes of stored features (data.layout): LAYOUT_AUTO is what the file says, else channels first,
 * where (N,A,B) is an image of one channel. */
enum data_layout {
    LAYOUT_AUTO,
    LAYOUT_NCL,
    LAYOUT_NLC,
    LAYOUT_NCHW,
    LAYOUT_NHWC,
    LAYOUT_NCDHW,
    LAYOUT_NDHWC
};

/* Where the features live (data.store). */
enum data_store { STORE_AUTO, STORE_NODE, STORE_CLUSTER, STORE_SCRATCH, STORE_WINDOW, STORE_KINDS };

/* What happens to samples that cannot be read (data.on_error). */
enum data_on_error { ON_ERROR_STOP, ON_ERROR_SKIP };

/* What a sample is (data.samples). */
enum data_samples {
    SAMPLES_AXIS,    /* a row of the features: the first axis */
    SAMPLES_FILES,   /* a file */
    SAMPLES_OBJECTS, /* a data set or a group in a group */
};

/* What becomes of values that are missing: fill values of NetCDF's conventions, and NaN (data.missing). */
enum data_missing {
    MISSING_ERROR,
    MISSING_MEAN, /* of the channel over the values of the training set that are there */
    MISSING_ZERO,
    MISSING_DROP, /* samples are left out where any is missing, also in labels and weights */
};

/* Which number in a file stands for which class (data.label_map); ascending numbers. */
#define LABEL_IGNORED (-1) /* in place of a class: the one that the loss ignores */
struct label_pair {
    int32_t number, class;
};
struct label_map {
    int64_t count; /* 0 and not ignores_others = numbers are classes */
    struct label_pair *of;
    bool ignores_others;
};

/* How samples are chosen for an epoch (train.sampler). */
enum data_sampler {
    SAMPLER_ONCE,     /* each once */
    SAMPLER_WEIGHTED, /* as many draws with replacement, by data.weights if there are any, else as */
    SAMPLER_BALANCED, /* each class equally often */
};

struct data_config {
    char *train, *val;  /* source locators; val may be "" */
    char *index_folder; /* where to keep what was found in many files; NULL = nowhere. No key sets it. */
    int samples;        /* enum data_samples */
    char *index;        /* table with the labels of files or objects, "" = none */
    char *x, *y;        /* object names, "" = look for the usual ones */
    char *weights;      /* object name, "" = none */
    char *val_x, *val_y, *val_weights; /* of val; "" = those above, of weights also "none" */
    char *val_index;                   /* of val; "" = that above */
    int layout;                        /* enum data_layout */
    int labels;                        /* enum data_labels */
    int on_error;                      /* enum data_on_error */
    int64_t time_limit;                /* seconds, guard.h */
    bool allow_external;               /* files may lead out of themselves (h5.h) */
    int store;                         /* enum data_store */
    char *scratch_dir;                 /* "" = find one */
    int64_t block, window;             /* samples of the order of STORE_WINDOW; 0 = choose */
    double val_fraction;               /* of the training set, when there is no val; 0 = none */
    int64_t split_seed;
    int normalize;        /* enum data_normalize */
    int target_normalize; /* enum data_target_normalize */
    int missing;          /* enum data_missing */
    int64_t label_offset; /* number of the first class in the file */
    struct label_map label_map;
    int64_t shift;                /* from a sample to the one whose labels it has */
    struct data_steps transforms; /* kinds of data/transform */
    struct data_steps augment;    /* kinds of data/augment */
};

#endif
