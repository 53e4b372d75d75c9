/* avgpool1d.c - mean over windows along a line. */
#include "nn/export/torch.h"
#include "nn/layers/pooling/pool.h"

static const struct arg args[] = AVGPOOL_ARGS(1);

/* torch.nn.AvgPool1d has no divisor_override. */
static void avgpool1d_write_torch(const struct layer *l, FILE *out)
{
    bool has_divisor = l->args[arg_slot(args, arg_find(args, "divisor_override"))] != 0;
    (has_divisor ? pool_write_torch_class : pool_write_torch)(l, out);
}

static const char avgpool1d_definition[] =
    "class AvgPool1d(nn.AvgPool2d):\n"
    "    \"\"\"As torch.nn.AvgPool1d, with a divisor of one's own.\"\"\"\n"
    "\n"
    "    def __init__(self, kernel_size, stride=None, padding=0, **others):\n"
    "        super().__init__((1, kernel_size), (1, stride or kernel_size), (0, padding), **others)\n"
    "\n"
    "    def forward(self, x):\n"
    "        return super().forward(x.unsqueeze(2)).squeeze(2)\n";
static const struct layer_torch torch = {
    .module = avgpool1d_write_torch, .definition = avgpool1d_definition, .axes = 1};

extern const struct layer_ops layer_avgpool1d;
const struct layer_ops layer_avgpool1d = {
    .name = "avgpool1d",
    .aliases = LAYER_ALIASES("AvgPool1d"),
    .help = "mean of a window, as torch.nn.AvgPool1d",
    .args = args,
    .plan = avgpool_plan,
    .forward = avgpool_forward,
    .backward = avgpool_backward,
    .torch = &torch,
    .onnx = avgpool_onnx,
};
