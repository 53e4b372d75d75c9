/* celu.c - continuously differentiable exponential linear unit. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

enum { ALPHA };
static const struct arg args[] = {
    {.name = "alpha",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = 1e-6,
     .max = 1e6,
     .help = "alpha: for large negative inputs the output tends to -alpha"},
    ARG_END,
};

static struct activation celu_describe(const struct layer *l)
{
    return (struct activation){.kind = ACTIVATION_CELU, .a = (float)l->args[ALPHA]};
}

static void celu_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, celu_describe(l), x[0], y);
}

static void celu_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                          float *dy, float *const *dx)
{
    (void)x;
    activation_backward(l, p, celu_describe(l), y, dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "CELU"};

static int celu_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int y = ONNX_NODE(g, "Celu", x[0]);
    onnx_set_real(g, "alpha", l->args[ALPHA]);
    return y;
}

extern const struct layer_ops layer_celu;
const struct layer_ops layer_celu = {
    .name = "celu",
    .aliases = LAYER_ALIASES("CELU"),
    .help = "x for x > 0, else alpha * (exp(x / alpha) - 1), as torch.nn.CELU",
    .args = args,
    .plan = layer_plan_same,
    .forward = celu_forward,
    .backward = celu_backward,
    .torch = &torch,
    .onnx = celu_onnx,
    .keeps_output = true,
    .in_place = true,
};
