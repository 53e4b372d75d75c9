/* drop_path.c - random samples without this branch, in training. */
#include "nn/export/torch.h"
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

static const char drop_path_definition[] =
    "class DropPath(nn.Module):\n"
    "    \"\"\"In training, zeroes whole samples with probability p and scales the others by 1 / (1 - p).\"\"\"\n"
    "\n"
    "    def __init__(self, p=0.5):\n"
    "        super().__init__()\n"
    "        self.p = p\n"
    "\n"
    "    def forward(self, x):\n"
    "        if not self.training or self.p == 0:\n"
    "            return x\n"
    "        keep = torch.rand((len(x),) + (1,) * (x.dim() - 1), device=x.device) >= self.p\n"
    "        return x * keep / (1 - self.p)\n";
static const struct layer_torch torch = {.kind = "DropPath", .definition = drop_path_definition};

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
    .torch = &torch,
    .onnx = onnx_same,
    .in_place = true,
};
