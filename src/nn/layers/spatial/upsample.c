/* upsample.c - more (or fewer) positions by mixing neighbours. */
#include <math.h>

#include "nn/export/onnx_spatial.h"
#include "nn/export/torch.h"
#include "nn/layers/spatial/spatial.h"

static const char *const modes[] = {"nearest", "linear", "bilinear", "trilinear", NULL};

enum { SIZE, SCALE = SHAPE_AXES, MODE = 2 * SHAPE_AXES, ALIGN_CORNERS };
static const struct arg args[] = {
    {.name = "size",
     .kind = ARG_INT,
     .max = 1 << 20,
     .axes = SHAPE_AXES,
     .last_axes = true,
     .help = "size of the output; 0 = by the scale"},
    {.name = "scale",
     .alias = "scale_factor",
     .kind = ARG_REAL,
     .max = 1 << 20,
     .axes = SHAPE_AXES,
     .last_axes = true,
     .help = "outputs per input, used where no size is given; 0 = 1"},
    {.name = "mode", .kind = ARG_CHOICE, .choices = modes, .help = "nearest, or linear along 1, 2 or 3 axes"},
    {.name = "align_corners", .kind = ARG_BOOL, .help = "the ends of the axes meet (linear modes)"},
    ARG_END,
};

static struct upsample upsample_describe(const struct layer *l, int64_t lanes)
{
    struct upsample u = {.in = l->in[0],
                         .out = l->out,
                         .linear = l->args[MODE] != 0,
                         .align_corners = l->args[ALIGN_CORNERS] != 0,
                         .lanes = lanes};
    for (int i = 0; l->input_count == 1 && i < SHAPE_AXES; i++)
        if (l->args[SIZE + i] == 0) u.scale[i] = l->args[SCALE + i];
    return u;
}

/* Along the axes that the input has. */
static enum status upsample_place(struct layer *l)
{
    bool given = l->input_count == 2;
    l->out = l->in[0];
    for (int i = SHAPE_AXES - l->in[0].rank; i < SHAPE_AXES; i++) {
        double size = l->args[SIZE + i], scale = l->args[SCALE + i];
        if (l->input_count == 2)
            l->out.d[i] = l->in[1].d[i];
        else if (size > 0)
            l->out.d[i] = (int64_t)size, given = true;
        else if (scale > 0)
            l->out.d[i] = (int64_t)floor((double)l->in[0].d[i] * scale), given = true;
        if (l->out.d[i] < 1) return status_fail(STATUS_CONFIG, "scale %g leaves no position", scale);
    }
    if (given) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "needs size or scale, or a second input in 'from' whose size is taken");
}

static enum status upsample_plan(struct layer *l)
{
    char shape[SHAPE_TEXT];
    shape_text(l->in[0], shape);
    TRY(spatial_check_ranks(l));
    TRY(spatial_check_axes(l, "size", SIZE, 1, 0));
    TRY(spatial_check_axes(l, "scale", SCALE, 1, 0));
    if (l->args[MODE] != 0 && (int)l->args[MODE] != l->in[0].rank)
        return status_fail(STATUS_CONFIG, "%s does not fit an input of shape %s", modes[(int)l->args[MODE]],
                           shape);
    if (l->args[MODE] == 0 && l->args[ALIGN_CORNERS] != 0)
        return status_fail(STATUS_CONFIG, "align_corners is for linear modes");
    return upsample_place(l);
}

static void upsample_measure(struct layer *l)
{
    struct upsample u = upsample_describe(l, l->lanes);
    l->scratch_bytes = (size_t)upsample_scratch_bytes(&u);
}

static void upsample_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct upsample u = upsample_describe(l, p->lanes);
    l->kernels->upsample_forward(&u, x[0], y, l->scratch);
}

static void upsample_backward(const struct layer *l, const struct pass *p, const float *const *x,
                              const float *y, float *dy, float *const *dx)
{
    (void)x, (void)y;
    struct upsample u = upsample_describe(l, p->lanes);
    if (dx[0]) l->kernels->upsample_backward(&u, dy, dx[0], l->scratch);
}

/* Along axes with a scale torch takes that, along others the ratio of the sizes: never both in one call. */
static void upsample_write_torch(const struct layer *l, const struct torch_call *c)
{
    struct upsample u = upsample_describe(l, l->lanes);
    int first = SHAPE_AXES - l->in[0].rank, by_scale = 0, by_size = 0;
    for (int i = first; i < SHAPE_AXES; i++)
        if (u.scale[i] != 0)
            by_scale++;
        else
            by_size += u.out.d[i] != u.in.d[i];
    if (by_size) fputs("F.interpolate(", c->out);
    if (by_scale) fputs("F.interpolate(", c->out);
    fputs(c->inputs[0], c->out);
    const char *mode = modes[(int)l->args[MODE]];
    const char *corners = l->args[ALIGN_CORNERS] != 0 ? ", align_corners=True" : "";
    for (int i = first; by_scale && i < SHAPE_AXES; i++) {
        fputs(i == first ? ", scale_factor=(" : ", ", c->out);
        torch_write_number(c->out, u.scale[i] != 0 ? u.scale[i] : 1);
    }
    if (by_scale) fprintf(c->out, ",), mode=\"%s\"%s)", mode, corners);
    for (int i = first; by_size && i < SHAPE_AXES; i++)
        fprintf(c->out, "%s%lld", i == first ? ", size=(" : ", ", (long long)u.out.d[i]);
    if (by_size) fprintf(c->out, ",), mode=\"%s\"%s)", mode, corners);
}

static const struct layer_torch torch = {.call = upsample_write_torch};

static int upsample_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    struct upsample u = upsample_describe(l, 1);
    return onnx_upsample(g, x[0], &u);
}

extern const struct layer_ops layer_upsample;
const struct layer_ops layer_upsample = {
    .name = "upsample",
    .aliases = LAYER_ALIASES("Upsample"),
    .help =
        "other sizes of the axes, as torch.nn.Upsample; of two inputs the first, to the size of the second",
    .args = args,
    .min_inputs = 1,
    .max_inputs = 2,
    .plan = upsample_plan,
    .measure = upsample_measure,
    .forward = upsample_forward,
    .backward = upsample_backward,
    .torch = &torch,
    .onnx = upsample_onnx,
    .sizes_by_others = true,
};
