/* transform.c - applies the steps of a list. */
#include "data/transform/transform.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "math/loop.h"

enum status transforms_add(struct transforms *t, const struct data_step *step, struct shape in, int64_t runs)
{
    struct transform *to = &t->of[t->count];
    assert(t->count < DATA_STEPS_MAX); /* as in the list */
    *to = (struct transform){
        .ops = (const struct transform_ops *)step->kind, .step = step, .in = in, .out = in, .runs = runs};
    t->count++; /* what there is, is released by transforms_free */
    TRY(mem_alloc(&to->a, (size_t)runs, sizeof *to->a, "transforms"));
    TRY(mem_alloc(&to->b, (size_t)runs, sizeof *to->b, "transforms"));
    return to->ops->reshape ? to->ops->reshape(step, in, &to->out) : STATUS_OK;
}

bool transform_is_finite(const struct transform *t)
{
    bool finite = true;
    for (int64_t c = 0; c < t->runs; c++) finite &= isfinite(t->a[c]) && isfinite(t->b[c]);
    return finite;
}

void transforms_free(struct transforms *t)
{
    for (int i = 0; i < t->count; i++) {
        mem_free(&t->of[i].a);
        mem_free(&t->of[i].b);
    }
    t->count = 0;
}

LOOP_BODY void affine_body(int64_t rows, int64_t stride, int64_t lanes, float a, float b, float *x)
{
    for (int64_t f = 0; f < rows; f++, x += stride)
        for (int64_t i = 0; i < lanes; i++) x[i] = x[i] * a + b;
}
LOOP_VERSIONS(affine, (int64_t rows, int64_t stride, int64_t lanes, float a, float b, float *x),
              (rows, stride, lanes, a, b, x))

LOOP_BODY void clip_body(int64_t rows, int64_t stride, int64_t lanes, float a, float b, float *x)
{
    for (int64_t f = 0; f < rows; f++, x += stride)
        for (int64_t i = 0; i < lanes; i++) {
            float low = x[i] < a ? a : x[i];
            x[i] = low > b ? b : low;
        }
}
LOOP_VERSIONS(clip, (int64_t rows, int64_t stride, int64_t lanes, float a, float b, float *x),
              (rows, stride, lanes, a, b, x))

void transform_apply(const struct transform *t, const struct kernels *k, int64_t lanes, int64_t stride,
                     float *x)
{
    int64_t rows = shape_features(t->in) / t->runs, run = rows * stride;
    if (lanes == stride) rows = 1, stride = lanes = run; /* without gaps */
    for (int64_t c = 0; c < t->runs; c++, x += run) switch (t->ops->form) {
        case FORM_AFFINE:
            affine[k->number](rows, stride, lanes, t->a[c], t->b[c], x);
            break;
        case FORM_CLIP:
            clip[k->number](rows, stride, lanes, t->a[c], t->b[c], x);
            break;
        case FORM_LOG1P:
            k->log1p_rows(rows, stride, lanes, x);
            break;
        }
}

void transforms_apply(const struct transforms *t, const struct kernels *k, int64_t live, int64_t lanes,
                      int64_t stride, float *x)
{
    if (t->count == 0) return;
    int64_t features = shape_features(t->of[0].in);
    for (int i = 0; i < t->count; i++) transform_apply(&t->of[i], k, lanes, stride, x);
    for (int64_t f = 0; live < lanes && f < features; f++)
        memset(x + f * stride + live, 0, (size_t)(lanes - live) * sizeof *x);
}

enum status transforms_check(const struct transforms *t)
{
    for (int i = 0; i < t->count; i++) {
        const struct transform *step = &t->of[i];
        int64_t features = shape_features(step->in);
        if (step->ops->reshape || features % step->runs == 0) continue;
        return status_fail(STATUS_DATA,
                           "%lld features do not divide into the %lld channels of the transform %s",
                           (long long)features, (long long)step->runs, step->ops->kind.name);
    }
    return STATUS_OK;
}
