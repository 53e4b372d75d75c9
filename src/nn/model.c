/* model.c - a network with its arena:
 *
 *   input [F][N] | training pass, or forward pass, whichever is greater
 *
 * Both passes have a plan of their own over the same bytes, since they never run at the same time. */
#include "nn/model.h"

#include <assert.h>
#include <string.h>

#include "core/mem.h"
#include "core/system/trace.h"
#include "nn/passes.h"

struct model {
    struct graph graph;
    struct passes training; /* of no stages if the model is for forward passes only */
    struct passes evaluation;
    bool trains;
    double clip_logits;
    int64_t lanes, leaves;
    char *arena;
    size_t arena_bytes;
};

static size_t model_input_bytes(const struct model *m)
{
    size_t bytes = (size_t)(shape_features(m->graph.shapes[0]) * m->lanes) * sizeof(float);
    return (bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN;
}

/* Virtual ranks in one pass, at most `max`; one alone where its lanes do not fill whole vectors, or where layers
 * share parameters: their gradients are added in each virtual rank before those of virtual ranks are. With fewer than 32 lanes the weights are
 * read too often for the arithmetic done with them. Up to 256 lanes more of them pay as long as activations
 * take less memory than the parameters, whose reading (and gradients' adding) they save. Results do not
 * depend on it. */
static int64_t model_choose_leaves(const struct graph *g, int64_t lanes, int64_t max)
{
    if (g->shares || lanes % 16) return 1;
    int64_t features = 0, leaves = 1;
    for (int v = 0; v <= g->layer_count; v++) features += shape_features(g->shapes[v]);
    for (; leaves * 2 <= max; leaves *= 2) {
        int64_t wanted = leaves * 2 * lanes;
        if (wanted > 32 && (wanted > 256 || features * wanted > g->param_floats)) break;
    }
    return leaves;
}

/* Shapes first, then again with the number of lanes that follows from them; then memory. */
static enum status model_plan(struct model *m, const struct model_spec *spec, const struct model_options *o)
{
    TRY(graph_init(&m->graph, spec, o->kernels, o->lanes, 1));
    m->leaves = model_choose_leaves(&m->graph, o->lanes, o->max_leaves);
    m->lanes = o->lanes * m->leaves;
    graph_free(&m->graph);
    TRY(graph_init(&m->graph, spec, o->kernels, m->lanes, m->leaves));
    m->trains = o->training;
    m->clip_logits = spec->clip_logits;
    if (m->trains) TRY(passes_init(&m->training, &m->graph, m->lanes, true, spec->clip_logits));
    return passes_init(&m->evaluation, &m->graph, m->lanes, false, spec->clip_logits);
}

static enum status model_allocate(struct model *m)
{
    size_t input = model_input_bytes(m), bytes = passes_bytes(&m->evaluation);
    if (m->trains && passes_bytes(&m->training) > bytes) bytes = passes_bytes(&m->training);
    m->arena_bytes = input + bytes;
    TRY(mem_alloc(&m->arena, m->arena_bytes, 1, "activations of a pass"));
    if (m->trains) passes_place(&m->training, model_input(m), m->arena + input);
    passes_place(&m->evaluation, model_input(m), m->arena + input);
    return STATUS_OK;
}

enum status model_create(struct model **out, const struct model_spec *spec,
                         const struct model_options *options)
{
    assert(options->max_leaves > 0 && options->lanes > 0);
    TRY(mem_alloc(out, 1, sizeof **out, "model"));
    enum status status = model_plan(*out, spec, options);
    if (status == STATUS_OK) status = model_allocate(*out);
    if (status != STATUS_OK) model_destroy(out);
    return status;
}

void model_destroy(struct model **m)
{
    if (*m) {
        passes_free(&(*m)->training);
        passes_free(&(*m)->evaluation);
        graph_free(&(*m)->graph);
        mem_free(&(*m)->arena);
    }
    mem_free(m);
}

enum status model_measure(struct model_memory *memory, const struct model_spec *spec,
                          const struct model_options *options)
{
    struct model m = {0};
    *memory = (struct model_memory){0};
    struct model_options both = *options;
    both.training = true;
    enum status status = model_plan(&m, spec, &both);
    if (status == STATUS_OK)
        *memory = (struct model_memory){.training = model_input_bytes(&m) + passes_bytes(&m.training),
                                        .evaluation = model_input_bytes(&m) + passes_bytes(&m.evaluation),
                                        .param_floats = m.graph.param_floats,
                                        .leaves = m.leaves,
                                        .totals = model_totals(&m)};
    passes_free(&m.training);
    passes_free(&m.evaluation);
    graph_free(&m.graph);
    return status;
}

enum status model_find_output(struct shape *output, const struct model_spec *spec,
                              const struct model_options *options)
{
    struct graph g;
    TRY(graph_init(&g, spec, options->kernels, options->lanes, 1));
    *output = g.shapes[g.layer_count];
    graph_free(&g);
    return STATUS_OK;
}

void model_init_params(const struct model *m, uint64_t seed, float *params)
{
    uint64_t number = 0; /* of the tensor in the model */
    memset(params, 0, (size_t)m->graph.param_floats * sizeof *params);
    for (int i = 0; i < m->graph.layer_count; i++)
        for (int t = 0; t < layer_own_tensors(&m->graph.layers[i]); t++, number++) {
            const struct tensor *tensor = &m->graph.layers[i].tensors[t];
            const struct init *init = &tensor->init;
            const struct init_tensor to = {tensor->rank, tensor->dims, seed, number};
            if (init->ops && init->ops->fill)
                init->ops->fill(init->args, &to, params + tensor->offset);
            else
                init_fill_default(&to, tensor->init_value, tensor->init_bound, params + tensor->offset);
        }
}

float *model_input(struct model *m)
{
    return (float *)m->arena;
}

static const struct passes *model_choose_passes(const struct model *m, const struct pass *p)
{
    assert(p->lanes <= m->lanes && p->leaves <= m->leaves);
    assert(p->leaves == 1 || p->lanes % (16 * p->leaves) == 0);
    assert(!p->training || m->trains);
    return p->training ? &m->training : &m->evaluation;
}

int64_t model_forward_part(struct model *m, struct pass *p, int *stage)
{
    double begin = trace_begin();
    int64_t totals = passes_forward(model_choose_passes(m, p), p, stage);
    trace_end(begin, TRACE_PHASE, "forward", 0);
    return totals;
}

const float *model_outputs(struct model *m, const struct pass *p)
{
    return passes_outputs(model_choose_passes(m, p));
}

const float *model_forward(struct model *m, const struct pass *p)
{
    int stage = 0;
    struct pass pass = *p;
    int64_t totals = model_forward_part(m, &pass, &stage);
    assert(totals == 0);
    return model_outputs(m, p);
}

const struct layer *model_first_bad(struct model *m, const struct pass *p)
{
    return passes_first_bad(model_choose_passes(m, p), p);
}

float *model_output_grad(struct model *m)
{
    return m->training.output_grad;
}

int model_last_stage(const struct model *m)
{
    return passes_last(&m->training);
}

int64_t model_backward_part(struct model *m, struct pass *p, int *stage)
{
    assert(p->training);
    double begin = trace_begin();
    int64_t totals = passes_backward(model_choose_passes(m, p), p, stage);
    trace_end(begin, TRACE_PHASE, "backward", 0);
    return totals;
}

void model_backward(struct model *m, const struct pass *p)
{
    int stage = model_last_stage(m);
    struct pass pass = *p;
    int64_t totals = model_backward_part(m, &pass, &stage);
    assert(totals == 0);
}

int64_t model_param_floats(const struct model *m)
{
    return m->graph.param_floats;
}

int64_t model_param_count(const struct model *m)
{
    return m->graph.param_count;
}

size_t model_bytes(const struct model *m)
{
    return m->arena_bytes;
}

double model_clip_logits(const struct model *m)
{
    return m->clip_logits;
}

struct shape model_input_shape(const struct model *m)
{
    return m->graph.shapes[0];
}

struct shape model_output_shape(const struct model *m)
{
    return m->graph.shapes[m->graph.layer_count];
}

int64_t model_leaves(const struct model *m)
{
    return m->leaves;
}

bool model_uses_blas(const struct model *m)
{
    for (int i = 0; i < m->graph.layer_count; i++)
        if (m->graph.layers[i].uses_blas) return true;
    return false;
}

int64_t model_totals(const struct model *m)
{
    int64_t most = 0;
    for (int i = 0; i < m->graph.layer_count; i++) {
        int64_t totals = layer_totals(&m->graph.layers[i]);
        if (totals > most) most = totals;
    }
    return most;
}

int model_layer_count(const struct model *m)
{
    return m->graph.layer_count;
}

const struct layer *model_layer(const struct model *m, int index)
{
    return &m->graph.layers[index];
}
