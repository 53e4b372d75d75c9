/* sum.h - a weighted sum of losses, and what a list of losses in a configuration comes to. */
#ifndef NN_LOSSES_SUM_H
#define NN_LOSSES_SUM_H

#include "nn/losses/loss.h"

#define LOSS_PARTS_MAX 4

/* A loss as a configuration chooses it. */
struct loss_choice {
    const struct loss_ops *ops;
    struct arg_values args; /* owned */
    double scale;           /* what its value counts in the sum */
};

struct loss_list {
    int count; /* 0 = there is no list */
    struct loss_choice of[LOSS_PARTS_MAX];
};

/* The loss of a list with several entries; it is in no registry. */
extern const struct loss_ops sum_of_losses;

/* What a loss, or all losses of a list, take. */
struct loss_traits {
    char name[64];                 /* "bce_with_logits + dice" */
    unsigned targets;              /* kinds of labels that all of them take */
    double target_min, target_max; /* both 0 = any */
    bool log_probs;                /* the outputs have to be log-probabilities */
    const char *ignored_name;      /* argument that gives `ignored`; NULL = none */
    int64_t ignored;
};
struct loss_traits loss_find_traits(const struct loss_ops *ops, const struct arg_values *args,
                                    const struct loss_list *list);

/* Errors: STATUS_CONFIG if the losses do not go together. */
enum status loss_list_check(const struct loss_list *list);
void loss_list_free(struct loss_list *list);

#endif
