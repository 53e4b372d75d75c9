/* flatten.c - all features of a sample as channels. */
#include <string.h>

#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

static enum status flatten_plan(struct layer *l)
{
    l->out = shape_flat(shape_features(l->in[0]));
    return STATUS_OK;
}

/* The order of the features stays, so nothing moves unless y lies elsewhere. */
static void flatten_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    memcpy(y, x[0], (size_t)(shape_features(l->out) * p->lanes) * sizeof *y);
}

static const struct layer_torch torch = {.kind = "Flatten"};

static int flatten_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    int y = ONNX_NODE(g, "Flatten", x[0]);
    onnx_set_int(g, "axis", 1);
    return y;
}

extern const struct layer_ops layer_flatten;
const struct layer_ops layer_flatten = {
    .name = "flatten",
    .aliases = LAYER_ALIASES("Flatten"),
    .help = "all features as channels, in PyTorch's (C,H,W) order, as torch.nn.Flatten",
    .plan = flatten_plan,
    .forward = flatten_forward,
    .torch = &torch,
    .onnx = flatten_onnx,
    .is_view = true,
    .passes_gradient = true,
};
