/* glu.c - gated linear unit: half of the channels times the sigmoid of the others. */
#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

static enum status glu_plan(struct layer *l)
{
    if (l->in[0].c % 2 != 0)
        return status_fail(STATUS_CONFIG, "halves the channels, but its input has %lld of them",
                           (long long)l->in[0].c);
    l->out = l->in[0];
    l->out.c /= 2;
    return STATUS_OK;
}

static void glu_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    l->kernels->glu_forward(shape_features(l->out) * p->lanes, x[0], y);
}

static void glu_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                         float *dy, float *const *dx)
{
    (void)y;
    if (dx[0]) l->kernels->glu_backward(shape_features(l->out) * p->lanes, x[0], dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "GLU", .arguments = "dim=1"};

static int glu_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int a = onnx_slice(g, x[0], 1, 0, l->out.c), b = onnx_slice(g, x[0], 1, l->out.c, 2 * l->out.c);
    return ONNX_NODE(g, "Mul", a, ONNX_NODE(g, "Sigmoid", b));
}

extern const struct layer_ops layer_glu;
const struct layer_ops layer_glu = {
    .name = "glu",
    .aliases = LAYER_ALIASES("GLU"),
    .help = "a * sigmoid(b), a and b the first and second half of the channels, as torch.nn.GLU(dim=1)",
    .plan = glu_plan,
    .forward = glu_forward,
    .backward = glu_backward,
    .torch = &torch,
    .onnx = glu_onnx,
    .keeps_input = true,
};
