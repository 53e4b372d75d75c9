/* conv2d.c - 2-D convolution. */
#include <math.h>

#include "nn/layers/window.h"

enum { OUT, KERNEL, STRIDE, PADDING, BIAS };
static const struct arg args[] = {
    {.name = "out",
     .kind = ARG_INT,
     .default_value = ARG_REQUIRED,
     .min = 1,
     .max = 1 << 16,
     .help = "output channels"},
    {.name = "kernel",
     .kind = ARG_INT,
     .default_value = ARG_REQUIRED,
     .min = 1,
     .max = 1024,
     .help = "height and width of the window"},
    {.name = "stride",
     .kind = ARG_INT,
     .default_value = 1,
     .min = 1,
     .max = 1024,
     .help = "stride of the window"},
    {.name = "padding", .kind = ARG_INT, .max = 1024, .help = "zero padding on both sides of the input"},
    {.name = "bias", .kind = ARG_BOOL, .default_value = 1, .help = "add a learnable bias"},
    ARG_END,
};

static struct window conv2d_window(const struct layer *l, int64_t lanes, int64_t leaves)
{
    return window_of(l, (int64_t)l->args[KERNEL], (int64_t)l->args[STRIDE], (int64_t)l->args[PADDING], lanes,
                     leaves);
}

static enum status conv2d_plan(struct layer *l)
{
    int64_t out = (int64_t)l->args[OUT], kernel = (int64_t)l->args[KERNEL];
    TRY(window_plan(l, kernel, (int64_t)l->args[STRIDE], (int64_t)l->args[PADDING], out, &l->out));
    float bound = (float)(1 / sqrt((double)(l->in[0].c * kernel * kernel)));
    TRY(layer_add_tensor(
        l, &(struct tensor){
               .name = "weight", .dims = {out, l->in[0].c, kernel, kernel}, .rank = 4, .init_bound = bound}));
    if (l->args[BIAS] == 0) return STATUS_OK;
    return layer_add_tensor(l,
                            &(struct tensor){.name = "bias", .dims = {out}, .rank = 1, .init_bound = bound});
}

static void conv2d_measure(struct layer *l)
{
    struct window w = conv2d_window(l, l->lanes, l->leaves);
    l->scratch_bytes = (size_t)l->kernels->conv_scratch_floats(&w) * sizeof(float);
}

static void conv2d_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct window w = conv2d_window(l, p->lanes, p->leaves);
    const float *bias = l->tensor_count == 2 ? p->params + l->tensors[1].offset : NULL;
    l->kernels->conv_forward(&w, p->params + l->tensors[0].offset, bias, l->relu_out, x[0], y, l->scratch);
}

static void conv2d_backward(const struct layer *l, const struct pass *p, const float *const *x,
                            const float *y, float *dy, float *const *dx)
{
    (void)y;
    struct window w = conv2d_window(l, p->lanes, p->leaves);
    l->kernels->conv_backward_weight(&w, x[0], dy, p->grads + l->tensors[0].offset, l->scratch);
    if (l->tensor_count == 2)
        l->kernels->sum_rows(l->out.c, shape_positions(l->out), p->lanes, p->leaves, dy,
                             p->grads + l->tensors[1].offset);
    if (dx[0])
        l->kernels->conv_backward_data(&w, p->params + l->tensors[0].offset, dy, l->relu_in ? x[0] : NULL,
                                       dx[0], l->scratch);
}

extern const struct layer_ops layer_conv2d;
const struct layer_ops layer_conv2d = {
    .name = "conv2d",
    .help = "2-D convolution with a square window, as torch.nn.Conv2d",
    .args = args,
    .plan = conv2d_plan,
    .measure = conv2d_measure,
    .forward = conv2d_forward,
    .backward = conv2d_backward,
    .keeps_input = true,
    .fuses_relu = true,
};
