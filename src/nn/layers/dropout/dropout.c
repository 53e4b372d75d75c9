/* dropout.c - random zeros in training. */
#include "nn/export/torch.h"
#include "nn/layers/dropout/dropout.h"

static const struct arg args[] = DROPOUT_ARGS("an element to be zeroed");

static void dropout_measure(struct layer *l)
{
    dropout_measure_features(l, shape_features(l->in[0]));
}

static void dropout_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    dropout_run(l, p, shape_features(l->in[0]), x[0], y);
}

static void dropout_backward(const struct layer *l, const struct pass *p, const float *const *x,
                             const float *y, float *dy, float *const *dx)
{
    (void)x, (void)y;
    dropout_run_backward(l, p, shape_features(l->in[0]), dy, dx[0]);
}

static const struct layer_torch torch = {.kind = "Dropout"};

extern const struct layer_ops layer_dropout;
const struct layer_ops layer_dropout = {
    .name = "dropout",
    .aliases = LAYER_ALIASES("Dropout"),
    .help =
        "in training zeroes elements with probability p and scales the rest by 1/(1-p), as torch.nn.Dropout",
    .args = args,
    .plan = layer_plan_same,
    .measure = dropout_measure,
    .forward = dropout_forward,
    .backward = dropout_backward,
    .torch = &torch,
    .onnx = onnx_same,
    .in_place = true,
};
