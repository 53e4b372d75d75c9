/* update.c - clips gradients, measures tensors and rows, and hands ranges of the flat vector to the optimizer. */
#include "optim/update.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "optim/average.h"

#define UPDATE_BLOCK 1024 /* floats that stay in the nearest cache */
#define CLIP_EPS     1e-6 /* as torch.nn.utils.clip_grad_norm_ */

static bool update_needs_pieces(const struct update_spec *s)
{
    return s->clip_norm > 0 || s->optim->measure;
}

/* Whether all tensors are alike. */
static bool update_is_plain(const struct update *u)
{
    const struct update_spec *s = &u->spec;
    if (s->optim->measure || s->clip_value > 0 || s->max_norm > 0 || u->class_count > 1) return false;
    for (int64_t i = 0; i < s->tensor_count; i++)
        if (s->tensors[i].role != UPDATE_WEIGHT) return false;
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
    TRY(mem_alloc(&u->class_of, count, sizeof *u->class_of, "classes of tensors"));
    TRY(mem_alloc(&u->classes, count, sizeof *u->classes, "classes of tensors"));
    if (!update_needs_pieces(&u->spec)) return STATUS_OK;
    /* a piece begins with a cell or with a tensor */
    u->piece_count = update_vector_floats(&u->spec) / UPDATE_CELL + 1 + u->spec.tensor_count;
    return mem_alloc(&u->pieces, (size_t)u->piece_count * OPTIM_NORMS, sizeof *u->pieces,
                     "norms of the gradient");
}

/* Returns the class of a tensor, which is added if it is the first of it. */
static int update_find_class(struct update *u, const struct update_tensor *t)
{
    int decay = u->spec.optim->decay_arg;
    bool decays = t->decayed && decay > 0 && u->spec.args->of[decay] != 0;
    double decay_factor = decays ? t->decay_factor : 0;
    for (int c = 0; c < u->class_count; c++)
        if (u->classes[c].lr_factor == t->lr_factor && u->classes[c].decay_factor == decay_factor) return c;
    struct update_class *added = &u->classes[u->class_count];
    *added = (struct update_class){t->lr_factor, decay_factor, .args = *u->spec.args};
    if (decay > 0) added->args.of[decay] *= decay_factor;
    return u->class_count++;
}

static enum status update_set_up(struct update *u)
{
    TRY(update_allocate(u));
    for (int64_t t = 0; t < u->spec.tensor_count; t++) u->tensors[t] = u->spec.tensors[t];
    u->spec.tensors = u->tensors;
    for (int64_t t = 0; t < u->spec.tensor_count; t++)
        if (u->tensors[t].role == UPDATE_WEIGHT) u->class_of[t] = update_find_class(u, &u->tensors[t]);
    u->plain = update_is_plain(u);
    if (u->spec.max_norm == 0) return STATUS_OK;
    return max_norm_init(&u->max_norm, u->spec.kernels, u->spec.max_norm, u->tensors, u->spec.tensor_count);
}

enum status update_init(struct update *u, const struct update_spec *spec)
{
    *u = (struct update){.spec = *spec};
    enum status status = update_set_up(u);
    if (status != STATUS_OK) update_free(u);
    return status;
}

void update_free(struct update *u)
{
    mem_free(&u->tensors);
    mem_free(&u->norms);
    mem_free(&u->class_of);
    mem_free(&u->classes);
    mem_free(&u->pieces);
    max_norm_free(&u->max_norm);
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
    float *slots[UPDATE_SLOTS];
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
                               float *const slots[UPDATE_SLOTS])
{
    int64_t at = r->first - base;
    r->params = params + at;
    r->grads = grads + at;
    for (int i = 0; i < UPDATE_SLOTS; i++) r->slots[i] = slots[i] ? slots[i] + at : NULL;
}

static struct optim_step update_step_of(const struct update *u, const struct update_range *r)
{
    struct optim_step s = u->classes[u->class_of[r->index]].step;
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
                                 const float *grads, float *const slots[UPDATE_SLOTS])
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
                                 const float *grads, float *const slots[UPDATE_SLOTS])
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

/* Takes the step in copies of the range, and measures the rows that it would give. */
static void update_visit_rows(void *visitor, int64_t first, int64_t count, float *params, const float *grads,
                              float *const slots[UPDATE_SLOTS])
{
    struct update *u = visitor;
    float clipped[UPDATE_BLOCK] __attribute__((aligned(64)));
    float copies[1 + OPTIM_SLOTS][UPDATE_BLOCK] __attribute__((aligned(64)));
    for (int64_t at = first; at < first + count;) {
        struct update_range r = update_cut_range(u, at, first + count, UPDATE_BLOCK);
        at += r.count;
        if (r.tensor->role != UPDATE_WEIGHT || r.tensor->rows == 0) continue;
        update_point_range(&r, first, params, grads, slots);
        size_t bytes = (size_t)r.count * sizeof(float);
        memcpy(copies[OPTIM_SLOTS], r.params, bytes);
        for (int i = 0; i < u->spec.optim->slots; i++) r.slots[i] = memcpy(copies[i], r.slots[i], bytes);
        struct optim_step s = update_step_of(u, &r);
        if (u->spec.clip_value > 0) update_clip_values(u, &s, &r, clipped);
        optim_update(&s, r.count, copies[OPTIM_SLOTS], r.grads, r.slots);
        max_norm_measure(&u->max_norm, r.index, r.first, r.count, copies[OPTIM_SLOTS]);
    }
}

/* Running means, as torch.nn.BatchNorm's: x += momentum * (new - x), in double so that a constant stays what
 * it is. */
static void update_average(const struct update *u, const struct update_range *r)
{
    double momentum = r->tensor->momentum < 0 ? 1 / ((double)u->step.number + 1) : r->tensor->momentum;
    for (int64_t i = 0; i < r->count; i++) {
        double x = r->params[i], mean = r->grads[i] / (double)u->step.samples;
        r->params[i] = (float)(x + momentum * (mean - x));
    }
}

static void update_move_weights(const struct update *u, struct update_range *r)
{
    float clipped[UPDATE_BLOCK] __attribute__((aligned(64)));
    struct optim_step s = update_step_of(u, r);
    if (u->spec.clip_value > 0) update_clip_values(u, &s, r, clipped);
    optim_update(&s, r->count, r->params, r->grads, r->slots);
    if (u->spec.max_norm > 0 && r->tensor->rows > 0)
        max_norm_limit(&u->max_norm, r->index, r->first, r->count, r->params);
}

/* Moves the average of a range; running statistics are copied, as torch.optim.swa_utils does with buffers. */
static void update_move_average(const struct update *u, const struct update_range *r)
{
    double move = r->tensor->role == UPDATE_STATISTIC ? 1 : u->step.average_move;
    average_move(u->spec.kernels, r->count, move, r->params, r->slots[u->spec.optim->slots]);
}

static void update_visit_apply(void *visitor, int64_t first, int64_t count, float *params, const float *grads,
                               float *const slots[UPDATE_SLOTS])
{
    const struct update *u = visitor;
    bool averages = u->step.average_move > 0;
    if (u->plain) {
        optim_update(&u->classes[0].step, count, params, grads, slots);
        if (averages)
            average_move(u->spec.kernels, count, u->step.average_move, params, slots[u->spec.optim->slots]);
        return;
    }
    for (int64_t at = first; at < first + count;) {
        struct update_range r = update_cut_range(u, at, first + count, UPDATE_BLOCK);
        at += r.count;
        update_point_range(&r, first, params, grads, slots);
        if (r.tensor->role == UPDATE_STATISTIC)
            update_average(u, &r);
        else if (r.tensor->role == UPDATE_WEIGHT)
            update_move_weights(u, &r);
        if (averages) update_move_average(u, &r);
    }
}

static void update_visit_statistics(void *visitor, int64_t first, int64_t count, float *params,
                                    const float *grads, float *const slots[UPDATE_SLOTS])
{
    const struct update *u = visitor;
    double share = u->step.average_move;
    for (int64_t at = first; at < first + count;) {
        struct update_range r = update_cut_range(u, at, first + count, UPDATE_BLOCK);
        at += r.count;
        if (r.tensor->role != UPDATE_STATISTIC) continue;
        update_point_range(&r, first, params, grads, slots);
        float *average = r.slots[u->spec.optim->slots];
        for (int64_t i = 0; i < r.count; i++) {
            double x = average[i], mean = r.grads[i] / (double)u->step.samples;
            average[i] = (float)(share == 1 ? mean : x + share * (mean - x));
        }
    }
}

static void update_visit_average(void *visitor, int64_t first, int64_t count, float *params,
                                 const float *grads, float *const slots[UPDATE_SLOTS])
{
    const struct update *u = visitor;
    for (int64_t at = first; at < first + count;) {
        struct update_range r = update_cut_range(u, at, first + count, UPDATE_BLOCK);
        at += r.count;
        update_point_range(&r, first, params, grads, slots);
        update_move_average(u, &r);
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

/* The factors of the rows that are too long after this step. */
static void update_measure_rows(struct update *u)
{
    struct max_norm *m = &u->max_norm;
    const struct update_vector *v = &u->spec.vector;
    memset(m->pieces, 0, (size_t)m->piece_count * sizeof *m->pieces);
    v->sweep(v->self, update_visit_rows, u);
    if (v->merge) v->merge(v->self, m->pieces, m->piece_count);
    max_norm_finish(m);
}

static void update_begin_classes(struct update *u, double divisor)
{
    const struct update_spec *s = &u->spec;
    const struct update_step *step = &u->step;
    for (int c = 0; c < u->class_count; c++) {
        struct update_class *k = &u->classes[c];
        if (step->sets_momentum) k->args.of[s->optim->momentum_arg] = step->momentum;
        k->step =
            optim_begin(s->kernels, s->optim, k->args.of, step->lr * k->lr_factor, step->number, divisor);
    }
}

void update_apply(struct update *u, const struct update_step *step)
{
    const struct update_spec *s = &u->spec;
    double divisor = step->divisor;
    if (s->clip_norm > 0) divisor /= update_clip_factor(u, 1 / divisor);
    u->step = *step;
    update_begin_classes(u, divisor);
    if (s->optim->measure) update_measure_tensors(u);
    if (s->max_norm > 0) update_measure_rows(u);
    s->vector.apply(s->vector.self, update_visit_apply, u);
}

bool update_has_statistics(const struct update *u)
{
    for (int64_t t = 0; t < u->spec.tensor_count; t++)
        if (u->tensors[t].role == UPDATE_STATISTIC) return true;
    return false;
}

void update_apply_statistics(struct update *u, double share, int64_t samples)
{
    u->step = (struct update_step){.samples = samples, .average_move = share};
    u->spec.vector.apply(u->spec.vector.self, update_visit_statistics, u);
}

void update_apply_average(struct update *u, double average_move)
{
    u->step = (struct update_step){.average_move = average_move};
    u->spec.vector.apply(u->spec.vector.self, update_visit_average, u);
}
