/* softsign.c - algebraic sigmoid. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

static const struct activation softsign_function = {.kind = ACTIVATION_SOFTSIGN};

static void softsign_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, softsign_function, x[0], y);
}

static void softsign_backward(const struct layer *l, const struct pass *p, const float *const *x,
                              const float *y, float *dy, float *const *dx)
{
    (void)y;
    activation_backward(l, p, softsign_function, x[0], dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "Softsign"};

static int softsign_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l;
    return ONNX_NODE(g, "Softsign", x[0]);
}

extern const struct layer_ops layer_softsign;
const struct layer_ops layer_softsign = {
    .name = "softsign",
    .aliases = LAYER_ALIASES("Softsign"),
    .help = "x / (1 + |x|), as torch.nn.Softsign",
    .plan = layer_plan_same,
    .forward = softsign_forward,
    .backward = softsign_backward,
    .torch = &torch,
    .onnx = softsign_onnx,
    .keeps_input = true,
};
