/* update.c - clips gradients, measures tensors and hands ranges of the flat vector to the optimizer. */
#include "optim/update.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"

#define UPDATE_BLOCK 1024 /* floats that stay in the nearest cache */
#define CLIP_EPS     1e-6 /* as torch.nn.utils.clip_grad_norm_ */

static bool update_needs_pieces(const struct update_spec *s)
{
    return s->clip_norm > 0 || s->optim->measure;
}

static bool update_is_plain(const struct update_spec *s)
{
    int decay = s->optim->decay_arg;
    bool can_decay = decay > 0 && s->args->of[decay] != 0;
    if (s->optim->measure || s->clip_value > 0) return false;
    for (int64_t i = 0; i < s->tensor_count; i++)
        if (s->tensors[i].role != UPDATE_WEIGHT || (can_decay && !s->tensors[i].decayed)) return false;
    return true;
}

static int64_t update_vector_floats(const struct update_spec *s)
{
    if (s->tensor_count == 0) return 0;
    const struct update_tensor *last = &s->tensors[s->tensor_count - 1];
    return last->first + last->count;
}

static enum status update_allocate(struct update *u)
{
    size_t count = (size_t)u->spec.tensor_count;
    TRY(mem_alloc(&u->tensors, count, sizeof *u->tensors, "tensors of the update"));
    TRY(mem_alloc(&u->norms, count, sizeof *u->norms, "norms of the tensors"));
    if (!update_needs_pieces(&u->spec)) return STATUS_OK;
    /* a piece begins with a cell or with a tensor */
    u->piece_count = update_vector_floats(&u->spec) / UPDATE_CELL + 1 + u->spec.tensor_count;
    return mem_alloc(&u->pieces, (size_t)u->piece_count * OPTIM_NORMS, sizeof *u->pieces,
                     "norms of the gradient");
}

enum status update_init(struct update *u, const struct update_spec *spec)
{
    *u = (struct update){.spec = *spec, .plain = update_is_plain(spec)};
    enum status status = update_allocate(u);
    if (status != STATUS_OK) {
        update_free(u);
        return status;
    }
    memcpy(u->tensors, spec->tensors, (size_t)spec->tensor_count * sizeof *u->tensors);
    u->spec.tensors = u->tensors;
    u->undecayed = *spec->args;
    if (spec->optim->decay_arg > 0) u->undecayed.of[spec->optim->decay_arg] = 0;
    return STATUS_OK;
}

void update_free(struct update *u)
{
    mem_free(&u->tensors);
    mem_free(&u->norms);
    mem_free(&u->pieces);
}

/* Returns the index of the tensor that holds a position. */
static int64_t update_tensor_at(const struct update *u, int64_t position)
{
    int64_t low = 0, high = u->spec.tensor_count - 1;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (u->tensors[middle].first <= position)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static double *update_piece_at(const struct update *u, int64_t position, int64_t tensor)
{
    return u->pieces + (position / UPDATE_CELL + tensor) * OPTIM_NORMS;
}

/* A range of the vector inside one tensor. */
struct update_range {
    const struct update_tensor *tensor;
    int64_t index, first, count; /* index: of the tensor */
    float *params;
    const float *grads;
    float *slots[OPTIM_SLOTS];
};

/* Returns the first range of [first, end), which is cut where a tensor ends and at multiples of `step`. */
static struct update_range update_cut_range(const struct update *u, int64_t first, int64_t end, int64_t step)
{
    struct update_range r = {.index = update_tensor_at(u, first), .first = first};
    r.tensor = &u->tensors[r.index];
    int64_t stop = r.tensor->first + r.tensor->count, next = (first / step + 1) * step;
    if (next < stop) stop = next;
    r.count = (stop < end ? stop : end) - first;
    return r;
}

/* Points the range into arrays that begin at position `base`. */
static void update_point_range(struct update_range *r, int64_t base, float *params, const float *grads,
                               float *const slots[OPTIM_SLOTS])
{
    int64_t at = r->first - base;
    r->params = params + at;
    r->grads = grads + at;
    for (int i = 0; i < OPTIM_SLOTS; i++) r->slots[i] = slots[i] ? slots[i] + at : NULL;
}

static struct optim_step update_step_of(const struct update *u, const struct update_range *r)
{
    struct optim_step s = r->tensor->decayed ? u->step : u->undecayed_step;
    memcpy(s.norms, u->norms[r->index], sizeof s.norms);
    return s;
}

/* The gradient of the mean, limited, in `clipped`; then the step need not scale it again. */
static void update_clip_values(const struct update *u, struct optim_step *s, struct update_range *r,
                               float *clipped)
{
    float bound = (float)u->spec.clip_value;
    for (int64_t i = 0; i < r->count; i++) {
        float g = r->grads[i] * s->grad_scale;
        clipped[i] = g > bound ? bound : g < -bound ? -bound : g;
    }
    s->grad_scale = 1;
    r->grads = clipped;
}

static void update_visit_squares(void *visitor, int64_t first, int64_t count, float *params,
                                 const float *grads, float *const slots[OPTIM_SLOTS])
{
    const struct update *u = visitor;
    (void)params, (void)slots;
    for (int64_t at = first; at < first + count;) {
        struct update_range r = update_cut_range(u, at, first + count, UPDATE_CELL);
        double sums[16] = {0}, *piece = update_piece_at(u, at, r.index);
        if (r.tensor->role == UPDATE_WEIGHT)
            for (int64_t i = 0; i < r.count; i++) {
                double g = grads[at - first + i];
                sums[i % 16] += g * g;
            }
        for (int i = 0; i < 16; i++) piece[0] += sums[i];
        at += r.count;
    }
}

static void update_visit_measure(void *visitor, int64_t first, int64_t count, float *params,
                                 const float *grads, float *const slots[OPTIM_SLOTS])
{
    const struct update *u = visitor;
    float clipped[UPDATE_BLOCK] __attribute__((aligned(64)));
    for (int64_t at = first; at < first + count;) {
        struct update_range r = update_cut_range(u, at, first + count, UPDATE_CELL);
        at += r.count;
        if (r.tensor->role != UPDATE_WEIGHT) continue;
        update_point_range(&r, first, params, grads, slots);
        struct optim_step s = update_step_of(u, &r);
        if (u->spec.clip_value > 0) update_clip_values(u, &s, &r, clipped);
        optim_measure(&s, r.count, r.params, r.grads, r.slots, update_piece_at(u, r.first, r.index));
    }
}

/* Running means, as torch.nn.BatchNorm's: x += momentum * (new - x), in double so that a constant stays what
 * it is. */
static void update_average(const struct update *u, const struct update_range *r)
{
    for (int64_t i = 0; i < r->count; i++) {
        double x = r->params[i], mean = r->grads[i] / u->samples;
        r->params[i] = (float)(x + r->tensor->momentum * (mean - x));
    }
}

static void update_visit_apply(void *visitor, int64_t first, int64_t count, float *params, const float *grads,
                               float *const slots[OPTIM_SLOTS])
{
    const struct update *u = visitor;
    float clipped[UPDATE_BLOCK] __attribute__((aligned(64)));
    if (u->plain) {
        optim_update(&u->step, count, params, grads, slots);
        return;
    }
    for (int64_t at = first; at < first + count;) {
        struct update_range r = update_cut_range(u, at, first + count, UPDATE_BLOCK);
        at += r.count;
        update_point_range(&r, first, params, grads, slots);
        if (r.tensor->role == UPDATE_STATISTIC) {
            update_average(u, &r);
            continue;
        }
        struct optim_step s = update_step_of(u, &r);
        if (u->spec.clip_value > 0) update_clip_values(u, &s, &r, clipped);
        optim_update(&s, r.count, r.params, r.grads, r.slots);
    }
}

/* Fills all pieces, on every rank. */
static void update_sweep(struct update *u, update_visit *visit)
{
    const struct update_vector *v = &u->spec.vector;
    memset(u->pieces, 0, (size_t)u->piece_count * OPTIM_NORMS * sizeof *u->pieces);
    v->sweep(v->self, visit, u);
    if (v->merge) v->merge(v->self, u->pieces, u->piece_count * OPTIM_NORMS);
}

/* The factor of clip_grad_norm_. */
static double update_clip_factor(struct update *u, double scale)
{
    double sum = 0;
    update_sweep(u, update_visit_squares);
    for (int64_t i = 0; i < u->piece_count; i++) sum += u->pieces[i * OPTIM_NORMS];
    u->gradient_norm = sqrt(sum) * scale;
    double factor = u->spec.clip_norm / (u->gradient_norm + CLIP_EPS);
    return factor < 1 ? factor : 1;
}

/* Tensors that are not decayed keep norms of 0, by which an optimizer knows them. */
static void update_measure_tensors(struct update *u)
{
    update_sweep(u, update_visit_measure);
    for (int64_t t = 0; t < u->spec.tensor_count; t++) {
        const struct update_tensor *tensor = &u->tensors[t];
        int64_t end = tensor->first + tensor->count;
        if (!tensor->decayed) continue;
        memset(u->norms[t], 0, sizeof u->norms[t]);
        for (int64_t at = tensor->first; at < end; at = (at / UPDATE_CELL + 1) * UPDATE_CELL)
            for (int n = 0; n < OPTIM_NORMS; n++) u->norms[t][n] += update_piece_at(u, at, t)[n];
    }
}

void update_apply(struct update *u, const struct update_step *step)
{
    const struct update_spec *s = &u->spec;
    double divisor = step->divisor;
    if (s->clip_norm > 0) divisor /= update_clip_factor(u, 1 / divisor);
    u->step = optim_begin(s->kernels, s->optim, s->args->of, step->lr, step->number, divisor);
    u->undecayed_step = optim_begin(s->kernels, s->optim, u->undecayed.of, step->lr, step->number, divisor);
    u->samples = (double)step->samples;
    if (s->optim->measure) update_measure_tensors(u);
    s->vector.apply(s->vector.self, update_visit_apply, u);
}
