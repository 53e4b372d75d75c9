/* input.c - preprocessing as PyTorch code. */
#include "export/pytorch/private.h"
#include "nn/export/torch.h"

/* A buffer [rows][1...]. */
static void input_add_buffer(struct pytorch_buffers *b, const char *name, int64_t rows, int ones,
                             const float *values)
{
    struct export_tensor *t = &b->of[b->count++];
    *t = (struct export_tensor){.rank = 1 + ones, .values = values, .bytes = (size_t)rows * sizeof *values};
    snprintf(t->name, sizeof t->name, "%s", name);
    t->dims[0] = rows;
    for (int i = 1; i <= ones; i++) t->dims[i] = 1;
}

static bool input_scales(const struct normal *n)
{
    for (int64_t c = 0; c < n->channels; c++)
        if (n->scale[c] != 1 || n->shift[c] != 0) return true;
    return false;
}

static bool input_has_numbers(const struct transform *t)
{
    return !t->ops->reshape && t->ops->form != FORM_LOG1P;
}

void pytorch_list_buffers(const struct export_source *s, struct pytorch_buffers *buffers)
{
    const struct normal *n = &s->normal;
    int axes = s->facts.positions > 1 ? model_output_shape(s->model).rank : 0;
    *buffers = (struct pytorch_buffers){.count = 0};
    if (input_scales(n)) {
        input_add_buffer(buffers, "input_scale", n->channels, 1, n->scale);
        input_add_buffer(buffers, "input_shift", n->channels, 1, n->shift);
    }
    if (n->missing) input_add_buffer(buffers, "input_missing", n->channels, 1, n->filled);
    for (int i = 0; i < n->transforms.count; i++)
        for (int b = 0; input_has_numbers(&n->transforms.of[i]) && b < 2; b++) {
            const struct transform *t = &n->transforms.of[i];
            char name[STATE_DICT_NAME];
            snprintf(name, sizeof name, "transform_%d_%c", i, "ab"[b]);
            input_add_buffer(buffers, name, t->runs, 1, b ? t->b : t->a);
        }
    if (s->targets.channels == 0) return;
    input_add_buffer(buffers, "target_mean", s->targets.channels, axes, s->targets.mean);
    input_add_buffer(buffers, "target_std", s->targets.channels, axes, s->targets.std);
}

/* Writes "x = x.reshape(-1, ...)". */
static void input_write_reshape(struct shape shape, FILE *out)
{
    fputs("        x = x.reshape(-1, ", out);
    torch_write_shape(out, shape);
    fputs(")\n", out);
}

/* As equal runs of features, each with its numbers. */
static void input_write_runs(int64_t runs, struct shape shape, FILE *out)
{
    fprintf(out, "        x = x.reshape(-1, %lld, %lld)\n", (long long)runs,
            (long long)(shape_features(shape) / runs));
}

static void input_write_transform(int index, const struct transform *t, FILE *out)
{
    static const char *const forms[] = {
        [FORM_AFFINE] = "x * self.transform_%d_a + self.transform_%d_b",
        [FORM_CLIP] = "torch.minimum(torch.maximum(x, self.transform_%d_a), self.transform_%d_b)",
        [FORM_LOG1P] = "x.sign() * x.abs().log1p()"};
    fprintf(out, "        # %s\n", t->step->kind->name);
    if (t->ops->reshape) {
        input_write_reshape(t->in, out);
        fputs("        x = ", out);
        t->ops->torch(t->step, t->in, t->out, out);
    } else {
        input_write_runs(t->runs, t->in, out);
        fputs("        x = ", out);
        fprintf(out, forms[t->ops->form], index, index);
    }
    fputc('\n', out);
}

void pytorch_write_prepare(const struct export_source *s, FILE *out)
{
    const struct normal *n = &s->normal;
    struct shape stored = s->shapes.stored, moved = s->shapes.moved;
    fputs("        x = x.to(next((p.dtype for p in self.parameters()), torch.float32))\n", out);
    input_write_reshape(stored, out);
    if (!shape_equal(stored, moved)) {
        fputs("        x = x", out);
        torch_write_part(out, moved, s->first);
        fputs("  # the middle\n", out);
    }
    if (input_scales(n) || n->missing) input_write_runs(n->channels, moved, out);
    if (input_scales(n)) fputs("        x = x * self.input_scale + self.input_shift\n", out);
    if (n->missing) fputs("        x = torch.where(torch.isnan(x), self.input_missing, x)\n", out);
    for (int i = 0; i < n->transforms.count; i++) input_write_transform(i, &n->transforms.of[i], out);
    fputs("        return x.reshape(-1, ", out);
    torch_write_shape(out, model_input_shape(s->model));
    fputs(")\n", out);
}
