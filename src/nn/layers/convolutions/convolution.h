/* convolution.h - arguments, shapes and passes that all convolutions share, of 1, 2 or 3 spatial axes.
 *
 * A convolution whose padding is not zeros first copies its input into a padded one, so that the window itself
 * has no padding along those axes. A transposed convolution is the convolution from its output to its input,
 * run backwards. */
#ifndef NN_LAYERS_CONVOLUTIONS_CONVOLUTION_H
#define NN_LAYERS_CONVOLUTIONS_CONVOLUTION_H

#include "math/pad.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

/* Slots of l->args: a value per axis, of the padding two. */
enum {
    CONVOLUTION_OUT,
    CONVOLUTION_KERNEL,
    CONVOLUTION_STRIDE = CONVOLUTION_KERNEL + SHAPE_AXES,
    CONVOLUTION_PADDING = CONVOLUTION_STRIDE + SHAPE_AXES,
    CONVOLUTION_DILATION = CONVOLUTION_PADDING + 2 * SHAPE_AXES,
    CONVOLUTION_GROUPS = CONVOLUTION_DILATION + SHAPE_AXES,
    CONVOLUTION_MODE, /* of the transposed ones: output_padding */
    CONVOLUTION_BIAS = CONVOLUTION_MODE + SHAPE_AXES
};

#define CONVOLUTION_MAX 1024 /* of a kernel, stride, padding or dilation */

extern const char *const convolution_words[]; /* "same", "valid" */
extern const char *const convolution_modes[]; /* in the order of enum pad_mode */

#define CONVOLUTION_ARG_OUT                                                                                  \
    {                                                                                                        \
        .name = "out", .alias = "out_channels", .kind = ARG_INT, .default_value = ARG_REQUIRED, .min = 1,    \
        .max = 1 << 16, .help = "output channels"                                                            \
    }
#define CONVOLUTION_ARG_AXES(AXES, NAME, DEFAULT, MIN, ...)                                                  \
    {                                                                                                        \
        .name = NAME, .kind = ARG_INT, .default_value = DEFAULT, .min = MIN, .max = CONVOLUTION_MAX,         \
        .axes = AXES, __VA_ARGS__                                                                            \
    }
#define CONVOLUTION_ARG_GROUPS                                                                               \
    {                                                                                                        \
        .name = "groups", .kind = ARG_INT, .default_value = 1, .min = 1, .max = 1 << 16, .later = true,      \
        .help = "groups of channels that do not see each other; must divide both numbers of channels"        \
    }
#define CONVOLUTION_ARG_BIAS                                                                                 \
    {                                                                                                        \
        .name = "bias", .kind = ARG_BOOL, .default_value = 1, .help = "add a learnable bias"                 \
    }

/* The tables of a convolution and of a transposed one. */
#define CONVOLUTION_ARGS(AXES)                                                                               \
    CONVOLUTION_ARG_OUT,                                                                                     \
        CONVOLUTION_ARG_AXES(AXES, "kernel", ARG_REQUIRED, 1, .alias = "kernel_size",                        \
                             .help = "size of the window"),                                                  \
        CONVOLUTION_ARG_AXES(AXES, "stride", 1, 1, .help = "stride of the window"),                          \
        CONVOLUTION_ARG_AXES(AXES, "padding", 0, 0, .sides = true, .words = convolution_words,               \
                             .help = "padding on both sides, or [before, after] for each axis; same: "       \
                                     "output as large as the input; valid: none"),                           \
        CONVOLUTION_ARG_AXES(AXES, "dilation", 1, 1, .later = true,                                          \
                             .help = "distance between the elements of the window"),                         \
        CONVOLUTION_ARG_GROUPS,                                                                              \
        {.name = "padding_mode",                                                                             \
         .kind = ARG_CHOICE,                                                                                 \
         .choices = convolution_modes,                                                                       \
         .axes = AXES,                                                                                       \
         .later = true,                                                                                      \
         .help = "what the padding holds"},                                                                  \
        CONVOLUTION_ARG_BIAS, ARG_END
#define CONVOLUTION_TRANSPOSE_ARGS(AXES)                                                                     \
    CONVOLUTION_ARG_OUT,                                                                                     \
        CONVOLUTION_ARG_AXES(AXES, "kernel", ARG_REQUIRED, 1, .alias = "kernel_size",                        \
                             .help = "size of the window"),                                                  \
        CONVOLUTION_ARG_AXES(AXES, "stride", 1, 1, .help = "distance of the windows in the output"),         \
        CONVOLUTION_ARG_AXES(AXES, "padding", 0, 0, .sides = true,                                           \
                             .help = "cut off the output on both sides, or [before, after] for each axis"),  \
        CONVOLUTION_ARG_AXES(AXES, "dilation", 1, 1, .help = "distance between the elements of the window"), \
        CONVOLUTION_ARG_GROUPS,                                                                              \
        CONVOLUTION_ARG_AXES(AXES, "output_padding", 0, 0, .help = "added to the far end of the output"),    \
        CONVOLUTION_ARG_BIAS, ARG_END

/* The functions of struct layer_ops. Errors of the plans: STATUS_CONFIG. */
enum status convolution_plan(struct layer *l, int axes);
void convolution_measure(struct layer *l);
void convolution_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y);
void convolution_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                          float *dy, float *const *dx);

/* The forward pass with other weights, of the layer's shape, and a bias or NULL. */
void convolution_apply(const struct layer *l, const struct pass *p, const float *weight, const float *bias,
                       const float *x, float *y);

enum status convolution_transpose_plan(struct layer *l, int axes);
void convolution_transpose_measure(struct layer *l);
void convolution_transpose_forward(const struct layer *l, const struct pass *p, const float *const *x,
                                   float *y);
void convolution_transpose_backward(const struct layer *l, const struct pass *p, const float *const *x,
                                    const float *y, float *dy, float *const *dx);

int convolution_onnx(const struct layer *l, struct onnx *g, const int *x);
int convolution_transpose_onnx(const struct layer *l, struct onnx *g, const int *x);
int convolution_onnx_node(const struct layer *l, struct onnx *g, const char *op, int x,
                          const struct window *w);

/* What both plans check and add: that the input has at most `axes` axes and that groups divide the channels;
 * the tensors, whose weight is [first][second / groups][kernel...] with initial values below 1 /
 * sqrt(second / groups * taps). */
enum status convolution_check(const struct layer *l, int axes);
enum status convolution_add_tensors(struct layer *l, int axes, int64_t first, int64_t second);

/* The window of l->args over `in`, without `out`, lanes and padding. */
struct window convolution_window(const struct layer *l, struct shape in);

/* The window over the padded input, and what is padded before, of a convolution that has its output. */
struct convolution {
    struct window w;
    struct pad pad;
    bool pads;
};
struct convolution convolution_of(const struct layer *l, int64_t lanes, int64_t leaves, const int64_t *live);

/* convolution_torch.c: the functions of struct layer_torch. */
void convolution_write_torch(const struct layer *l, FILE *out);
void convolution_write_torch_call(const struct layer *l, const struct torch_call *c);
void convolution_transpose_write_torch(const struct layer *l, FILE *out);
void convolution_transpose_write_torch_call(const struct layer *l, const struct torch_call *c);

/* Where the layer's tensors lie in a vector of parameters; there is no bias: NULL. */
const float *convolution_bias(const struct layer *l, const struct pass *p);

#endif
