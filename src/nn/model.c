/* One arena holds everything a pass writes:
 *
 *   input [F][N] | outputs of stages not in place | saved state | gradient A | gradient B | scratch
 *
 * Backward needs only two gradient buffers: stage i reads one and writes the other. */
#include "nn/model.h"

#include <assert.h>
#include <string.h>

#include "core/mem.h"
#include "core/rng.h"
#include "nn/health.h"
#include "nn/stages.h"
#include "core/system/trace.h"

struct model {
    struct layer layers[MODEL_MAX_LAYERS]; /* as configured */
    struct layer stages[MODEL_MAX_LAYERS]; /* as run */
    int layer_count, stage_count;
    int64_t lanes, leaves;
    int64_t param_floats, param_count;
    float *activations[MODEL_MAX_LAYERS + 1]; /* [0] is the input, [i + 1] the output of stage i */
    float *gradients[2];
    char *arena;
    size_t arena_bytes;
};

static bool runs_in_place(const struct model *m, int index)
{
    const struct layer_ops *ops = m->stages[index].ops;
    return index > 0 && ops->in_place && !ops->keeps_input && !m->stages[index - 1].ops->keeps_output;
}

/* The parameters of a layer, and how many floats its tensors take. */
static void place_tensors(struct model *m, struct layer *l)
{
    for (int t = 0; t < l->tensor_count; t++) {
        l->tensors[t].offset = m->param_floats;
        m->param_count += tensor_count(&l->tensors[t]);
        m->param_floats += mem_round_floats(tensor_count(&l->tensors[t]));
    }
}

static enum status check_sizes(const struct layer *l)
{
    double activations = (double)l->out.c * (double)l->out.d[AXIS_D] * (double)l->out.d[AXIS_H] *
                         (double)l->out.d[AXIS_W] * (double)l->lanes;
    double params = 0;
    for (int t = 0; t < l->tensor_count; t++) {
        double count = 1;
        for (int d = 0; d < l->tensors[t].rank; d++) count *= (double)l->tensors[t].dims[d];
        params += count;
    }
    if (activations > 1e12 || params > 1e12 || (double)l->scratch_bytes > 1e12)
        return status_fail(STATUS_CONFIG, "%.3g activations and %.3g parameters are too many", activations,
                           params);
    return STATUS_OK;
}

static enum status plan_layers(struct model *m, const struct model_spec *spec)
{
    struct shape shape = spec->input;
    m->param_count = m->param_floats = 0;
    for (int i = 0; i < spec->layer_count; i++) {
        struct layer *l = &m->layers[i];
        *l = (struct layer){
            .ops = spec->layers[i].ops, .index = i, .in = shape, .lanes = m->lanes, .leaves = m->leaves};
        memcpy(l->args, spec->layers[i].args, sizeof l->args);
        enum status status = l->ops->plan(l);
        if (status == STATUS_OK) status = check_sizes(l);
        if (status != STATUS_OK) return status_at(status, "model.layers[%d] (%s)", i, l->ops->name);
        place_tensors(m, l);
        shape = l->out;
    }
    return STATUS_OK;
}

static void *carve(char *base, size_t *used, size_t bytes)
{
    char *part = base ? base + *used : NULL;
    *used += (bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
    return part;
}

/* Walked twice: without a base to measure, then to place. */
static size_t lay_out(struct model *m, char *base)
{
    size_t used = 0, scratch = 0, gradient = 0;
    int64_t lanes = m->lanes;
    for (int i = 0; i <= m->stage_count; i++) {
        struct shape shape = i == 0 ? m->stages[0].in : m->stages[i - 1].out;
        size_t bytes = (size_t)(shape_features(shape) * lanes) * sizeof(float);
        if (bytes > gradient) gradient = bytes;
        if (i > 0 && runs_in_place(m, i - 1))
            m->activations[i] = m->activations[i - 1];
        else
            m->activations[i] = carve(base, &used, bytes);
    }
    for (int i = 0; i < m->stage_count; i++) {
        struct layer *l = &m->stages[i];
        l->saved = carve(base, &used, l->saved_bytes);
        if (l->scratch_bytes > scratch) scratch = l->scratch_bytes;
    }
    for (int g = 0; g < 2; g++) m->gradients[g] = carve(base, &used, gradient);
    void *shared = carve(base, &used, scratch);
    for (int i = 0; i < m->stage_count; i++) m->stages[i].scratch = shared;
    return used;
}

/* Virtual ranks in one pass, at most `most`. With fewer than 32 lanes the weights are read too often for the arithmetic done
 * with them. Up to 256 lanes more of them pay as long as activations take less memory than the parameters, whose reading
 * (and gradients' adding) they save. Results do not depend on it. */
static int64_t choose_leaves(const struct model *m, int64_t lanes, int64_t most)
{
    int64_t features = shape_features(m->layers[0].in), leaves = 1;
    for (int i = 0; i < m->layer_count; i++) features += shape_features(m->layers[i].out);
    for (; leaves * 2 <= most; leaves *= 2) {
        int64_t wanted = leaves * 2 * lanes;
        if (wanted > 32 && (wanted > 256 || features * wanted > m->param_floats)) break;
    }
    return leaves;
}

/* Shapes first, then again with the number of lanes that follows from them. */
static enum status plan(struct model *m, const struct model_spec *spec, int64_t lanes, int64_t most)
{
    m->lanes = lanes;
    m->leaves = 1;
    TRY(plan_layers(m, spec));
    m->leaves = choose_leaves(m, lanes, most);
    m->lanes = lanes * m->leaves;
    TRY(plan_layers(m, spec));
    m->stage_count = stages_arrange(m->layers, m->layer_count, m->stages);
    m->arena_bytes = lay_out(m, NULL);
    return mem_alloc(&m->arena, m->arena_bytes, 1, "activations of a pass");
}

enum status model_create(struct model **out, const struct model_spec *spec, int64_t lanes, int64_t most)
{
    assert(most > 0 && lanes > 0 && lanes % 16 == 0);
    struct model *m;
    if (spec->layer_count == 0)
        return status_fail(STATUS_CONFIG, "model.layers is empty; add at least linear: K");
    TRY(mem_alloc(&m, 1, sizeof *m, "model"));
    m->layer_count = spec->layer_count;
    enum status status = plan(m, spec, lanes, most);
    if (status != STATUS_OK) {
        model_destroy(&m);
        return status;
    }
    lay_out(m, m->arena);
    *out = m;
    return STATUS_OK;
}

void model_destroy(struct model **m)
{
    if (*m) mem_free(&(*m)->arena);
    mem_free(m);
}

void model_init_params(const struct model *m, uint64_t seed, float *params)
{
    uint64_t number = 0; /* of the tensor in the model */
    memset(params, 0, (size_t)m->param_floats * sizeof *params);
    for (int i = 0; i < m->layer_count; i++)
        for (int t = 0; t < m->layers[i].tensor_count; t++, number++) {
            const struct tensor *tensor = &m->layers[i].tensors[t];
            int64_t count = tensor_count(tensor);
            for (int64_t e = 0; e < count; e += 4) {
                struct rng_words words = rng_words(seed, RNG_INIT, number, (uint64_t)e / 4);
                for (int64_t w = 0; w < 4 && e + w < count; w++)
                    params[tensor->offset + e + w] = tensor->init_bound * (2 * rng_unit(words.v[w]) - 1);
            }
        }
}

float *model_input(struct model *m)
{
    return m->activations[0];
}

/* Tells of the layer's range of the parameter vector. */
static void tell_ready(const struct pass_hooks *hooks, const struct layer *l)
{
    if (l->tensor_count == 0) return;
    const struct tensor *last = &l->tensors[l->tensor_count - 1];
    int64_t first = l->tensors[0].offset;
    hooks->grads_ready(hooks->self, first, last->offset + mem_round_floats(tensor_count(last)) - first);
}

const float *model_forward(struct model *m, const struct pass *p)
{
    assert(p->lanes <= m->lanes && p->leaves <= m->leaves && p->lanes % (16 * p->leaves) == 0);
    double begin = trace_begin(), start = begin;
    for (int i = 0; i < m->stage_count; i++) {
        const struct layer *l = &m->stages[i];
        l->ops->forward(l, p, m->activations[i], m->activations[i + 1]);
        start = trace_end(start, TRACE_FORWARD, l->ops->name, l->index);
    }
    trace_end(begin, TRACE_PHASE, "forward", 0);
    return m->activations[m->stage_count];
}

const struct layer *model_first_bad(struct model *m, const struct pass *p)
{
    for (int i = 0; i < m->stage_count; i++) {
        const struct layer *l = &m->stages[i];
        l->ops->forward(l, p, m->activations[i], m->activations[i + 1]);
        if (!health_outputs(l, p, m->activations[i + 1])) return l;
    }
    return NULL;
}

float *model_output_grad(struct model *m)
{
    return m->gradients[0];
}

/* The lowest stage that has parameters: nobody needs the gradient of what lies below. */
static int lowest_trained(const struct model *m)
{
    int i = 0;
    while (i < m->stage_count && m->stages[i].tensor_count == 0) i++;
    return i;
}

void model_backward(struct model *m, const struct pass *p)
{
    int current = 0, lowest = lowest_trained(m);
    double begin = trace_begin(), start = begin;
    for (int i = m->stage_count - 1; i >= lowest; i--) {
        const struct layer *l = &m->stages[i];
        int next = runs_in_place(m, i) ? current : 1 - current;
        bool good = !p->bad || health_factors(l, p, m->activations[i], m->gradients[current]);
        l->ops->backward(l, p, m->activations[i], m->activations[i + 1], m->gradients[current],
                         i > lowest ? m->gradients[next] : NULL);
        if (!good && !*p->bad && !health_gradients(l, p)) *p->bad = l;
        start = trace_end(start, TRACE_BACKWARD, l->ops->name, l->index);
        if (p->hooks) {
            tell_ready(p->hooks, l);
            start = trace_begin();
        }
        current = next;
    }
    trace_end(begin, TRACE_PHASE, "backward", 0);
}

int64_t model_param_floats(const struct model *m)
{
    return m->param_floats;
}

int64_t model_param_count(const struct model *m)
{
    return m->param_count;
}

size_t model_bytes(const struct model *m)
{
    return m->arena_bytes;
}

struct shape model_output_shape(const struct model *m)
{
    return m->layers[m->layer_count - 1].out;
}

int64_t model_leaves(const struct model *m)
{
    return m->leaves;
}

int model_layer_count(const struct model *m)
{
    return m->layer_count;
}

const struct layer *model_layer(const struct model *m, int index)
{
    return &m->layers[index];
}
