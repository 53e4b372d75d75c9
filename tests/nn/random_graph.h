/* random_graph.h - random networks that use every kind of edge: values read once and by many, twice by one
 * layer, shapes that meet in sums, products and concatenations. */
#ifndef RANDOM_GRAPH_H
#define RANDOM_GRAPH_H

#include "core/rng.h"
#include "spec.h"

struct random_graph {
    uint64_t number, draws;
    struct model_spec *spec;
    struct shape shapes[MODEL_MAX_LAYERS + 1];
    int readers[MODEL_MAX_LAYERS + 1];
};

static inline int random_below(struct random_graph *r, int count)
{
    return (int)(rng_words(11, RNG_SYNTHETIC, r->number, r->draws++).v[0] % (uint32_t)count);
}

/* Appends a layer that reads these values; its output has this shape. */
static inline void random_append(struct random_graph *r, int count, const int *values, struct shape out)
{
    spec_from(r->spec, count, values);
    for (int i = 0; i < count; i++) r->readers[values[i]]++;
    r->shapes[r->spec->layer_count] = out;
}

/* Values that may stand beside `value`: of the same shape, or for a concatenation of the same positions. */
static inline int random_partners(struct random_graph *r, int value, bool channels_may_differ, int partners[])
{
    int found = 0;
    for (int v = 0; v <= r->spec->layer_count; v++) {
        struct shape s = r->shapes[v];
        if (channels_may_differ) s.c = r->shapes[value].c;
        if (shape_equal(s, r->shapes[value])) partners[found++] = v;
    }
    return found;
}

static inline void random_join(struct random_graph *r, const char *kind, int value)
{
    bool concat = kind[0] == 'c';
    int partners[MODEL_MAX_LAYERS + 1], found = random_partners(r, value, concat, partners);
    int values[4] = {value}, count = 2 + random_below(r, 3);
    struct shape out = r->shapes[value];
    for (int i = 1; i < count; i++) {
        values[i] = partners[random_below(r, found)];
        if (concat) out.c += r->shapes[values[i]].c;
    }
    if (out.c > 24) return; /* concatenations of concatenations grow fast */
    spec_add(r->spec, kind, 0, 0);
    random_append(r, count, values, out);
}

/* All positions stay: a convolution with any padding mode, a depthwise or a transposed one. */
static inline void random_convolution(struct random_graph *r, int value)
{
    static const double modes[] = {0, 0, 2, 3}; /* zeros, replicate, circular */
    struct shape out = r->shapes[value];
    bool transposed = random_below(r, 3) == 0, depthwise = random_below(r, 4) == 0;
    int channels = depthwise ? (int)out.c : 1 + random_below(r, 6);
    if (out.rank != 2) return;
    spec_add(r->spec, transposed ? "conv_transpose2d" : "conv2d", channels, 3);
    spec_set(r->spec, "padding", 1);
    if (depthwise) spec_set(r->spec, "groups", channels);
    if (!transposed) spec_set(r->spec, "padding_mode", modes[random_below(r, 4)]);
    out.c = channels;
    random_append(r, 1, &value, out);
}

static inline void random_pool(struct random_graph *r, int value)
{
    struct shape out = r->shapes[value];
    bool halves = random_below(r, 2) && out.d[AXIS_H] >= 4 && out.d[AXIS_W] >= 4;
    if (out.rank != 2) return;
    spec_add(r->spec, random_below(r, 3) ? "maxpool2d" : "avgpool2d", halves ? 2 : 3, halves ? 0 : 1);
    struct layer_spec *pool = &r->spec->layers[r->spec->layer_count - 1];
    if (!halves) arg_set(pool->ops->args, 2, 1, pool->args); /* padding */
    if (halves) out = shape_2d(out.c, out.d[AXIS_H] / 2, out.d[AXIS_W] / 2);
    random_append(r, 1, &value, out);
}

/* To the size of another value, which is thereby not read. */
static inline void random_resize(struct random_graph *r, int value)
{
    int other = random_below(r, r->spec->layer_count + 1), values[] = {value, other};
    struct shape out = r->shapes[other];
    if (out.rank != 2 || r->shapes[value].rank != 2) return;
    out.c = r->shapes[value].c;
    spec_add(r->spec, "upsample", 0, 0);
    random_append(r, 2, values, out);
    r->readers[other]--;
}

static inline void random_layer(struct random_graph *r)
{
    static const char *const plain[] = {"relu",     "relu", "relu6",      "sigmoid",  "tanh",
                                        "softplus", "gelu", "softmax",    "hardtanh", "identity",
                                        "dropout",  "elu",  "log_softmax"};
    static const char *const joins[] = {"add", "mul", "concat"};
    int last = r->spec->layer_count, value = random_below(r, 3) ? last : random_below(r, last + 1);
    switch (random_below(r, 8)) {
    case 0:
    case 1:
        random_convolution(r, value);
        break;
    case 2:
        random_pool(r, value);
        break;
    case 3:
    case 4:
        random_join(r, joins[random_below(r, 3)], value);
        break;
    case 5:
        if (random_below(r, 3)) {
            random_resize(r, value);
            break;
        }
        spec_add(r->spec, "flatten", 0, 0);
        random_append(r, 1, &value, shape_flat(shape_features(r->shapes[value])));
        break;
    default:
        spec_add(r->spec, plain[random_below(r, 13)], 0, 0);
        random_append(r, 1, &value, r->shapes[value]);
    }
}

/* What nothing has read so far comes together in a last linear layer. */
static inline void random_finish(struct random_graph *r)
{
    int ends[MODEL_MAX_LAYERS + 1], count = 0, last = r->spec->layer_count;
    struct shape out = shape_flat(0);
    for (int v = 1; v <= last; v++) {
        if (r->readers[v] > 0) continue;
        spec_add(r->spec, "flatten", 0, 0);
        random_append(r, 1, &v, shape_flat(shape_features(r->shapes[v])));
        ends[count++] = r->spec->layer_count;
        out.c += shape_features(r->shapes[v]);
    }
    if (count > 1) {
        spec_add(r->spec, "concat", 0, 0);
        random_append(r, count, ends, out);
    }
    spec_add(r->spec, "linear", 3, 0);
}

/* Writes a network of about `layers` layers, a pure function of `number`. */
static inline void random_graph(struct model_spec *spec, uint64_t number, int layers)
{
    struct random_graph r = {.number = number, .spec = spec};
    memset(spec, 0, sizeof *spec);
    r.shapes[0] = spec->input = shape_2d(1 + random_below(&r, 3), 4 + random_below(&r, 3), 5);
    for (int tries = 0; spec->layer_count < layers && tries < 4 * layers; tries++) random_layer(&r);
    random_finish(&r);
}

#endif
