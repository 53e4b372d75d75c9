/* global_maxpool.c - maximum over all positions. */
#include "nn/layers/pooling/pool.h"

extern const struct layer_ops layer_global_maxpool;
const struct layer_ops layer_global_maxpool = {
    .name = "global_maxpool",
    .help = "maximum of each channel over all positions: an output of channels alone",
    .plan = adaptive_plan_global,
    .measure = adaptive_measure_max,
    .forward = adaptive_forward_max,
    .backward = adaptive_backward_max,
    .is_max = true,
};
