/* hardtanh.c - values limited to an interval. */
#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

enum { MIN_VAL, MAX_VAL };
static const struct arg args[] = {
    {.name = "min_val",
     .kind = ARG_REAL,
     .default_value = -1,
     .min = -1e30,
     .max = 1e30,
     .help = "smallest output"},
    {.name = "max_val",
     .kind = ARG_REAL,
     .default_value = 1,
     .min = -1e30,
     .max = 1e30,
     .help = "largest output"},
    ARG_END,
};

static enum status hardtanh_plan(struct layer *l)
{
    if (l->args[MIN_VAL] >= l->args[MAX_VAL])
        return status_fail(STATUS_CONFIG, "min_val %g is not below max_val %g", l->args[MIN_VAL],
                           l->args[MAX_VAL]);
    l->out = l->in[0];
    return STATUS_OK;
}

/* NaN passes through, as in PyTorch. */
static void hardtanh_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    float low = (float)l->args[MIN_VAL], high = (float)l->args[MAX_VAL];
    for (int64_t i = 0; i < shape_features(l->in[0]) * p->lanes; i++) {
        float raised = x[0][i] < low ? low : x[0][i];
        y[i] = raised > high ? high : raised;
    }
}

static void hardtanh_backward(const struct layer *l, const struct pass *p, const float *const *x,
                              const float *y, float *dy, float *const *dx)
{
    (void)x;
    float low = (float)l->args[MIN_VAL], high = (float)l->args[MAX_VAL];
    if (!dx[0]) return;
    for (int64_t i = 0; i < shape_features(l->in[0]) * p->lanes; i++)
        dx[0][i] = y[i] <= low || y[i] >= high ? 0 : dy[i];
}

static const struct layer_torch torch = {.kind = "Hardtanh"};

static int hardtanh_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int low = onnx_scalar(g, l->args[MIN_VAL]), high = onnx_scalar(g, l->args[MAX_VAL]);
    return ONNX_NODE(g, "Clip", x[0], low, high);
}

extern const struct layer_ops layer_hardtanh;
const struct layer_ops layer_hardtanh = {
    .name = "hardtanh",
    .aliases = LAYER_ALIASES("Hardtanh"),
    .help = "x clamped to [min_val, max_val], as torch.nn.Hardtanh",
    .args = args,
    .plan = hardtanh_plan,
    .forward = hardtanh_forward,
    .backward = hardtanh_backward,
    .torch = &torch,
    .onnx = hardtanh_onnx,
    .keeps_output = true,
    /* can limit the outputs of another layer to either */
    .ranges = RANGE_BIT(RANGE_PROBABILITIES) | RANGE_BIT(RANGE_LOG_PROBABILITIES),
    .in_place = true,
};
