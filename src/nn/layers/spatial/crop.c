/* crop.c - a part of the positions: without some at the ends, or of the size of another value. */
#include "nn/export/onnx_spatial.h"
#include "nn/export/torch.h"
#include "nn/layers/spatial/spatial.h"

static const char *const words[] = {"center", NULL};
#define CENTER (-1)

enum { AMOUNT, OFFSET = 2 * SHAPE_AXES };
static const struct arg args[] = {
    {.name = "amount",
     .kind = ARG_INT,
     .max = 1 << 20,
     .axes = SHAPE_AXES,
     .last_axes = true,
     .sides = true,
     .help = "positions to cut off before and after along each axis (with one input)"},
    {.name = "offset",
     .kind = ARG_INT,
     .default_value = CENTER,
     .max = 1 << 20,
     .axes = SHAPE_AXES,
     .last_axes = true,
     .words = words,
     .help = "first position that is kept along each axis (with two inputs)"},
    ARG_END,
};

/* A pad that cuts. */
static struct pad crop_describe(const struct layer *l, int64_t lanes)
{
    struct pad p = {.in = l->in[0], .out = l->out, .lanes = lanes};
    for (int i = SHAPE_AXES - l->in[0].rank; i < SHAPE_AXES; i++) {
        p.before[i] = -(int64_t)l->args[AMOUNT + 2 * i];
        p.after[i] = -(int64_t)l->args[AMOUNT + 2 * i + 1];
        if (l->input_count == 1) continue;
        int64_t room = l->in[0].d[i] - l->in[1].d[i], offset = (int64_t)l->args[OFFSET + i];
        if (offset == CENTER) offset = room / 2;
        p.before[i] = -offset;
        p.after[i] = offset - room;
    }
    return p;
}

static enum status crop_check_amount(const struct layer *l)
{
    for (int i = 0; i < 2 * SHAPE_AXES; i++)
        if (l->args[AMOUNT + i] != 0)
            return status_fail(STATUS_CONFIG, "takes the size of its second input, so leave out 'amount'");
    return STATUS_OK;
}

static enum status crop_plan(struct layer *l)
{
    char shape[SHAPE_TEXT];
    TRY(spatial_check_ranks(l));
    TRY(spatial_check_axes(l, "amount", AMOUNT, 2, 0));
    TRY(spatial_check_axes(l, "offset", OFFSET, 1, CENTER));
    if (l->input_count == 2) TRY(crop_check_amount(l));
    struct pad p = crop_describe(l, l->lanes);
    shape_text(l->in[0], shape);
    for (int i = 0; i < SHAPE_AXES; i++)
        if (p.before[i] > 0 || p.after[i] > 0 || !pad_fits(&p, i))
            return status_fail(STATUS_CONFIG, "cannot cut %lld and %lld positions off an axis of shape %s",
                               -(long long)p.before[i], -(long long)p.after[i], shape);
    pad_place(&p);
    l->out = p.out;
    return STATUS_OK;
}

static void crop_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    struct pad pad = crop_describe(l, p->lanes);
    l->kernels->pad_forward(&pad, x[0], y);
}

static void crop_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                          float *dy, float *const *dx)
{
    (void)x, (void)y;
    struct pad pad = crop_describe(l, p->lanes);
    if (dx[0]) l->kernels->pad_backward(&pad, dy, dx[0]);
}

static void crop_write_torch(const struct layer *l, const struct torch_call *c)
{
    struct pad p = crop_describe(l, l->lanes);
    torch_open_pad(c->out, &p);
    fputs(c->inputs[0], c->out);
    torch_close_pad(c->out, &p, l->in[0].rank);
}

static const struct layer_torch torch = {.call = crop_write_torch};

static int crop_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    struct pad p = crop_describe(l, 1);
    return onnx_pad(g, x[0], &p);
}

extern const struct layer_ops layer_crop;
const struct layer_ops layer_crop = {
    .name = "crop",
    .help = "a part of the positions; of two inputs the first, cut to the size of the second",
    .args = args,
    .min_inputs = 1,
    .max_inputs = 2,
    .plan = crop_plan,
    .forward = crop_forward,
    .backward = crop_backward,
    .torch = &torch,
    .onnx = crop_onnx,
    .sizes_by_others = true,
};
