/* infer.h - what kind of labels a data set has, from their type, shape and values and from what a loss
 * takes.
 *
 * Integers (N,) or (N,1) are class indices for a loss that takes those, and so is one number at each
 * position, which is known before they are read; but for a model with one output a loss that also takes
 * labels that are on or off gets those. All other labels are read as rows of K numbers at each position, on
 * which rules are tried while they pass by: a rule holds until one row breaks it. The kind is then the
 * first of one-hot, probabilities, multi-label and values that the loss takes and whose rule holds. Local
 * functions. */
#ifndef DATA_DATASET_INFER_H
#define DATA_DATASET_INFER_H

#include <stdbool.h>
#include <stdint.h>

#include "data/source/source.h"
#include "nn/losses/target.h"

/* What labels may be. */
struct infer_options {
    const char *taker;             /* "loss bce_with_logits", for messages */
    unsigned takes;                /* TARGET_BIT of each kind */
    double target_min, target_max; /* of TARGET_VALUES; both 0 = any */
    bool fixed;                    /* the kind is said, by data.labels or by the training set, not inferred */
    enum target_kind kind;
    const char *fixed_by; /* "data.labels is probs", for messages */
    bool positional;      /* labels belong to positions of the model's outputs, at each of which there are */
    int64_t channels;     /* as many numbers as this; 0 = all of a row */
    int64_t outputs;      /* K of the model; 0 = not known */
};

enum infer_rule {
    RULE_ONEHOT, /* a single 1 and zeros */
    RULE_PROBS,  /* no negative numbers, sum 1 within 1e-3 */
    RULE_BINARY, /* 0 and 1 */
    RULE_SIGNED, /* -1 and +1 */
    RULE_RANGE,  /* target_min .. target_max */
    INFER_RULES
};

#define INFER_HOLDS INT64_MAX

struct infer_facts {
    int64_t broken[INFER_RULES]; /* the first sample that breaks the rule, or INFER_HOLDS */
};

/* STATUS_CONFIG if the fixed kind is none that is taken. */
enum status infer_check_options(const struct infer_options *w);

/* Whether the labels are class indices; if not, they have to be scanned. */
bool infer_is_index(const struct infer_options *w, const struct source_info *info);

void infer_begin(struct infer_facts *f);

/* Tries the rules on rows [count][width] of samples first .. first+count-1. */
void infer_scan(struct infer_facts *f, const struct infer_options *w, int64_t first, int64_t count,
                int64_t width, const float *rows);

struct infer_found {
    bool fits;
    enum target_kind kind; /* if nothing fits, the most general one that the shape allows */
    bool is_signed;        /* multi-label as -1 and +1 in place of 0 and 1 */
    int64_t
        culprit; /* if nothing fits: the first sample that breaks the rule, or -1: the shape or type does */
};

/* The kind of labels that are no indices, from the facts about all of them. */
struct infer_found infer_kind(const struct infer_facts *f, const struct infer_options *w,
                              const struct source_info *info);

/* STATUS_DATA: why nothing fits. `where` and `number` are the culprit's labels and number in the file,
 * `row` has its labels; unused without one. */
enum status infer_refuse(const struct infer_options *w, const struct source_info *info,
                         const struct infer_found *found, const char *where, int64_t number,
                         const float *row);

/* "(N,4) float32": shape and type of labels as stored. */
#define INFER_TEXT_SIZE 112
void infer_stored_text(const struct source_info *info, char text[INFER_TEXT_SIZE]);

#endif
