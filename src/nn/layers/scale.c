/* scale.c - a constant factor. */
#include "nn/export/torch.h"
#include "nn/layers/activations/activation.h"

enum { VALUE };
static const struct arg args[] = {
    {.name = "value",
     .kind = ARG_REAL,
     .default_value = ARG_REQUIRED,
     .min = -1e30,
     .max = 1e30,
     .help = "factor of every element"},
    ARG_END,
};

static struct activation scale_describe(const struct layer *l)
{
    return (struct activation){.kind = ACTIVATION_SCALE, .a = (float)l->args[VALUE]};
}

static void scale_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    activation_forward(l, p, scale_describe(l), x[0], y);
}

/* The slope is the same everywhere, whatever the kernel looks at. */
static void scale_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                           float *dy, float *const *dx)
{
    (void)x, (void)y;
    activation_backward(l, p, scale_describe(l), dy, dy, dx[0]);
}

static void scale_write_torch(const struct layer *l, const struct torch_call *c)
{
    fprintf(c->out, "%s * ", c->inputs[0]);
    torch_write_number(c->out, l->args[VALUE]);
}

static const struct layer_torch torch = {.call = scale_write_torch};

static int scale_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    return ONNX_NODE(g, "Mul", x[0], onnx_scalar(g, l->args[VALUE]));
}

extern const struct layer_ops layer_scale;
const struct layer_ops layer_scale = {
    .name = "scale",
    .help = "value * x",
    .args = args,
    .plan = layer_plan_same,
    .forward = scale_forward,
    .backward = scale_backward,
    .torch = &torch,
    .onnx = scale_onnx,
    .in_place = true,
};
