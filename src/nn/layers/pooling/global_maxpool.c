/* global_maxpool.c - maximum over all positions. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static void global_maxpool_write_torch(const struct layer *l, const struct torch_call *c)
{
    fprintf(c->out, "%s%s", c->inputs[0], l->in[0].rank ? ".flatten(2).amax(2)" : "");
}

static const struct layer_torch torch = {.call = global_maxpool_write_torch};

extern const struct layer_ops layer_global_maxpool;
const struct layer_ops layer_global_maxpool = {
    .name = "global_maxpool",
    .help = "maximum of each channel over all positions: an output of channels alone",
    .plan = adaptive_plan_global,
    .measure = adaptive_measure_max,
    .forward = adaptive_forward_max,
    .backward = adaptive_backward_max,
    .torch = &torch,
    .onnx = adaptive_onnx_max,
    .is_max = true,
};
