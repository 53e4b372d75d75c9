/* naive.h - a model evaluated layer by layer, every value and gradient in memory of its own and nothing
 * fused: what planned memory and fusions are compared with, bit by bit. */
#ifndef NAIVE_H
#define NAIVE_H

#include <string.h>

#include "check.h"
#include "kernels.h"
#include "core/mem.h"
#include "nn/graph.h"

struct naive {
    struct graph graph;
    int64_t lanes;
    float **values, **grads; /* [layers + 1] */
};

static inline float *naive_floats(int64_t count)
{
    float *v;
    CHECK_STATUS(mem_alloc(&v, (size_t)count + 1, sizeof *v, "test"), STATUS_OK);
    return v;
}

static inline int64_t naive_count(const struct naive *n, int value)
{
    return shape_features(n->graph.shapes[value]) * n->lanes;
}

static inline void naive_init(struct naive *n, const struct model_spec *spec, int64_t lanes, int64_t leaves)
{
    n->lanes = lanes;
    CHECK_STATUS(graph_init(&n->graph, spec, kernels, lanes, leaves), STATUS_OK);
    size_t count = (size_t)n->graph.layer_count + 1;
    CHECK_STATUS(mem_alloc(&n->values, count, sizeof *n->values, "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&n->grads, count, sizeof *n->grads, "test"), STATUS_OK);
    for (int v = 0; v <= n->graph.layer_count; v++) {
        n->values[v] = naive_floats(naive_count(n, v));
        n->grads[v] = naive_floats(naive_count(n, v));
    }
    for (int i = 0; i < n->graph.layer_count; i++) {
        struct layer *l = &n->graph.layers[i];
        CHECK_STATUS(mem_alloc(&l->saved, l->saved_bytes, 1, "test"), STATUS_OK);
        CHECK_STATUS(mem_alloc(&l->scratch, l->scratch_bytes, 1, "test"), STATUS_OK);
    }
}

static inline void naive_free(struct naive *n)
{
    for (int v = 0; v <= n->graph.layer_count; v++) mem_free(&n->values[v]), mem_free(&n->grads[v]);
    for (int i = 0; i < n->graph.layer_count; i++)
        mem_free(&n->graph.layers[i].saved), mem_free(&n->graph.layers[i].scratch);
    mem_free(&n->values);
    mem_free(&n->grads);
    graph_free(&n->graph);
}

static inline const float *naive_forward(struct naive *n, const struct pass *p)
{
    for (int i = 0; i < n->graph.layer_count; i++) {
        const struct layer *l = &n->graph.layers[i];
        const float *x[LAYER_MAX_INPUTS];
        for (int k = 0; k < l->input_count; k++) x[k] = n->values[l->inputs[k]];
        l->ops->forward(l, p, x, n->values[l->output]);
    }
    return n->values[n->graph.layer_count];
}

/* Reads what a layer does not keep as NaN, so that one that does not say so is found. */
static inline void naive_layer_backward(struct naive *n, const struct pass *p, const struct layer *l,
                                        bool has_grad[])
{
    const float *x[LAYER_MAX_INPUTS];
    float *dx[LAYER_MAX_INPUTS];
    int64_t out = naive_count(n, l->output);
    for (int k = 0; k < l->input_count; k++) {
        int v = l->inputs[k];
        bool needed = k < layer_read_count(l) && v > 0 && n->graph.layers[v - 1].has_backward;
        x[k] = l->ops->keeps_input ? n->values[v] : NULL;
        dx[k] = needed ? naive_floats(naive_count(n, v)) : NULL;
        if (needed && l->ops->passes_gradient)
            memcpy(dx[k], n->grads[l->output], (size_t)out * sizeof(float));
    }
    if (!l->ops->passes_gradient)
        l->ops->backward(l, p, x, l->ops->keeps_output ? n->values[l->output] : NULL, n->grads[l->output],
                         dx);
    for (int k = 0; k < l->input_count; k++) {
        int v = l->inputs[k];
        if (!dx[k]) continue;
        float *sum = n->grads[v];
        for (int64_t i = 0; i < naive_count(n, v); i++) sum[i] = has_grad[v] ? sum[i] + dx[k][i] : dx[k][i];
        has_grad[v] = true;
        mem_free(&dx[k]);
    }
}

/* From the gradient of the output in grads[layers]; the contributions of several readers are added in the
 * order in which they come. */
static inline void naive_backward(struct naive *n, const struct pass *p)
{
    bool has_grad[MODEL_MAX_LAYERS + 1] = {false};
    for (int i = n->graph.layer_count - 1; i >= 0; i--)
        if (n->graph.layers[i].has_backward) naive_layer_backward(n, p, &n->graph.layers[i], has_grad);
}

#endif
