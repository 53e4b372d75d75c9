/* identity.c - the value itself, under a name of its own. */
#include <string.h>

#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

static void identity_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    memcpy(y, x[0], (size_t)(shape_features(l->out) * p->lanes) * sizeof *y);
}

static const struct layer_torch torch = {.kind = "Identity"};

extern const struct layer_ops layer_identity;
const struct layer_ops layer_identity = {
    .name = "identity",
    .aliases = LAYER_ALIASES("Identity"),
    .help = "its input unchanged, as torch.nn.Identity",
    .plan = layer_plan_same,
    .forward = identity_forward,
    .torch = &torch,
    .onnx = onnx_same,
    .is_view = true,
    .passes_gradient = true,
};
