/* convolution_torch.c - convolutions as PyTorch code. */
#include "nn/export/torch.h"
#include "nn/layers/convolutions/convolution.h"

/* All that a convolution puts around its input, zeros too. */
static struct pad convolution_find_pad(const struct layer *l)
{
    struct convolution c = convolution_of(l, l->lanes, l->leaves, NULL);
    struct pad p = c.pad;
    for (int i = 0; i < SHAPE_AXES; i++) {
        if (c.w.pad_before[i] == 0 && c.w.pad_after[i] == 0) continue;
        p.before[i] = c.w.pad_before[i], p.after[i] = c.w.pad_after[i];
        p.mode[i] = PAD_CONSTANT;
    }
    return p;
}

/* Returns whether torch's module can do it: as much before as after, of one mode along all axes. */
static bool convolution_pads_evenly(const struct pad *p, enum pad_mode *mode)
{
    bool even = true, padded = false;
    *mode = PAD_CONSTANT;
    for (int i = 0; i < SHAPE_AXES; i++) {
        if (p->before[i] == 0 && p->after[i] == 0) continue;
        even = even && p->before[i] == p->after[i] && (!padded || p->mode[i] == *mode);
        *mode = p->mode[i];
        padded = true;
    }
    return even;
}

/* Writes ", stride=2" and the like, unless all axes have the value that is torch's default. */
static void convolution_write_axes(const struct layer *l, const char *name, const int64_t *values,
                                   int64_t default_value, FILE *out)
{
    bool needed = false;
    for (int i = SHAPE_AXES - torch_axes(l); i < SHAPE_AXES; i++)
        needed = needed || values[i] != default_value;
    if (!needed) return;
    fprintf(out, ", %s=", name);
    torch_write_axes(out, torch_axes(l), values);
}

/* Writes "nn.Conv2d(3, 16, kernel_size=3, stride=2", with the arguments that both kinds have. */
static void convolution_write_common(const struct layer *l, const struct window *w, FILE *out)
{
    fprintf(out, "nn.%s(%lld, %lld", l->ops->aliases[0], (long long)l->in[0].c,
            (long long)l->args[CONVOLUTION_OUT]);
    convolution_write_axes(l, "kernel_size", w->kernel, 0, out);
    convolution_write_axes(l, "stride", w->stride, 1, out);
    convolution_write_axes(l, "dilation", w->dilation, 1, out);
    if (w->groups != 1) fprintf(out, ", groups=%lld", (long long)w->groups);
    if (l->args[CONVOLUTION_BIAS] == 0) fputs(", bias=False", out);
}

void convolution_write_torch(const struct layer *l, FILE *out)
{
    struct window w = convolution_window(l, l->in[0]);
    struct pad p = convolution_find_pad(l);
    enum pad_mode mode;
    convolution_write_common(l, &w, out);
    if (convolution_pads_evenly(&p, &mode)) {
        convolution_write_axes(l, "padding", p.before, 0, out);
        if (mode != PAD_CONSTANT) fprintf(out, ", padding_mode=\"%s\"", convolution_modes[mode]);
    }
    fputc(')', out);
}

void convolution_write_torch_call(const struct layer *l, const struct torch_call *c)
{
    struct pad p = convolution_find_pad(l);
    enum pad_mode mode;
    bool apart = !convolution_pads_evenly(&p, &mode);
    fprintf(c->out, "%s(", c->module);
    if (apart) torch_open_pad(c->out, &p);
    torch_write_input(l, c);
    if (apart) torch_close_pad(c->out, &p, torch_axes(l));
    fputc(')', c->out);
}

/* What is cut off the output on both sides, and what more on one of them. */
static struct pad convolution_find_cut(const struct layer *l, int64_t both[SHAPE_AXES])
{
    struct pad p = {.in = l->out};
    for (int i = 0; i < SHAPE_AXES; i++) {
        int64_t before = (int64_t)l->args[CONVOLUTION_PADDING + 2 * i];
        int64_t after = (int64_t)l->args[CONVOLUTION_PADDING + 2 * i + 1];
        both[i] = before < after ? before : after;
        p.before[i] = both[i] - before;
        p.after[i] = both[i] - after;
    }
    return p;
}

void convolution_transpose_write_torch(const struct layer *l, FILE *out)
{
    struct window w = convolution_window(l, l->in[0]);
    int64_t both[SHAPE_AXES], more[SHAPE_AXES];
    convolution_find_cut(l, both);
    for (int i = 0; i < SHAPE_AXES; i++) more[i] = (int64_t)l->args[CONVOLUTION_MODE + i];
    convolution_write_common(l, &w, out);
    convolution_write_axes(l, "padding", both, 0, out);
    convolution_write_axes(l, "output_padding", more, 0, out);
    fputc(')', out);
}

void convolution_transpose_write_torch_call(const struct layer *l, const struct torch_call *c)
{
    int64_t both[SHAPE_AXES];
    struct pad p = convolution_find_cut(l, both);
    torch_open_pad(c->out, &p);
    fprintf(c->out, "%s(", c->module);
    torch_write_input(l, c);
    fputc(')', c->out);
    torch_close_pad(c->out, &p, torch_axes(l));
}
