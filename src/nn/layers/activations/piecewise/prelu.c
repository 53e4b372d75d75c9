/* prelu.c - leaky ReLU whose slope is learned. */
#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

enum { NUM_PARAMETERS, INIT };
static const struct arg args[] = {
    {.name = "num_parameters",
     .kind = ARG_INT,
     .default_value = 1,
     .min = 1,
     .max = 1 << 16,
     .help = "slopes to learn: 1, or one for each channel"},
    {.name = "init",
     .kind = ARG_REAL,
     .default_value = 0.25,
     .min = -1e6,
     .max = 1e6,
     .help = "initial value of the slopes"},
    ARG_END,
};

static enum status prelu_plan(struct layer *l)
{
    int64_t slopes = (int64_t)l->args[NUM_PARAMETERS];
    if (slopes != 1 && slopes != l->in[0].c)
        return status_fail(STATUS_CONFIG,
                           "num_parameters is %lld, but its input has %lld channels; use 1 or that",
                           (long long)slopes, (long long)l->in[0].c);
    l->out = l->in[0];
    return layer_add_tensor(
        l,
        &(struct tensor){.name = "weight", .dims = {slopes}, .rank = 1, .init_value = (float)l->args[INIT]});
}

/* Elements with a slope in common are a row. */
static struct rows prelu_rows(const struct layer *l, const struct pass *p)
{
    int64_t slopes = l->tensors[0].dims[0];
    return (struct rows){slopes, shape_features(l->in[0]) / slopes, p->lanes, p->leaves};
}

static void prelu_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct rows rows = prelu_rows(l, p);
    l->kernels->prelu_forward(&rows, p->params + l->tensors[0].offset, x[0], y);
}

static void prelu_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                           float *dy, float *const *dx)
{
    (void)y;
    struct rows rows = prelu_rows(l, p);
    l->kernels->prelu_backward(&rows, p->params + l->tensors[0].offset, x[0], dy, dx[0],
                               p->grads + l->tensors[0].offset);
}

static const struct layer_torch torch = {.kind = "PReLU"};

static int prelu_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    if (l->tensors[0].dims[0] == 1) return ONNX_NODE(g, "PRelu", x[0], onnx_parameter(g, l, 0));
    return ONNX_NODE(g, "PRelu", x[0], onnx_channels(g, l, 0, l->in[0]));
}

extern const struct layer_ops layer_prelu;
const struct layer_ops layer_prelu = {
    .name = "prelu",
    .aliases = LAYER_ALIASES("PReLU"),
    .help = "x for x > 0, else weight * x with learned weights, as torch.nn.PReLU",
    .args = args,
    .plan = prelu_plan,
    .forward = prelu_forward,
    .backward = prelu_backward,
    .torch = &torch,
    .onnx = prelu_onnx,
    .keeps_input = true,
};
