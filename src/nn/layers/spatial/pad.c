/* pad.c - more positions around the input. */
#include "nn/export/onnx_spatial.h"
#include "nn/export/torch.h"
#include "nn/layers/spatial/spatial.h"

static const char *const modes[] = {"constant", "reflect", "replicate", "circular", NULL}; /* enum pad_mode */

enum { PADDING, MODE = 2 * SHAPE_AXES, VALUE = MODE + SHAPE_AXES };
static const struct arg args[] = {
    {.name = "padding",
     .alias = "pad",
     .kind = ARG_INT,
     .min = -(1 << 20),
     .max = 1 << 20,
     .axes = SHAPE_AXES,
     .last_axes = true,
     .sides = true,
     .help = "positions before and after along each axis; negative: cut off"},
    {.name = "mode",
     .kind = ARG_CHOICE,
     .axes = SHAPE_AXES,
     .last_axes = true,
     .choices = modes,
     .help = "what is there: the value, or the input mirrored, its edge, or its other end"},
    {.name = "value", .kind = ARG_REAL, .min = -1e30, .max = 1e30, .help = "value of mode constant"},
    ARG_END,
};

static struct pad pad_describe(const struct layer *l, int64_t lanes)
{
    struct pad p = {.in = l->in[0], .out = l->out, .value = (float)l->args[VALUE], .lanes = lanes};
    for (int i = SHAPE_AXES - l->in[0].rank; i < SHAPE_AXES; i++) {
        p.before[i] = (int64_t)l->args[PADDING + 2 * i];
        p.after[i] = (int64_t)l->args[PADDING + 2 * i + 1];
        p.mode[i] = (enum pad_mode)l->args[MODE + i];
    }
    return p;
}

static enum status pad_plan(struct layer *l)
{
    TRY(spatial_check_axes(l, "padding", PADDING, 2, 0));
    struct pad p = pad_describe(l, l->lanes);
    char shape[SHAPE_TEXT];
    shape_text(l->in[0], shape);
    for (int i = 0; i < SHAPE_AXES; i++)
        if (!pad_fits(&p, i))
            return status_fail(STATUS_CONFIG,
                               "padding [%lld, %lld] of mode %s does not fit an input of shape %s",
                               (long long)p.before[i], (long long)p.after[i], modes[p.mode[i]], shape);
    pad_place(&p);
    l->out = p.out;
    return STATUS_OK;
}

static void pad_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct pad pad = pad_describe(l, p->lanes);
    l->kernels->pad_forward(&pad, x[0], y);
}

static void pad_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                         float *dy, float *const *dx)
{
    (void)x, (void)y;
    struct pad pad = pad_describe(l, p->lanes);
    if (dx[0]) l->kernels->pad_backward(&pad, dy, dx[0]);
}

static void pad_write_torch(const struct layer *l, const struct torch_call *c)
{
    struct pad p = pad_describe(l, l->lanes);
    torch_open_pad(c->out, &p);
    fputs(c->inputs[0], c->out);
    torch_close_pad(c->out, &p, l->in[0].rank);
}

static const struct layer_torch torch = {.call = pad_write_torch};

static int pad_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    struct pad p = pad_describe(l, 1);
    return onnx_pad(g, x[0], &p);
}

extern const struct layer_ops layer_pad;
const struct layer_ops layer_pad = {
    .name = "pad",
    .aliases = LAYER_ALIASES("ZeroPad1d", "ZeroPad2d", "ZeroPad3d"),
    .help = "positions around the input, as torch.nn.functional.pad",
    .args = args,
    .plan = pad_plan,
    .forward = pad_forward,
    .backward = pad_backward,
    .torch = &torch,
    .onnx = pad_onnx,
};
