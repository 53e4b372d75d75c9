/* graph.c - from the description of a network to layers with shapes, edges and places in the flat vector. */
#include "nn/graph.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "nn/layers/tensor.h"

#define TOO_MANY    1e12
#define GRAPH_WHERE 96

int layer_spec_inputs(const struct model_spec *spec, int index, int inputs[LAYER_MAX_INPUTS])
{
    const struct layer_spec *l = &spec->layers[index];
    if (l->input_count == 0) {
        inputs[0] = index; /* the output of the layer before, or the input of the model */
        return 1;
    }
    for (int i = 0; i < l->input_count; i++) inputs[i] = l->inputs[i];
    return l->input_count;
}

/* Writes "model.layers[3] (conv2d stem)", for messages. */
static void graph_where(const struct layer *l, char text[GRAPH_WHERE])
{
    snprintf(text, GRAPH_WHERE, "model.layers[%d] (%s%s%s)", l->index, l->ops->name, l->name ? " " : "",
             l->name ? l->name : "");
}

static enum status graph_allocate(struct graph *g, const struct model_spec *spec)
{
    int inputs[LAYER_MAX_INPUTS];
    size_t layers = (size_t)spec->layer_count;
    for (int i = 0; i < spec->layer_count; i++) g->edge_count += layer_spec_inputs(spec, i, inputs);
    TRY(mem_alloc(&g->layers, layers, sizeof *g->layers, "layers"));
    TRY(mem_alloc(&g->names, layers, sizeof *g->names, "names of layers"));
    TRY(mem_alloc(&g->inputs, (size_t)g->edge_count, sizeof *g->inputs, "edges of the model"));
    TRY(mem_alloc(&g->input_shapes, (size_t)g->edge_count, sizeof *g->input_shapes, "edges of the model"));
    return mem_alloc(&g->shapes, layers + 1, sizeof *g->shapes, "values of the model");
}

static enum status graph_check_inputs(const struct layer *l)
{
    int min = l->ops->min_inputs ? l->ops->min_inputs : 1, max = l->ops->max_inputs ? l->ops->max_inputs : 1;
    if (l->input_count >= min && l->input_count <= max) return STATUS_OK;
    if (max == 1) return status_fail(STATUS_CONFIG, "takes one input, not %d", l->input_count);
    return status_fail(STATUS_CONFIG, "takes %d to %d inputs, not %d; list them in 'from'", min, max,
                       l->input_count);
}

static enum status graph_check_sizes(const struct layer *l)
{
    double activations = (double)l->out.c * (double)l->lanes, params = 0;
    for (int a = 0; a < SHAPE_AXES; a++) activations *= (double)l->out.d[a];
    for (int t = 0; t < l->tensor_count; t++) {
        double count = 1;
        for (int d = 0; d < l->tensors[t].rank; d++) count *= (double)l->tensors[t].dims[d];
        params += count;
    }
    if (activations > TOO_MANY || params > TOO_MANY || (double)l->scratch_bytes > TOO_MANY)
        return status_fail(STATUS_CONFIG, "%.3g activations and %.3g parameters are too many", activations,
                           params);
    return STATUS_OK;
}

static struct tensor *graph_find_tensor(struct layer *l, const char *name)
{
    for (int t = 0; t < l->tensor_count; t++)
        if (l->tensors[t].role == TENSOR_WEIGHT && strcmp(l->tensors[t].name, name) == 0)
            return &l->tensors[t];
    return NULL;
}

/* Gives the tensor `name` the initial values that its layer asks for, or else those of the model. */
static enum status graph_choose_init(struct layer *l, const char *name, const struct init *own,
                                     const struct init *of_model)
{
    struct tensor *t = graph_find_tensor(l, name), *weight = graph_find_tensor(l, "weight");
    if (own->ops && !t)
        return status_fail(STATUS_CONFIG, "has no %s to initialise with %s", name, own->ops->name);
    if (own->ops && t->rank < own->ops->min_rank)
        return status_fail(STATUS_CONFIG, "%s needs a tensor of at least %d axes, but its %s has %d",
                           own->ops->name, own->ops->min_rank, name, t->rank);
    if (own->ops)
        t->init = *own;
    else if (t && of_model->ops && weight && weight->rank > 1 && t->rank >= of_model->ops->min_rank)
        t->init = *of_model;
    return STATUS_OK;
}

static void graph_place_tensors(struct graph *g, struct layer *l)
{
    for (int t = 0; t < l->tensor_count; t++) {
        l->tensors[t].offset = g->param_floats;
        g->param_count += tensor_parameters(&l->tensors[t]);
        g->param_floats += mem_round_floats(tensor_count(&l->tensors[t]));
    }
}

/* A layer that trains something needs a backward pass, for its running statistics too. */
static void graph_freeze_tensors(struct layer *l, const struct patterns *freeze)
{
    for (int t = 0; t < l->tensor_count; t++) {
        struct tensor *tensor = &l->tensors[t];
        tensor->frozen = tensor_matches_any(l, tensor, freeze);
        if (!tensor->frozen) l->has_backward = true;
    }
}

static enum status graph_check_shared(const struct layer *l, const struct layer *from)
{
    bool same = l->ops == from->ops && l->tensor_count == from->tensor_count;
    for (int t = 0; same && t < l->tensor_count; t++) {
        const struct tensor *a = &l->tensors[t], *b = &from->tensors[t];
        same = a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0 &&
               strcmp(a->name, b->name) == 0;
    }
    if (same) return STATUS_OK;
    char where[GRAPH_WHERE];
    graph_where(from, where);
    return status_fail(
        STATUS_CONFIG,
        "share: its parameters have other shapes than those of %s; kind, arguments and sizes of "
        "the inputs must fit",
        where);
}

/* Takes the tensors of an earlier layer, which may have them from another one. */
static enum status graph_share_tensors(struct graph *g, const struct layer_spec *spec, struct layer *l)
{
    if (spec->share == 0) return STATUS_OK;
    struct layer *from = &g->layers[spec->share - 1];
    if (from->shared) from = &g->layers[from->shared->index];
    if (spec->init.ops || spec->bias_init.ops)
        return status_fail(STATUS_CONFIG, "share: init and bias_init are those of the layer that it shares");
    TRY(graph_check_shared(l, from));
    if (l->tensor_count == 0) return STATUS_OK;
    memcpy(l->tensors, from->tensors, (size_t)l->tensor_count * sizeof *l->tensors);
    l->shared = from;
    from->users += from->users ? 1 : 2;
    for (int t = 0; t < l->tensor_count; t++)
        if (!l->tensors[t].frozen) l->has_backward = true;
    g->shares = true;
    return STATUS_OK;
}

/* Fills in what the tensors of a layer are, and gives them a place. */
static enum status graph_own_tensors(struct graph *g, const struct model_spec *spec, struct layer *l)
{
    TRY(graph_choose_init(l, "weight", &spec->layers[l->index].init, &spec->init));
    TRY(graph_choose_init(l, "bias", &spec->layers[l->index].bias_init, &spec->bias_init));
    graph_freeze_tensors(l, &spec->freeze);
    graph_place_tensors(g, l);
    return STATUS_OK;
}

static enum status graph_check_freeze(const struct graph *g, const struct patterns *freeze)
{
    bool trains = freeze->count == 0;
    for (int i = 0; i < freeze->count; i++)
        TRY(tensor_check_pattern("model.freeze", freeze->text[i], g->layers, g->layer_count));
    for (int i = 0; i < g->layer_count; i++)
        for (int t = 0; t < layer_own_tensors(&g->layers[i]); t++) {
            const struct tensor *tensor = &g->layers[i].tensors[t];
            trains = trains || (tensor->role == TENSOR_WEIGHT && !tensor->frozen);
        }
    if (trains) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "model.freeze: matches every parameter; leave some to train");
}

/* Connects the layer to its inputs and plans it. */
static enum status graph_add_layer(struct graph *g, const struct model_spec *spec, struct layer *l,
                                   int *edges)
{
    int inputs[LAYER_MAX_INPUTS];
    l->input_count = layer_spec_inputs(spec, l->index, inputs);
    l->inputs = g->inputs + *edges;
    l->in = g->input_shapes + *edges;
    for (int i = 0; i < l->input_count; i++, (*edges)++) {
        g->inputs[*edges] = inputs[i];
        g->input_shapes[*edges] = g->shapes[inputs[i]];
        bool reads = i < layer_read_count(l);
        if (reads && inputs[i] > 0 && g->layers[inputs[i] - 1].has_backward) l->has_backward = true;
    }
    TRY(graph_check_inputs(l));
    TRY(layer_plan(l));
    TRY(graph_check_sizes(l));
    TRY(graph_share_tensors(g, &spec->layers[l->index], l));
    if (!l->shared) TRY(graph_own_tensors(g, spec, l));
    g->shapes[l->output] = l->out;
    return STATUS_OK;
}

static bool graph_is_read(const struct graph *g, int value)
{
    for (int i = 0; i < g->layer_count; i++)
        for (int k = 0; k < layer_read_count(&g->layers[i]); k++)
            if (g->layers[i].inputs[k] == value) return true;
    return false;
}

/* Parameters behind a value that nothing reads would never be trained. */
static enum status graph_check_all_read(const struct graph *g)
{
    for (int i = 0; i + 1 < g->layer_count; i++) {
        char where[GRAPH_WHERE];
        if (graph_is_read(g, i + 1)) continue;
        graph_where(&g->layers[i], where);
        return status_fail(STATUS_CONFIG,
                           "%s: no later layer reads its output; name it in a 'from', or remove the layer",
                           where);
    }
    return STATUS_OK;
}

static enum status graph_check_input(struct shape s, int64_t lanes)
{
    double activations = (double)s.c * (double)lanes;
    for (int a = 0; a < SHAPE_AXES; a++) activations *= (double)s.d[a];
    if (activations <= TOO_MANY) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "model.input: %.3g activations are too many", activations);
}

static enum status graph_add_layers(struct graph *g, const struct model_spec *spec,
                                    const struct kernels *kernels, int64_t lanes, int64_t leaves)
{
    int edges = 0;
    TRY(graph_check_input(spec->input, lanes));
    g->shapes[0] = spec->input;
    for (int i = 0; i < spec->layer_count; i++) {
        const struct layer_spec *from = &spec->layers[i];
        struct layer *l = &g->layers[i];
        *l = (struct layer){.ops = from->ops,
                            .kernels = kernels,
                            .index = i,
                            .index_digits = spec->layer_count > 100 ? 4 : 2,
                            .output = i + 1,
                            .lanes = lanes,
                            .leaves = leaves};
        memcpy(l->args, from->args, sizeof l->args);
        memcpy(g->names[i], from->name, sizeof g->names[i]);
        if (from->name[0]) l->name = g->names[i];
        g->layer_count = i + 1;
        enum status status = graph_add_layer(g, spec, l, &edges);
        if (status != STATUS_OK) {
            char where[GRAPH_WHERE];
            graph_where(l, where);
            return status_at(status, "%s", where);
        }
    }
    return graph_check_all_read(g);
}

enum status graph_init(struct graph *g, const struct model_spec *spec, const struct kernels *kernels,
                       int64_t lanes, int64_t leaves)
{
    *g = (struct graph){0};
    if (spec->layer_count == 0)
        return status_fail(STATUS_CONFIG, "model.layers is empty; add at least linear: K");
    enum status status = graph_allocate(g, spec);
    if (status == STATUS_OK) status = graph_add_layers(g, spec, kernels, lanes, leaves);
    if (status == STATUS_OK) status = graph_check_freeze(g, &spec->freeze);
    if (status != STATUS_OK) graph_free(g);
    return status;
}

void graph_free(struct graph *g)
{
    for (int i = 0; i < g->layer_count; i++) layer_free(&g->layers[i]);
    mem_free(&g->layers);
    mem_free(&g->names);
    mem_free(&g->inputs);
    mem_free(&g->input_shapes);
    mem_free(&g->shapes);
    g->layer_count = 0;
}
