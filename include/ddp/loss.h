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

struct loss_ops {
    const char *name;
    const char *help;
    const struct arg *args;

    /* logits [K][N]; labels [live], each in 0..K-1 (checked when the data was read); dlogits [K][N] or NULL
     * in evaluation; predicted [live] or NULL receives the argmax. Dead lanes get a zero gradient. */
    struct loss_sums (*compute)(const float *logits, int64_t classes, int64_t lanes, int64_t live,
                                const int32_t *labels, float *dlogits, int32_t *predicted);
};

const struct loss_ops *const *loss_registry(void);
const struct loss_ops *loss_find(const char *name);

#endif
