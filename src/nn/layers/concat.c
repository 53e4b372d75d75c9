/* concat.c - the channels of several values one after another. */
#include <string.h>

#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

static bool concat_fits(struct shape a, struct shape b)
{
    a.c = b.c;
    return shape_equal(a, b);
}

static enum status concat_plan(struct layer *l)
{
    l->out = l->in[0];
    for (int i = 1; i < l->input_count; i++) {
        if (!concat_fits(l->in[i], l->in[0])) {
            char first[SHAPE_TEXT], other[SHAPE_TEXT];
            shape_text(l->in[0], first);
            shape_text(l->in[i], other);
            return status_fail(STATUS_CONFIG,
                               "input 1 has shape %s but input %d has shape %s; only channels may differ",
                               first, i + 1, other);
        }
        l->out.c += l->in[i].c;
    }
    return STATUS_OK;
}

/* Channels are the outermost axis, so every input is one run of the output. */
static void concat_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    for (int i = 0; i < l->input_count; i++) {
        int64_t count = shape_features(l->in[i]) * p->lanes;
        memcpy(y, x[i], (size_t)count * sizeof *y);
        y += count;
    }
}

static void concat_backward(const struct layer *l, const struct pass *p, const float *const *x,
                            const float *y, float *dy, float *const *dx)
{
    (void)x, (void)y;
    for (int i = 0; i < l->input_count; i++) {
        int64_t count = shape_features(l->in[i]) * p->lanes;
        if (dx[i]) memcpy(dx[i], dy, (size_t)count * sizeof *dy);
        dy += count;
    }
}

static void concat_write_torch(const struct layer *l, const struct torch_call *c)
{
    for (int i = 0; i < l->input_count; i++) fprintf(c->out, "%s%s", i ? ", " : "torch.cat((", c->inputs[i]);
    fputs("), dim=1)", c->out);
}

static const struct layer_torch torch = {.call = concat_write_torch};

static int concat_onnx(const struct layer *l, struct onnx *g, const int *x)
{
    int y = onnx_node(g, "Concat", l->input_count, x);
    onnx_set_int(g, "axis", 1);
    return y;
}

extern const struct layer_ops layer_concat;
const struct layer_ops layer_concat = {
    .name = "concat",
    .help = "channels of two or more values one after another, as torch.cat(dim=1)",
    .min_inputs = 2,
    .max_inputs = LAYER_MAX_INPUTS,
    .plan = concat_plan,
    .forward = concat_forward,
    .backward = concat_backward,
    .torch = &torch,
    .onnx = concat_onnx,
};
