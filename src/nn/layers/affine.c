/* affine.c - a learned factor and offset of every channel. */
#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

enum { BIAS };
static const struct arg args[] = {
    {.name = "bias", .kind = ARG_BOOL, .default_value = 1, .help = "add a learnable bias"},
    ARG_END,
};

static enum status affine_plan(struct layer *l)
{
    l->out = l->in[0];
    TRY(layer_add_tensor(
        l, &(struct tensor){.name = "weight", .dims = {l->in[0].c}, .rank = 1, .init_value = 1}));
    if (l->args[BIAS] == 0) return STATUS_OK;
    return layer_add_tensor(l, &(struct tensor){.name = "bias", .dims = {l->in[0].c}, .rank = 1});
}

static struct rows affine_rows(const struct layer *l, const struct pass *p)
{
    return (struct rows){l->in[0].c, shape_positions(l->in[0]), p->lanes, p->leaves};
}

static void affine_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct rows rows = affine_rows(l, p);
    const float *bias = l->tensor_count == 2 ? p->params + l->tensors[1].offset : NULL;
    l->kernels->affine_forward(&rows, p->params + l->tensors[0].offset, bias, x[0], y);
}

static void affine_backward(const struct layer *l, const struct pass *p, const float *const *x,
                            const float *y, float *dy, float *const *dx)
{
    (void)y;
    struct rows rows = affine_rows(l, p);
    float *dbias = l->tensor_count == 2 ? p->grads + l->tensors[1].offset : NULL;
    l->kernels->affine_backward(&rows, p->params + l->tensors[0].offset, x[0], dy, dx[0],
                                p->grads + l->tensors[0].offset, dbias);
}

static void affine_write_torch(const struct layer *l, FILE *out)
{
    fprintf(out, "Affine(%lld", (long long)l->in[0].c);
    torch_write_arguments(l, 0, ARG_MAX, out);
    fputc(')', out);
}

static const char affine_definition[] =
    "class Affine(nn.Module):\n"
    "    \"\"\"weight * x + bias, with numbers of its own for every channel.\"\"\"\n"
    "\n"
    "    def __init__(self, channels, bias=True):\n"
    "        super().__init__()\n"
    "        self.weight = nn.Parameter(torch.ones(channels))\n"
    "        self.register_parameter(\"bias\", nn.Parameter(torch.zeros(channels)) if bias else None)\n"
    "\n"
    "    def forward(self, x):\n"
    "        shape = (-1,) + (1,) * (x.dim() - 2)\n"
    "        x = x * self.weight.reshape(shape)\n"
    "        return x if self.bias is None else x + self.bias.reshape(shape)\n";
static const struct layer_torch torch = {.module = affine_write_torch, .definition = affine_definition};

static int affine_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int y = ONNX_NODE(g, "Mul", x[0], onnx_channels(g, l, 0, l->in[0]));
    return l->tensor_count == 2 ? ONNX_NODE(g, "Add", y, onnx_channels(g, l, 1, l->in[0])) : y;
}

extern const struct layer_ops layer_affine;
const struct layer_ops layer_affine = {
    .name = "affine",
    .help = "weight * x + bias, with a learned weight (first 1) and bias (first 0) for every channel",
    .args = args,
    .plan = affine_plan,
    .forward = affine_forward,
    .backward = affine_backward,
    .torch = &torch,
    .onnx = affine_onnx,
    .keeps_input = true,
};
