/* resize.c - other numbers of positions. */
#include "data/transform/transform.h"
#include "nn/export/onnx_spatial.h"
#include "nn/export/torch.h"

enum { ARG_SIZE, ARG_MODE };
enum { SLOT_MODE = ARG_AXES };
enum { MODE_LINEAR, MODE_BILINEAR, MODE_TRILINEAR, MODE_NEAREST };

static const char *const modes[] = {"linear", "bilinear", "trilinear", "nearest", NULL};
static const struct arg args[] = {
    DATA_ARG_AXES("size", 1 << 30,
                  "positions of each axis afterwards; 0 = as before; [32, 48] = of the last two axes"),
    {.name = "mode",
     .kind = ARG_CHOICE,
     .choices = modes,
     .help = "linear is bilinear for images and trilinear for volumes"},
    ARG_END};

static enum status resize_reshape(const struct data_step *s, struct shape in, struct shape *out)
{
    int mode = (int)s->args.of[SLOT_MODE];
    bool changed = false;
    double features = (double)in.c; /* of int64_t the product could overflow */
    *out = in;
    if (mode != MODE_NEAREST && mode != MODE_LINEAR && in.rank != mode + 1)
        return status_fail(STATUS_CONFIG, "mode: %s is for samples with %d axes; use linear", modes[mode],
                           mode + 1);
    for (int a = SHAPE_AXES - in.rank; a < SHAPE_AXES; a++) {
        int64_t size = (int64_t)s->args.of[a];
        if (size > 0) out->d[a] = size;
        changed |= size > 0;
    }
    if (!changed) return status_fail(STATUS_CONFIG, "size: is 0 for all axes of the samples");
    for (int a = 0; a < SHAPE_AXES; a++) features *= (double)out->d[a];
    return features <= INT32_MAX ? STATUS_OK : status_fail(STATUS_CONFIG, "size: is beyond any memory");
}

static struct upsample resize_describe(const struct data_step *s, struct shape in, struct shape out,
                                       int64_t lanes)
{
    return (struct upsample){
        .in = in, .out = out, .linear = (int)s->args.of[SLOT_MODE] != MODE_NEAREST, .lanes = lanes};
}

static void resize_move(const struct data_step *s, const struct transform_move *m)
{
    const struct upsample u = resize_describe(s, m->in, m->out, m->lanes);
    m->kernels->upsample_forward(&u, m->from, m->to, m->scratch);
}

static void resize_write_torch(const struct data_step *s, struct shape in, struct shape out, FILE *code)
{
    bool nearest = (int)s->args.of[SLOT_MODE] == MODE_NEAREST;
    fputs("F.interpolate(x, size=(", code);
    for (int a = SHAPE_AXES - out.rank; a < SHAPE_AXES; a++) fprintf(code, "%lld, ", (long long)out.d[a]);
    fprintf(code, "), mode=\"%s\")", modes[nearest ? MODE_NEAREST : in.rank - 1]);
}

static int resize_onnx(const struct data_step *s, struct onnx *g, int x, struct shape in, struct shape out)
{
    const struct upsample u = resize_describe(s, in, out, 1);
    return onnx_upsample(g, x, &u);
}

extern const struct transform_ops transform_resize;
const struct transform_ops transform_resize = {
    .kind =
        {"resize",
         "mixes neighbours (without antialias), as torch's interpolate with align_corners=False; labels stay "
         "as they are stored",
         args},
    .reshape = resize_reshape,
    .move = resize_move,
    .torch = resize_write_torch,
    .onnx = resize_onnx,
};
