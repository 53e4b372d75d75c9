/* layout.c - lifetimes of values, gradients and saved state, from the order of the stages. */
#include "nn/layout.h"

#include "core/mem.h"

struct work {
    struct layout *o;
    const struct stages *s;
    int64_t lanes;
    bool training, clips;
    int *last_read;   /* [values]: the last time a forward pass reads it */
    int *last_kept;   /* [values]: the last time a backward pass reads it, or LAYOUT_NONE */
    bool *needs_grad; /* [values] */
};

static int layout_forward_time(int stage)
{
    return stage;
}

static int layout_loss_time(const struct stages *s)
{
    return s->count;
}

static int layout_backward_time(const struct stages *s, int stage)
{
    return 2 * s->count - stage;
}

static int layout_edge(const struct stages *s, const struct layer *l, int input)
{
    return (int)(l->inputs - s->inputs) + input;
}

static int layout_count_edges(const struct stages *s)
{
    int count = 0;
    for (int i = 0; i < s->count; i++) {
        int end = layout_edge(s, &s->list[i], s->list[i].input_count);
        if (end > count) count = end;
    }
    return count;
}

static int layout_add_buffer(struct layout *o, size_t bytes, int first, int last)
{
    if (bytes == 0) return LAYOUT_NONE;
    o->buffers[o->count] = (struct plan_buffer){.bytes = bytes, .first = first, .last = last};
    return o->count++;
}

static void layout_extend(struct layout *o, int buffer, int time)
{
    if (buffer < 0 || time < 0) return;
    struct plan_buffer *b = &o->buffers[buffer];
    if (time < b->first) b->first = time;
    if (time > b->last) b->last = time;
}

static size_t layout_value_bytes(const struct work *w, int value)
{
    return (size_t)(shape_features(w->s->shapes[value]) * w->lanes) * sizeof(float);
}

static void layout_postpone(int *time, int candidate)
{
    if (candidate > *time) *time = candidate;
}

/* Which stages have a backward pass, and when values are read. */
static void layout_find_uses(struct work *w)
{
    const struct stages *s = w->s;
    for (int v = 0; v < s->value_count; v++) w->last_read[v] = w->last_kept[v] = LAYOUT_NONE;
    for (int i = 0; i < s->count; i++) {
        const struct layer *l = &s->list[i];
        for (int k = 0; k < layer_read_count(l); k++)
            layout_postpone(&w->last_read[l->inputs[k]], layout_forward_time(i));
        w->o->backward[i] = w->needs_grad[l->output] = w->training && l->has_backward;
        if (!w->o->backward[i]) continue;
        for (int k = 0; k < layer_read_count(l); k++)
            if (l->ops->keeps_input) layout_postpone(&w->last_kept[l->inputs[k]], layout_backward_time(s, i));
        if (l->ops->keeps_output || (l->relu_out != 0 && l->ops->passes_gradient))
            layout_postpone(&w->last_kept[l->output], layout_backward_time(s, i));
    }
    int output = s->list[s->count - 1].output;
    layout_postpone(&w->last_read[output],
                    layout_loss_time(s) + 1); /* clipping looks at it again when the backward pass begins */
}

/* Whether stage i may write over the buffer: all values in it have been read for the last time. */
static bool layout_may_overwrite(const struct work *w, int buffer, int i)
{
    if (buffer == LAYOUT_INPUT) return false;
    for (int v = 0; v < w->s->value_count; v++) {
        if (w->o->value[v] != buffer) continue;
        if (w->last_read[v] > layout_forward_time(i) || w->last_kept[v] != LAYOUT_NONE) return false;
    }
    return true;
}

static void layout_place_values(struct work *w)
{
    const struct stages *s = w->s;
    struct layout *o = w->o;
    for (int v = 0; v < s->value_count; v++) o->value[v] = LAYOUT_NONE;
    o->value[0] = LAYOUT_INPUT;
    for (int i = 0; i < s->count; i++) {
        const struct layer *l = &s->list[i];
        int from = o->value[l->inputs[0]], v = l->output;
        bool writes_over = l->ops->in_place && !l->ops->keeps_input && layout_may_overwrite(w, from, i);
        if (l->ops->is_view || writes_over)
            o->value[v] = from;
        else
            o->value[v] = layout_add_buffer(o, layout_value_bytes(w, v), layout_forward_time(i),
                                            layout_forward_time(i));
        layout_postpone(&w->last_read[v], layout_forward_time(i));
        layout_extend(o, o->value[v], w->last_read[v]);
        layout_extend(o, o->value[v], w->last_kept[v]);
    }
}

static bool layout_is_read_twice(const struct layer *l, int value)
{
    int count = 0;
    for (int k = 0; k < l->input_count; k++) count += l->inputs[k] == value;
    return count > 1;
}

/* Whether the gradient of an input takes the place of the output's, which is then complete and no longer
 * needed. A value that the layer reads twice needs it twice. */
static bool layout_shares_gradient(const struct layer *l, int input, bool shared_already)
{
    if (l->ops->passes_gradient) return !shared_already && !layout_is_read_twice(l, l->inputs[input]);
    return l->ops->in_place && input == 0;
}

static void layout_place_input_gradients(struct work *w, int i)
{
    const struct stages *s = w->s;
    const struct layer *l = &s->list[i];
    struct layout *o = w->o;
    int now = layout_backward_time(s, i), dy = o->grad[l->output];
    bool shared = false;
    for (int k = 0; k < layer_read_count(l); k++) {
        int v = l->inputs[k], edge = layout_edge(s, l, k);
        if (!w->needs_grad[v]) continue;
        if (o->grad[v] != LAYOUT_NONE) {
            o->sum[edge] = o->grad[v];
            o->dx[edge] =
                l->ops->passes_gradient ? dy : layout_add_buffer(o, layout_value_bytes(w, v), now, now);
        } else if (layout_shares_gradient(l, k, shared)) {
            o->dx[edge] = o->grad[v] = dy;
            shared = true;
        } else {
            o->dx[edge] = o->grad[v] = layout_add_buffer(o, layout_value_bytes(w, v), now, now);
        }
        layout_extend(o, o->grad[v], now);
    }
}

static void layout_place_gradients(struct work *w)
{
    const struct stages *s = w->s;
    struct layout *o = w->o;
    int output = s->list[s->count - 1].output, edges = layout_count_edges(s);
    for (int v = 0; v < s->value_count; v++) o->grad[v] = LAYOUT_NONE;
    for (int e = 0; e < edges; e++) o->dx[e] = o->sum[e] = LAYOUT_NONE;
    if (!w->training) return;
    o->grad[output] =
        layout_add_buffer(o, layout_value_bytes(w, output), layout_loss_time(s), layout_loss_time(s) + 1);
    for (int i = s->count - 1; i >= 0; i--) {
        if (!o->backward[i]) continue;
        layout_extend(o, o->grad[s->list[i].output], layout_backward_time(s, i));
        layout_place_input_gradients(w, i);
    }
}

/* What forward leaves for backward, and what one call needs. */
static void layout_place_states(struct work *w)
{
    const struct stages *s = w->s;
    struct layout *o = w->o;
    int end = layout_backward_time(s, 0), output = s->list[s->count - 1].output;
    size_t scratch = 0;
    for (int i = 0; i < s->count; i++) {
        const struct layer *l = &s->list[i];
        int last = o->backward[i] ? layout_backward_time(s, i) : layout_forward_time(i);
        o->saved[i] = layout_add_buffer(o, l->saved_bytes, layout_forward_time(i), last);
        if (l->scratch_bytes > scratch) scratch = l->scratch_bytes;
    }
    o->scratch = layout_add_buffer(o, scratch, 0, end);
    o->clipped = w->clips ? layout_add_buffer(o, layout_value_bytes(w, output), layout_loss_time(s) - 1,
                                              layout_loss_time(s) + 1)
                          : LAYOUT_NONE;
}

static enum status layout_allocate(struct work *w)
{
    size_t stages = (size_t)w->s->count, values = (size_t)w->s->value_count,
           edges = (size_t)layout_count_edges(w->s);
    struct layout *o = w->o;
    size_t buffers = 2 * values + edges + stages + 2;
    TRY(mem_alloc(&o->buffers, buffers, sizeof *o->buffers, "plan of the model's memory"));
    TRY(mem_alloc(&o->value, values, sizeof *o->value, "plan of the model's memory"));
    TRY(mem_alloc(&o->grad, values, sizeof *o->grad, "plan of the model's memory"));
    TRY(mem_alloc(&o->dx, edges, sizeof *o->dx, "plan of the model's memory"));
    TRY(mem_alloc(&o->sum, edges, sizeof *o->sum, "plan of the model's memory"));
    TRY(mem_alloc(&o->saved, stages, sizeof *o->saved, "plan of the model's memory"));
    TRY(mem_alloc(&o->backward, stages, sizeof *o->backward, "plan of the model's memory"));
    TRY(mem_alloc(&w->last_read, values, sizeof *w->last_read, "plan of the model's memory"));
    TRY(mem_alloc(&w->last_kept, values, sizeof *w->last_kept, "plan of the model's memory"));
    return mem_alloc(&w->needs_grad, values, sizeof *w->needs_grad, "plan of the model's memory");
}

static enum status layout_place(struct work *w)
{
    TRY(layout_allocate(w));
    layout_find_uses(w);
    layout_place_values(w);
    layout_place_gradients(w);
    layout_place_states(w);
    return plan_place(w->o->buffers, w->o->count, &w->o->bytes);
}

enum status layout_init(struct layout *o, const struct stages *s, int64_t lanes, bool training, bool clips)
{
    struct work w = {.o = o, .s = s, .lanes = lanes, .training = training, .clips = clips};
    *o = (struct layout){0};
    enum status status = layout_place(&w);
    mem_free(&w.last_read);
    mem_free(&w.last_kept);
    mem_free(&w.needs_grad);
    if (status != STATUS_OK) layout_free(o);
    return status;
}

void layout_free(struct layout *o)
{
    mem_free(&o->buffers);
    mem_free(&o->value);
    mem_free(&o->grad);
    mem_free(&o->dx);
    mem_free(&o->sum);
    mem_free(&o->saved);
    mem_free(&o->backward);
}
