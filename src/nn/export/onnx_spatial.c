/* onnx_spatial.c - windows, padding and other sizes as operators of ONNX. */
#include "nn/export/onnx_spatial.h"

/* Sets an attribute with a number for each axis that the window has. */
static void onnx_set_axes(struct onnx *g, const char *name, int rank, const int64_t all[SHAPE_AXES])
{
    onnx_set_ints(g, name, rank, all + SHAPE_AXES - rank);
}

void onnx_set_window(struct onnx *g, const struct window *w)
{
    int rank = w->out.rank, skipped = SHAPE_AXES - rank;
    int64_t pads[2 * SHAPE_AXES];
    for (int i = 0; i < rank; i++) {
        pads[i] = w->pad_before[skipped + i];
        pads[rank + i] = w->pad_after[skipped + i];
    }
    onnx_set_axes(g, "kernel_shape", rank, w->kernel);
    onnx_set_axes(g, "strides", rank, w->stride);
    onnx_set_ints(g, "pads", 2 * rank, pads);
    bool dilates = false; /* means of windows do not know the attribute */
    for (int i = 0; i < SHAPE_AXES; i++) dilates |= w->dilation[i] != 1;
    if (dilates) onnx_set_axes(g, "dilations", rank, w->dilation);
}

/* Inputs of an axis by what the outputs take. */
static int onnx_pad_by_index(struct onnx *g, int x, const struct pad *p, int axis)
{
    int64_t *from;
    int indices = onnx_new_ints(g, 1, &p->out.d[axis], &from);
    for (int64_t to = 0; from && to < p->out.d[axis]; to++) from[to] = pad_source(p, axis, to);
    return onnx_gather(g, x, onnx_axis(p->out, axis), indices);
}

/* What is cut off, and what takes its values from the input; the constant is for one node in the end. */
int onnx_pad(struct onnx *g, int x, const struct pad *p)
{
    int64_t pads[2 * SHAPE_AXES] = {0}, axes[SHAPE_AXES];
    int rank = p->out.rank, padded = 0;
    for (int i = SHAPE_AXES - rank; i < SHAPE_AXES; i++) {
        int axis = onnx_axis(p->out, i);
        int64_t first = pad_kept_first(p, i), end = pad_kept_end(p, i);
        bool more = p->before[i] > 0 || p->after[i] > 0;
        if (more && p->mode[i] != PAD_CONSTANT) {
            x = onnx_pad_by_index(g, x, p, i);
            continue;
        }
        if (end - first < p->in.d[i]) x = onnx_slice(g, x, axis, first, end);
        if (!more) continue;
        axes[padded++] = i;
    }
    if (padded == 0) return x;
    for (int k = 0; k < padded; k++) {
        int i = (int)axes[k];
        pads[k] = p->before[i] > 0 ? p->before[i] : 0;
        pads[padded + k] = p->after[i] > 0 ? p->after[i] : 0;
        axes[k] = onnx_axis(p->out, i);
    }
    int amounts = onnx_ints(g, 2 * padded, pads), value = onnx_scalar(g, p->value);
    return ONNX_NODE(g, "Pad", x, amounts, value, onnx_ints(g, padded, axes));
}

/* ---- other sizes ---- */

/* Whether the operator finds the same neighbours: it knows no scale beside the sizes, and computes it in float32, which
 * must not matter for the nearest one. */
static bool onnx_resizes(const struct upsample *u, int axis)
{
    int64_t in = u->in.d[axis], out = u->out.d[axis];
    bool even = u->scale[axis] == 0 || u->scale[axis] * (double)in == (double)out;
    return even && (u->linear || out % in == 0);
}

static int onnx_resize(struct onnx *g, int x, const struct upsample *u)
{
    int64_t axes[SHAPE_AXES];
    int rank = u->out.rank;
    for (int i = 0; i < rank; i++) axes[i] = 2 + i;
    int sizes = onnx_ints(g, rank, u->out.d + SHAPE_AXES - rank);
    int y = ONNX_NODE(g, "Resize", x, ONNX_NONE, ONNX_NONE, sizes);
    onnx_set_ints(g, "axes", rank, axes);
    onnx_set_text(g, "mode", u->linear ? "linear" : "nearest");
    onnx_set_text(g, "coordinate_transformation_mode",
                  !u->linear         ? "asymmetric"
                  : u->align_corners ? "align_corners"
                                     : "half_pixel");
    if (!u->linear) onnx_set_text(g, "nearest_mode", "floor");
    return y;
}

/* Along one axis, the first or the second neighbours of all outputs, by their shares. */
static int onnx_take(struct onnx *g, int x, const struct upsample *u, int i, bool second)
{
    int64_t count = u->out.d[i], dims[SHAPE_AXES] = {count, 1, 1}, *from;
    float *shares;
    int indices = onnx_new_ints(g, 1, &count, &from);
    for (int64_t to = 0; from && to < count; to++) {
        struct upsample_mix mix = upsample_mix_of(u, i, to);
        from[to] = second ? mix.second : mix.first;
    }
    int y = onnx_gather(g, x, onnx_axis(u->out, i), indices);
    if (!u->linear) return y;
    int factors = onnx_new_floats(g, SHAPE_AXES - i, dims, &shares);
    for (int64_t to = 0; shares && to < count; to++) {
        float share = upsample_mix_of(u, i, to).weight;
        shares[to] = second ? share : 1 - share;
    }
    return ONNX_NODE(g, "Mul", y, factors);
}

static int onnx_mix(struct onnx *g, int x, const struct upsample *u, int i)
{
    int y = onnx_take(g, x, u, i, false);
    return u->linear ? ONNX_NODE(g, "Add", y, onnx_take(g, x, u, i, true)) : y;
}

int onnx_upsample(struct onnx *g, int x, const struct upsample *u)
{
    bool resizes = true;
    int first = SHAPE_AXES - u->out.rank;
    for (int i = first; i < SHAPE_AXES; i++) resizes &= onnx_resizes(u, i);
    if (resizes) return onnx_resize(g, x, u);
    for (int i = first; i < SHAPE_AXES; i++)
        if (u->in.d[i] != u->out.d[i] || u->scale[i] > 0) x = onnx_mix(g, x, u, i);
    return x;
}
