/* onnx_ends.c - what stands in an ONNX file before the first layer and behind the last one. */
#include "export/onnx.h"

#include "nn/export/onnx_spatial.h"

/* ---- inputs ---- */

/* Numbers of `runs` equal runs of features, as they meet samples of a shape: one for each channel, or for each
 * feature. */
static int onnx_add_runs(struct onnx *g, struct shape shape, int64_t runs, const float *values)
{
    int64_t dims[1 + SHAPE_AXES], count = shape.c, run;
    bool channels = shape.c % runs == 0;
    float *spread;
    int rank = shape_dims(shape, dims);
    if (!channels) count = shape_features(shape);
    for (int i = 1; channels && i < rank; i++) dims[i] = 1;
    int id = onnx_new_floats(g, rank, dims, &spread);
    run = count / runs;
    for (int64_t i = 0; spread && i < count; i++) spread[i] = values[i / run];
    return id;
}

static bool onnx_all_are(int64_t count, const float *values, float value)
{
    for (int64_t i = 0; i < count; i++)
        if (values[i] != value) return false;
    return true;
}

/* x * a + b, without what changes nothing. */
static int onnx_add_affine(struct onnx *g, int x, struct shape shape, int64_t runs, const float *a,
                           const float *b)
{
    if (!onnx_all_are(runs, a, 1)) x = ONNX_NODE(g, "Mul", x, onnx_add_runs(g, shape, runs, a));
    if (!onnx_all_are(runs, b, 0)) x = ONNX_NODE(g, "Add", x, onnx_add_runs(g, shape, runs, b));
    return x;
}

static int onnx_add_log1p(struct onnx *g, int x)
{
    int more = ONNX_NODE(g, "Add", ONNX_NODE(g, "Abs", x), onnx_scalar(g, 1));
    return ONNX_NODE(g, "Mul", ONNX_NODE(g, "Sign", x), ONNX_NODE(g, "Log", more));
}

static int onnx_add_transform(struct onnx *g, int x, const struct transform *t)
{
    if (t->ops->onnx) return t->ops->onnx(t->step, g, x, t->in, t->out);
    switch (t->ops->form) {
    case FORM_AFFINE:
        return onnx_add_affine(g, x, t->in, t->runs, t->a, t->b);
    case FORM_CLIP:
        x = ONNX_NODE(g, "Max", x, onnx_add_runs(g, t->in, t->runs, t->a));
        return ONNX_NODE(g, "Min", x, onnx_add_runs(g, t->in, t->runs, t->b));
    case FORM_LOG1P:
        return onnx_add_log1p(g, x);
    }
    return ONNX_NONE;
}

/* The part of samples that evaluation takes where augmentation cuts them. */
static int onnx_add_cut(struct onnx *g, int x, const struct export_source *s)
{
    struct pad p = {.in = s->shapes.stored, .out = s->shapes.moved};
    for (int a = 0; a < SHAPE_AXES; a++) {
        p.before[a] = -s->first[a];
        p.after[a] = p.out.d[a] - p.in.d[a] - p.before[a];
    }
    return onnx_pad(g, x, &p);
}

int onnx_add_input(struct onnx *g, const struct export_source *s)
{
    const struct normal *n = &s->normal;
    struct shape stored = s->shapes.change ? s->shapes.stored : model_input_shape(s->model);
    struct shape moved = s->shapes.change ? s->shapes.moved : stored;
    int x = onnx_input(g, "input", n->type == FEATURE_U8 ? ONNX_U8 : ONNX_F32, stored);
    onnx_begin(g, "/input"); /* no layer can have such a name */
    if (n->type == FEATURE_U8) {
        x = ONNX_NODE(g, "Cast", x);
        onnx_set_int(g, "to", ONNX_F32);
    }
    if (s->shapes.change) x = onnx_add_cut(g, x, s);
    x = onnx_add_affine(g, x, moved, n->channels, n->scale, n->shift);
    if (n->missing)
        x = ONNX_NODE(g, "Where", ONNX_NODE(g, "IsNaN", x), onnx_add_runs(g, moved, n->channels, n->filled),
                      x);
    for (int i = 0; i < n->transforms.count; i++) x = onnx_add_transform(g, x, &n->transforms.of[i]);
    return x;
}

/* ---- outputs ---- */

static int onnx_add_probabilities(struct onnx *g, enum loss_output output, int x)
{
    if (output == OUTPUT_LABEL_LOGITS) return ONNX_NODE(g, "Sigmoid", x);
    if (output == OUTPUT_LOG_PROBS) return ONNX_NODE(g, "Exp", x);
    if (output != OUTPUT_LOGITS) return x;
    x = ONNX_NODE(g, "Softmax", x);
    onnx_set_int(g, "axis", 1);
    return x;
}

/* In the units of the targets, whose numbers are those of the outputs. */
static int onnx_add_values(struct onnx *g, const struct export_source *s, int x, struct shape shape)
{
    const struct normal *targets = &s->targets;
    if (s->loss.output == OUTPUT_LOG_VALUES) x = ONNX_NODE(g, "Exp", x);
    if (targets->channels == 0) return x;
    return onnx_add_affine(g, x, shape, targets->channels, targets->std, targets->mean);
}

void onnx_add_outputs(struct onnx *g, const struct export_source *s, bool probabilities, int x)
{
    struct shape out = model_output_shape(s->model), shape = out;
    double limit = model_clip_logits(s->model);
    onnx_begin(g, "/output");
    if (limit > 0) x = ONNX_NODE(g, "Clip", x, onnx_scalar(g, -limit), onnx_scalar(g, limit));
    if (s->loss.positions == 1) shape = shape_flat(shape_features(out));
    x = onnx_reshape(g, x, out, shape);
    onnx_output(g, "logits", x, shape);
    if (loss_task(&s->loss) == TASK_VALUES)
        onnx_output(g, "predicted", onnx_add_values(g, s, x, shape), shape);
    if (probabilities) onnx_output(g, "probabilities", onnx_add_probabilities(g, s->loss.output, x), shape);
}
