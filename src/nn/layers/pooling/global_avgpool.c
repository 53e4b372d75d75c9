/* global_avgpool.c - mean over all positions. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static void global_avgpool_write_torch(const struct layer *l, const struct torch_call *c)
{
    fprintf(c->out, "%s%s", c->inputs[0], l->in[0].rank ? ".flatten(2).mean(2)" : "");
}

static const struct layer_torch torch = {.call = global_avgpool_write_torch};

extern const struct layer_ops layer_global_avgpool;
const struct layer_ops layer_global_avgpool = {
    .name = "global_avgpool",
    .help = "mean of each channel over all positions: an output of channels alone",
    .plan = adaptive_plan_global,
    .forward = adaptive_forward_mean,
    .backward = adaptive_backward_mean,
    .torch = &torch,
    .onnx = adaptive_onnx_mean,
};
