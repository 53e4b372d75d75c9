/* target.c - names of the kinds of labels. */
#include "nn/losses/target.h"

const char *target_name(enum target_kind kind)
{
    static const char *const names[TARGET_KINDS] = {"index", "onehot", "probs", "multilabel", "target"};
    return names[kind];
}
