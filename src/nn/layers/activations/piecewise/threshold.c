/* threshold.c - a constant in place of small values. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

enum { THRESHOLD, VALUE };
static const struct arg args[] = {
    {.name = "threshold",
     .kind = ARG_REAL,
     .default_value = ARG_REQUIRED,
     .min = -1e30,
     .max = 1e30,
     .help = "largest input that is replaced"},
    {.name = "value",
     .kind = ARG_REAL,
     .default_value = ARG_REQUIRED,
     .min = -1e30,
     .max = 1e30,
     .help = "output in its place"},
    ARG_END,
};

static struct activation threshold_describe(const struct layer *l)
{
    return (struct activation){
        .kind = ACTIVATION_THRESHOLD, .a = (float)l->args[THRESHOLD], .b = (float)l->args[VALUE]};
}

static void threshold_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, threshold_describe(l), x[0], y);
}

static void threshold_backward(const struct layer *l, const struct pass *p, const float *const *x,
                               const float *y, float *dy, float *const *dx)
{
    (void)y;
    activation_backward(l, p, threshold_describe(l), x[0], dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "Threshold"};

static int threshold_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int above = ONNX_NODE(g, "Greater", x[0], onnx_scalar(g, l->args[THRESHOLD]));
    return ONNX_NODE(g, "Where", above, x[0], onnx_scalar(g, l->args[VALUE]));
}

extern const struct layer_ops layer_threshold;
const struct layer_ops layer_threshold = {
    .name = "threshold",
    .aliases = LAYER_ALIASES("Threshold"),
    .help = "x for x > threshold, else value, as torch.nn.Threshold",
    .args = args,
    .plan = layer_plan_same,
    .forward = threshold_forward,
    .backward = threshold_backward,
    .torch = &torch,
    .onnx = threshold_onnx,
    .keeps_input = true,
};
