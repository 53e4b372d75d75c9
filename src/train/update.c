#include "train/update.h"

#include <math.h>
#include <string.h>

#include "core/mem.h"

#define CLIP_BLOCK 1024
#define CLIP_EPS   1e-6 /* as torch.nn.utils.clip_grad_norm_ */

_Static_assert(OPTIM_SLOTS == SYNC_SLOTS, "the slots of a block are handed on to the optimizer");

static bool needs_pieces(const struct config *c)
{
    return c->clip_norm > 0 || c->optim->measure;
}

/* One per tensor, with the gap behind it. */
static enum status list_tensors(struct update *u, const struct model *model)
{
    int64_t count = 0;
    for (int i = 0; i < model_layer_count(model); i++) count += model_layer(model, i)->tensor_count;
    TRY(mem_alloc(&u->tensors, (size_t)count, sizeof *u->tensors, "tensors of the update"));
    for (int i = 0; i < model_layer_count(model); i++)
        for (int t = 0; t < model_layer(model, i)->tensor_count; t++) {
            const struct tensor *from = &model_layer(model, i)->tensors[t];
            u->tensors[u->tensor_count++] =
                (struct update_tensor){.first = from->offset,
                                       .end = from->offset + mem_round_floats(tensor_count(from)),
                                       .spared = !u->config->decay_biases && from->rank < 2};
        }
    return STATUS_OK;
}

static void choose_arguments(struct update *u)
{
    const struct config *c = u->config;
    int decay = arg_find(c->optim->args, "weight_decay");
    u->undecayed = c->optim_args;
    bool alike = decay < 0 || c->optim_args.of[decay] == 0;
    if (decay >= 0) u->undecayed.of[decay] = 0;
    u->plain = !c->optim->measure && c->clip_value == 0 && (alike || c->decay_biases);
}

enum status update_create(struct update *u, const struct config *config, const struct model *model,
                          struct sync *sync)
{
    *u = (struct update){.config = config, .sync = sync};
    TRY(list_tensors(u, model));
    choose_arguments(u);
    if (!needs_pieces(config)) return STATUS_OK;
    /* a piece begins with a cell or with a tensor */
    u->piece_count = model_param_floats(model) / SYNC_CELL + 1 + u->tensor_count;
    return mem_alloc(&u->pieces, (size_t)u->piece_count * OPTIM_NORMS, sizeof *u->pieces,
                     "norms of the gradient");
}

void update_destroy(struct update *u)
{
    mem_free(&u->tensors);
    mem_free(&u->pieces);
}

/* The tensor that holds a position. */
static int64_t tensor_at(const struct update *u, int64_t position)
{
    int64_t low = 0, high = u->tensor_count - 1;
    while (low < high) {
        int64_t middle = (low + high + 1) / 2;
        if (u->tensors[middle].first <= position)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static double *piece_at(const struct update *u, int64_t position, int64_t tensor)
{
    return u->pieces + (position / SYNC_CELL + tensor) * OPTIM_NORMS;
}

/* A run of the vector inside one tensor. */
struct run {
    int64_t tensor, first, count;
    float *params;
    const float *grads;
    float *slots[OPTIM_SLOTS];
};

/* The first run of what is left; `step` > 0: cut at its multiples too. */
static struct run next_run(const struct update *u, int64_t first, int64_t end, int64_t step)
{
    struct run r = {.tensor = tensor_at(u, first), .first = first};
    int64_t stop = u->tensors[r.tensor].end;
    if (step && (first / step + 1) * step < stop) stop = (first / step + 1) * step;
    r.count = (stop < end ? stop : end) - first;
    return r;
}

static void place_run(struct run *r, int64_t base, float *params, const float *grads,
                      float *const slots[SYNC_SLOTS])
{
    int64_t at = r->first - base;
    r->params = params + at;
    r->grads = grads + at;
    for (int i = 0; i < OPTIM_SLOTS; i++) r->slots[i] = slots[i] ? slots[i] + at : NULL;
}

static struct optim_step step_of(const struct update *u, const struct run *r)
{
    const struct update_tensor *t = &u->tensors[r->tensor];
    struct optim_step s = t->spared ? u->without : u->step;
    memcpy(s.norms, t->norms, sizeof s.norms);
    return s;
}

/* The gradient of the mean, limited; then the step need not scale it any more. */
static void clip_values(const struct update *u, struct optim_step *s, struct run *r, float *clipped)
{
    float bound = (float)u->config->clip_value;
    for (int64_t i = 0; i < r->count; i++) {
        float g = r->grads[i] * s->grad_scale;
        clipped[i] = g > bound ? bound : g < -bound ? -bound : g;
    }
    s->grad_scale = 1;
    r->grads = clipped;
}

static void visit_squares(void *self, int64_t first, int64_t count, float *params, const float *grads,
                          float *const slots[SYNC_SLOTS])
{
    const struct update *u = self;
    (void)params, (void)slots;
    for (int64_t at = first; at < first + count;) {
        struct run r = next_run(u, at, first + count, SYNC_CELL);
        double sums[16] = {0}, *piece = piece_at(u, at, r.tensor);
        for (int64_t i = 0; i < r.count; i++) {
            double g = grads[at - first + i];
            sums[i % 16] += g * g;
        }
        for (int i = 0; i < 16; i++) piece[0] += sums[i];
        at += r.count;
    }
}

static void visit_measure(void *self, int64_t first, int64_t count, float *params, const float *grads,
                          float *const slots[SYNC_SLOTS])
{
    const struct update *u = self;
    float clipped[CLIP_BLOCK] __attribute__((aligned(64)));
    for (int64_t at = first; at < first + count;) {
        struct run r = next_run(u, at, first + count, SYNC_CELL);
        place_run(&r, first, params, grads, slots);
        struct optim_step s = step_of(u, &r);
        if (u->config->clip_value > 0) clip_values(u, &s, &r, clipped);
        u->config->optim->measure(&s, r.count, r.params, r.grads, r.slots, piece_at(u, at, r.tensor));
        at += r.count;
    }
}

static void visit_update(void *self, int64_t first, int64_t count, float *params, const float *grads,
                         float *const slots[SYNC_SLOTS])
{
    const struct update *u = self;
    float clipped[CLIP_BLOCK] __attribute__((aligned(64)));
    if (u->plain) {
        u->config->optim->update(&u->step, count, params, grads, slots);
        return;
    }
    for (int64_t at = first; at < first + count;) {
        struct run r = next_run(u, at, first + count, CLIP_BLOCK);
        place_run(&r, first, params, grads, slots);
        struct optim_step s = step_of(u, &r);
        if (u->config->clip_value > 0) clip_values(u, &s, &r, clipped);
        u->config->optim->update(&s, r.count, r.params, r.grads, r.slots);
        at += r.count;
    }
}

/* Fills all pieces, on every rank. */
static void sweep(struct update *u, sync_visit *visit)
{
    memset(u->pieces, 0, (size_t)u->piece_count * OPTIM_NORMS * sizeof *u->pieces);
    sync_sweep(u->sync, visit, u);
    sync_merge(u->sync, u->pieces, u->piece_count * OPTIM_NORMS);
}

/* The factor of clip_grad_norm_. */
static double clip_factor(struct update *u, double scale)
{
    double sum = 0;
    sweep(u, visit_squares);
    for (int64_t i = 0; i < u->piece_count; i++) sum += u->pieces[i * OPTIM_NORMS];
    u->gradient_norm = sqrt(sum) * scale;
    double factor = u->config->clip_norm / (u->gradient_norm + CLIP_EPS);
    return factor < 1 ? factor : 1;
}

/* Spared tensors keep norms of 0, by which an optimizer knows them. */
static void measure_tensors(struct update *u)
{
    sweep(u, visit_measure);
    for (int64_t t = 0; t < u->tensor_count; t++) {
        struct update_tensor *tensor = &u->tensors[t];
        if (tensor->spared) continue;
        memset(tensor->norms, 0, sizeof tensor->norms);
        for (int64_t at = tensor->first; at < tensor->end; at = (at / SYNC_CELL + 1) * SYNC_CELL)
            for (int n = 0; n < OPTIM_NORMS; n++) tensor->norms[n] += piece_at(u, at, t)[n];
    }
}

void update_apply(struct update *u, double lr, int64_t number, double divisor)
{
    const struct config *c = u->config;
    if (c->clip_norm > 0) divisor /= clip_factor(u, 1 / divisor);
    u->step = optim_begin(c->optim, c->optim_args.of, lr, number, divisor);
    u->without = optim_begin(c->optim, u->undecayed.of, lr, number, divisor);
    if (c->optim->measure) measure_tensors(u);
    sync_apply(u->sync, visit_update, u);
}
