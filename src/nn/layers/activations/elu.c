/* elu.c - exponential linear unit. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

enum { ALPHA };
static const struct arg args[] = {
    {.name = "alpha",
     .kind = ARG_REAL,
     .default_value = 1,
     .max = 1e6,
     .help = "alpha: for large negative inputs the output tends to -alpha"},
    ARG_END,
};

static struct activation elu_describe(const struct layer *l)
{
    return (struct activation){.kind = ACTIVATION_ELU, .a = (float)l->args[ALPHA]};
}

static void elu_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, elu_describe(l), x[0], y);
}

static void elu_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                         float *dy, float *const *dx)
{
    (void)x;
    activation_backward(l, p, elu_describe(l), y, dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "ELU"};

static int elu_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int y = ONNX_NODE(g, "Elu", x[0]);
    onnx_set_real(g, "alpha", l->args[ALPHA]);
    return y;
}

extern const struct layer_ops layer_elu;
const struct layer_ops layer_elu = {
    .name = "elu",
    .aliases = LAYER_ALIASES("ELU"),
    .help = "x for x > 0, else alpha * (exp(x) - 1), as torch.nn.ELU",
    .args = args,
    .plan = layer_plan_same,
    .forward = elu_forward,
    .backward = elu_backward,
    .torch = &torch,
    .onnx = elu_onnx,
    .keeps_output = true,
    .in_place = true,
};
