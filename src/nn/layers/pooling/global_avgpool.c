/* global_avgpool.c - mean over all positions. */
#include "nn/layers/pooling/pool.h"

extern const struct layer_ops layer_global_avgpool;
const struct layer_ops layer_global_avgpool = {
    .name = "global_avgpool",
    .help = "mean of each channel over all positions: an output of channels alone",
    .plan = adaptive_plan_global,
    .forward = adaptive_forward_mean,
    .backward = adaptive_backward_mean,
};
