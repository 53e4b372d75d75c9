/* drop_path.c - random samples without this branch, in training. */
#include "nn/layers/dropout/dropout.h"

static const struct arg args[] = DROPOUT_ARGS("a sample to be zeroed");

static void drop_path_measure(struct layer *l)
{
    dropout_measure_features(l, 1);
}

static void drop_path_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    dropout_run(l, p, 1, x[0], y);
}

static void drop_path_backward(const struct layer *l, const struct pass *p, const float *const *x,
                               const float *y, float *dy, float *const *dx)
{
    (void)x, (void)y;
    dropout_run_backward(l, p, 1, dy, dx[0]);
}

extern const struct layer_ops layer_drop_path;
const struct layer_ops layer_drop_path = {
    .name = "drop_path",
    .aliases = LAYER_ALIASES("StochasticDepth", "DropPath"),
    .help =
        "in training zeroes whole samples with probability p and scales the rest by 1/(1-p), as torchvision's StochasticDepth of mode row",
    .args = args,
    .plan = layer_plan_same,
    .measure = drop_path_measure,
    .forward = drop_path_forward,
    .backward = drop_path_backward,
    .in_place = true,
};
