/* avgpool1d.c - mean over windows along a line. */
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = AVGPOOL_ARGS(1);

extern const struct layer_ops layer_avgpool1d;
const struct layer_ops layer_avgpool1d = {
    .name = "avgpool1d",
    .aliases = LAYER_ALIASES("AvgPool1d"),
    .help = "mean of a window, as torch.nn.AvgPool1d",
    .args = args,
    .plan = avgpool_plan,
    .forward = avgpool_forward,
    .backward = avgpool_backward,
};
