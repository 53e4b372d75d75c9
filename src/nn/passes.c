/* passes.c - forward and backward over the stages. */
#include "nn/passes.h"

#include <string.h>

#include "core/mem.h"
#include "core/system/trace.h"
#include "nn/clip.h"
#include "nn/health.h"

static size_t passes_first_edge(const struct passes *p, const struct layer *l)
{
    return (size_t)(l->inputs - p->stages.inputs);
}

static enum status passes_allocate(struct passes *p, size_t edges)
{
    size_t stages = (size_t)p->stages.count;
    TRY(mem_alloc(&p->x, edges, sizeof *p->x, "passes of the model"));
    TRY(mem_alloc(&p->dx, edges, sizeof *p->dx, "passes of the model"));
    TRY(mem_alloc(&p->sum, edges, sizeof *p->sum, "passes of the model"));
    TRY(mem_alloc(&p->y, stages, sizeof *p->y, "passes of the model"));
    return mem_alloc(&p->dy, stages, sizeof *p->dy, "passes of the model");
}

static int64_t passes_param_floats(const struct layer *l)
{
    const struct tensor *last = &l->tensors[l->tensor_count - 1];
    return last->offset + mem_round_floats(tensor_count(last)) - l->tensors[0].offset;
}

static int passes_find_owner(const struct layer *l)
{
    return l->shared ? l->shared->index : l->index;
}

static enum status passes_allocate_shared(struct passes *p)
{
    int64_t max = 0;
    for (int i = 0; i < p->stages.count; i++) {
        struct layer *l = &p->stages.list[i];
        if (!l->shared && l->users == 0) continue;
        if (passes_param_floats(l) > max) max = passes_param_floats(l);
        for (int later = i + 1; later < p->stages.count && !l->adds_grads; later++)
            l->adds_grads = passes_find_owner(&p->stages.list[later]) == passes_find_owner(l);
    }
    return max > 0 ? mem_alloc(&p->shared, (size_t)max, sizeof *p->shared, "gradients of shared parameters")
                   : STATUS_OK;
}

enum status passes_init(struct passes *p, const struct graph *g, int64_t lanes, bool training, double clip)
{
    *p = (struct passes){.clip = (float)clip};
    enum status status = stages_init(&p->stages, g, training);
    if (status == STATUS_OK) status = layout_init(&p->layout, &p->stages, lanes, training, clip > 0);
    if (status == STATUS_OK) status = passes_allocate(p, (size_t)g->edge_count);
    if (status == STATUS_OK && training) status = passes_allocate_shared(p);
    if (status != STATUS_OK) passes_free(p);
    return status;
}

void passes_free(struct passes *p)
{
    stages_free(&p->stages);
    layout_free(&p->layout);
    mem_free(&p->x);
    mem_free(&p->dx);
    mem_free(&p->sum);
    mem_free(&p->y);
    mem_free(&p->dy);
    mem_free(&p->shared);
}

size_t passes_bytes(const struct passes *p)
{
    return p->layout.bytes;
}

static void *passes_buffer(const struct passes *p, char *arena, int index)
{
    return index < 0 ? NULL : arena + p->layout.buffers[index].offset;
}

void passes_place(struct passes *p, const float *input, char *arena)
{
    const struct layout *o = &p->layout;
    for (int i = 0; i < p->stages.count; i++) {
        struct layer *l = &p->stages.list[i];
        size_t edge = passes_first_edge(p, l);
        for (int k = 0; k < l->input_count; k++, edge++) {
            int value = o->value[l->inputs[k]];
            p->x[edge] = value == LAYOUT_INPUT ? input : passes_buffer(p, arena, value);
            p->dx[edge] = passes_buffer(p, arena, o->dx[edge]);
            p->sum[edge] = passes_buffer(p, arena, o->sum[edge]);
        }
        int value = o->value[l->output];
        /* A view of the input is never written. */
        p->y[i] = value == LAYOUT_INPUT ? (float *)(uintptr_t)input : passes_buffer(p, arena, value);
        p->dy[i] = passes_buffer(p, arena, o->grad[l->output]);
        l->saved = passes_buffer(p, arena, o->saved[i]);
        l->scratch = passes_buffer(p, arena, o->scratch);
    }
    p->output = p->y[p->stages.count - 1];
    p->output_grad = p->dy[p->stages.count - 1];
    p->clipped = passes_buffer(p, arena, o->clipped);
}

static void passes_run_forward(const struct passes *p, const struct pass *pass, int i)
{
    const struct layer *l = &p->stages.list[i];
    const float *const *x = p->x + passes_first_edge(p, l);
    struct pass folded = *pass;
    if (l->map) {
        stages_fold(l, pass);
        folded.params = l->saved;
    }
    if (!l->ops->is_view) l->ops->forward(l, &folded, x, p->y[i]);
}

/* Sums that the stage needs and does not have yet. */
static int64_t passes_wait(const struct layer *l, const struct pass *pass)
{
    return pass->training && !pass->totals ? layer_totals(l) : 0;
}

int64_t passes_forward(const struct passes *p, struct pass *pass, int *stage)
{
    double start = trace_begin();
    for (; *stage < p->stages.count; (*stage)++) {
        const struct layer *l = &p->stages.list[*stage];
        int64_t totals = passes_wait(l, pass);
        if (totals > 0) {
            l->ops->measure_forward(l, pass, p->x + passes_first_edge(p, l),
                                    pass->records + pass->first_record * totals);
            return totals;
        }
        passes_run_forward(p, pass, *stage);
        pass->totals = NULL;
        start = trace_end(start, TRACE_FORWARD, l->ops->name, l->index);
    }
    const struct layer *last = &p->stages.list[p->stages.count - 1];
    if (p->clipped) clip_forward(shape_features(last->out) * pass->lanes, p->clip, p->output, p->clipped);
    return 0;
}

const float *passes_outputs(const struct passes *p)
{
    return p->clipped ? p->clipped : p->output;
}

int passes_last(const struct passes *p)
{
    return p->stages.count - 1;
}

const struct layer *passes_first_bad(const struct passes *p, const struct pass *pass)
{
    for (int i = 0; i < p->stages.count; i++) {
        const struct layer *l = &p->stages.list[i];
        passes_run_forward(p, pass, i);
        if (!health_outputs(l, pass, p->y[i])) return l;
    }
    return NULL;
}

/* Reports the layer's range of the parameter vector, a frozen layer's too: ranges come without gaps. */
static void passes_report_ready(const struct pass_hooks *hooks, const struct layer *l)
{
    if (layer_own_tensors(l) > 0)
        hooks->grads_ready(hooks->self, l->tensors[0].offset, passes_param_floats(l));
}

/* The gradient of every input, behind the ReLU that such a layer keeps. */
static void passes_copy_gradient(const struct layer *l, const struct pass *pass, const float *y, float *dy,
                                 float *const *dx)
{
    if (l->relu_out != 0)
        l->kernels->relu_backward(shape_features(l->out) * pass->lanes, l->relu_out, y, dy, dy);
    size_t bytes = (size_t)(shape_features(l->out) * pass->lanes) * sizeof *dy;
    for (int k = 0; k < l->input_count; k++)
        if (dx[k] && dx[k] != dy) memcpy(dx[k], dy, bytes);
}

/* Statistics are the mean over the users. */
static void passes_average_statistics(const struct layer *l, float *grads)
{
    for (int t = 0; t < l->tensor_count; t++)
        for (int64_t i = 0; l->tensors[t].role == TENSOR_STATISTIC && i < tensor_count(&l->tensors[t]); i++)
            grads[l->tensors[t].offset + i] /= (float)l->users;
}

/* Runs a layer whose parameters others use too. Backward overwrites, so the gradients that later users have left
 * are put aside, and added. */
static void passes_run_shared(const struct passes *p, const struct pass *pass, int i)
{
    const struct layer *l = &p->stages.list[i];
    size_t edge = passes_first_edge(p, l);
    int64_t count = passes_param_floats(l);
    float *grads = pass->grads + l->tensors[0].offset;
    if (l->adds_grads) memcpy(p->shared, grads, (size_t)count * sizeof *grads);
    l->ops->backward(l, pass, p->x + edge, p->y[i], p->dy[i], p->dx + edge);
    if (l->adds_grads) l->kernels->add(count, grads, p->shared, grads);
    if (l->users > 0) passes_average_statistics(l, pass->grads);
}

static void passes_run_backward(const struct passes *p, const struct pass *pass, int i)
{
    const struct layer *l = &p->stages.list[i];
    size_t edge = passes_first_edge(p, l);
    float *const *dx = p->dx + edge;
    if (l->ops->passes_gradient)
        passes_copy_gradient(l, pass, p->y[i], p->dy[i], dx);
    else if (l->shared || l->users > 0)
        passes_run_shared(p, pass, i);
    else
        l->ops->backward(l, pass, p->x + edge, p->y[i], p->dy[i], dx);
    for (int k = 0; k < l->input_count; k++) {
        float *sum = p->sum[edge + (size_t)k];
        if (sum) l->kernels->add(shape_features(l->in[k]) * pass->lanes, sum, dx[k], sum);
    }
}

/* Writes the numbers of the stage, if it waits for their sums. */
static int64_t passes_measure_backward(const struct passes *p, const struct pass *pass, int i)
{
    const struct layer *l = &p->stages.list[i];
    int64_t totals = passes_wait(l, pass);
    if (totals > 0)
        l->ops->measure_backward(l, pass, p->x + passes_first_edge(p, l), p->dy[i],
                                 pass->records + pass->first_record * totals);
    return totals;
}

int64_t passes_backward(const struct passes *p, struct pass *pass, int *stage)
{
    double start = trace_begin();
    int last = passes_last(p);
    if (p->clipped && *stage == last && !pass->totals)
        clip_backward(shape_features(p->stages.list[last].out) * pass->lanes, p->clip, p->clipped,
                      p->output_grad);
    for (; *stage >= 0; (*stage)--) {
        const struct layer *l = &p->stages.list[*stage];
        if (!p->layout.backward[*stage]) {
            if (pass->hooks) passes_report_ready(pass->hooks, l);
            continue;
        }
        int64_t totals = passes_measure_backward(p, pass, *stage);
        if (totals > 0) return totals;
        bool good = !pass->bad || health_factors(l, pass, p->x + passes_first_edge(p, l), p->dy[*stage]);
        passes_run_backward(p, pass, *stage);
        pass->totals = NULL;
        if (!good && !*pass->bad && !health_gradients(l, pass)) *pass->bad = l;
        start = trace_end(start, TRACE_BACKWARD, l->ops->name, l->index);
        if (pass->hooks) {
            passes_report_ready(pass->hooks, l);
            start = trace_begin();
        }
    }
    return 0;
}
