/* target.h - what the labels of a data set mean to a loss. */
#ifndef NN_LOSSES_TARGET_H
#define NN_LOSSES_TARGET_H

enum target_kind {
    TARGET_INDEX,      /* one class index a sample, (N,) or (N,1) */
    TARGET_ONEHOT,     /* (N,K), a single 1 in every row */
    TARGET_PROBS,      /* (N,K), rows of probabilities that add up to 1 */
    TARGET_MULTILABEL, /* (N,K), (N,1) or (N,) of 0 and 1: labels that are on or off, each for itself */
    TARGET_VALUES,     /* (N,K), (N,1) or (N,): real numbers */
    TARGET_KINDS
};

/* A set of kinds. */
#define TARGET_BIT(kind) (1u << (kind))

/* "index", "onehot", "probs", "multilabel", "target": the words of data.labels. */
const char *target_name(enum target_kind kind);

#endif
