/* loss.h - losses: logits and targets to a sum, a weight, and a gradient.
 *
 * Sums are never normalised here: the trainer adds them over virtual ranks and divides once by the total
 * weight, which makes the mean that of one process over the whole global batch (torch.nn.CrossEntropyLoss
 * with reduction='mean'). Local functions. */
#ifndef DDP_LOSS_H
#define DDP_LOSS_H

#include <stdint.h>

#include "ddp/arg.h"
#include "ddp/status.h"

/* Sums over the live lanes of a pass; sums of these are sums over batches. */
struct loss_sums {
    double loss;     /* sum of weight * loss */
    double weight;   /* sum of weights */
    int64_t correct; /* samples whose argmax (first maximum, as torch.argmax) is the label */
    int64_t count;   /* samples */
};

/* One virtual rank's logits and targets. */
struct loss_batch {
    const float *logits;   /* [K][N] */
    float *dlogits;        /* [K][N], or NULL in evaluation; dead lanes get zeros */
    int64_t classes;       /* K */
    int64_t lanes, live;   /* of this virtual rank */
    int64_t stride;        /* floats from one class to the next: lanes of the pass */
    const int32_t *labels; /* [live], each in 0..K-1 (checked when the data was read) */
    double *losses;        /* [live]: receives each sample's loss */
    int32_t *predicted;    /* [live]: receives each sample's argmax */
};

struct loss_ops {
    const char *name;
    const char *help;
    const struct arg *args;
    struct loss_sums (*compute)(const double *args, const struct loss_batch *b);
};

const struct loss_ops *const *loss_registry(void);
const struct loss_ops *loss_find(const char *name);

#endif
