/* stages.c - where ReLU is applied: behind a max pooling, or within its neighbours; and batch norm folded
 * into the weights of the layer before it, in evaluation. Only where its input or output, as the case may
 * be, has one reader: any other would see a value that is no longer computed. */
#include "nn/stages.h"

#include <string.h>

#include "core/mem.h"

static int stages_count_readers(const struct stages *s, int value)
{
    int count = 0;
    for (int i = 0; i < s->count; i++)
        for (int k = 0; k < layer_read_count(&s->list[i]); k++) count += s->list[i].inputs[k] == value;
    return count;
}

/* The stage that alone reads the value, or -1. */
static int stages_find_only_reader(const struct stages *s, int value)
{
    if (stages_count_readers(s, value) != 1) return -1;
    for (int i = 0; i < s->count; i++)
        for (int k = 0; k < layer_read_count(&s->list[i]); k++)
            if (s->list[i].inputs[k] == value) return i;
    return -1;
}

static int stages_find_producer(const struct stages *s, int value)
{
    for (int i = 0; i < s->count; i++)
        if (s->list[i].output == value) return i;
    return -1;
}

/* Makes stage `to` of the two a layer with other edges; the slots of edges stay where they are. */
static void stages_rewire(struct stages *s, struct layer *l, int edge, int input, int output)
{
    s->inputs[edge] = input;
    s->input_shapes[edge] = s->shapes[input];
    l->inputs = s->inputs + edge;
    l->in = s->input_shapes + edge;
    l->output = output;
}

/* Whether the layer takes over a ReLU behind it without help: where there is no backward pass, every one
 * that can apply it. */
static bool stages_keeps_relu(const struct stages *s, const struct layer *l)
{
    return l->ops->keeps_relu || (l->ops->fuses_relu && !s->training);
}

/* Whether the layer before a ReLU takes it over anyway. */
static bool stages_can_keep(const struct stages *s, const struct layer *relu)
{
    int before = stages_find_producer(s, relu->inputs[0]);
    return before >= 0 && stages_keeps_relu(s, &s->list[before]) &&
           stages_count_readers(s, relu->inputs[0]) == 1;
}

/* max(relu(x)) = relu(max(x)), and where the maximum is not positive, or at the limit, neither order lets a gradient
 * through: after the pooling there are fewer elements to go over. */
static void stages_pool_first(struct stages *s)
{
    for (int i = 0; i < s->count; i++) {
        struct layer *relu = &s->list[i];
        int j = relu->ops->relu != 0 ? stages_find_only_reader(s, relu->output) : -1;
        if (j < 0 || !s->list[j].ops->is_max || stages_can_keep(s, relu)) continue;
        struct layer pool = s->list[j], after = *relu;
        int before = relu->inputs[0], between = relu->output, behind = pool.output;
        int first = (int)(relu->inputs - s->inputs), second = (int)(pool.inputs - s->inputs);
        s->shapes[between] = after.out = pool.out;
        stages_rewire(s, &pool, first, before, between);
        stages_rewire(s, &after, second, between, behind);
        s->list[i] = pool;
        s->list[j] = after;
    }
}

/* Between two layers that can, ReLU is applied where the first stores its output, and its gradient where the
 * second stores its own. A layer that keeps the ReLU needs no second one. */
static bool stages_find_fusion(const struct stages *s, int i, int *before, int *after)
{
    const struct layer *relu = &s->list[i];
    if (relu->ops->relu == 0 || stages_count_readers(s, relu->inputs[0]) != 1) return false;
    *before = stages_find_producer(s, relu->inputs[0]);
    *after = stages_find_only_reader(s, relu->output);
    if (*before < 0 || s->list[*before].relu_out != 0) return false; /* it has one, maybe of another limit */
    if (stages_keeps_relu(s, &s->list[*before])) return true;
    return s->list[*before].ops->fuses_relu && *after >= 0 && s->list[*after].ops->fuses_relu;
}

static void stages_remove(struct stages *s, int i)
{
    memmove(&s->list[i], &s->list[i + 1], (size_t)(s->count - i - 1) * sizeof *s->list);
    s->count--;
}

static void stages_fuse_relus(struct stages *s)
{
    int before, after;
    for (int i = 0; i < s->count; i++) {
        if (!stages_find_fusion(s, i, &before, &after)) continue;
        float limit = s->list[i].ops->relu;
        s->list[before].relu_out = limit;
        s->list[before].output = s->list[i].output;
        if (!stages_keeps_relu(s, &s->list[before])) s->list[after].relu_in = limit;
        stages_remove(s, i--);
    }
}

/* The stage takes the map of another layer, `map`, into its weight and bias. */
static void stages_take_map(struct stages *s, const struct graph *g, struct layer *l, const struct layer *map)
{
    struct tensor *folded = s->folded[l->index];
    const struct layer *unmapped = &g->layers[l->index];
    int64_t weights = mem_round_floats(tensor_count(&unmapped->tensors[0]));
    folded[0] = unmapped->tensors[0];
    folded[0].offset = 0;
    folded[1] = (struct tensor){.name = "bias", .rank = 1, .dims = {map->out.c}, .offset = weights};
    l->map = map;
    l->unmapped = unmapped;
    l->tensors = folded;
    l->tensor_count = 2;
    l->saved_bytes = (size_t)(weights + mem_round_floats(map->out.c)) * sizeof(float);
    l->output = map->output;
}

static void stages_fold_maps(struct stages *s, const struct graph *g)
{
    for (int i = 0; i < s->count; i++) {
        const struct layer *map = &g->layers[s->list[i].index];
        int before = stages_find_producer(s, s->list[i].inputs[0]);
        if (!map->ops->is_map || !map->ops->is_map(map) || before < 0) continue;
        struct layer *l = &s->list[before];
        if (!l->ops->takes_maps || l->map || stages_count_readers(s, l->output) != 1) continue;
        stages_take_map(s, g, l, map);
        stages_remove(s, i--);
    }
}

void stages_fold(const struct layer *l, const struct pass *pass)
{
    const struct layer *from = l->unmapped;
    const float *weight = pass->params + from->tensors[0].offset;
    const float *bias = from->tensor_count > 1 ? pass->params + from->tensors[1].offset : NULL;
    float *to = l->saved;
    int64_t row = tensor_count(&l->tensors[0]) / l->out.c;
    for (int64_t c = 0; c < l->out.c; c++) {
        double scale, shift;
        l->map->ops->get_map(l->map, pass, c, &scale, &shift);
        float factor = (float)scale;
        for (int64_t i = c * row; i < (c + 1) * row; i++) to[i] = weight[i] * factor;
        to[l->tensors[1].offset + c] = (float)((bias ? bias[c] : 0) * scale + shift);
    }
}

static enum status stages_copy(struct stages *s, const struct graph *g)
{
    size_t layers = (size_t)g->layer_count, edges = (size_t)g->edge_count;
    s->count = g->layer_count;
    s->value_count = g->layer_count + 1;
    TRY(mem_alloc(&s->list, layers, sizeof *s->list, "stages of the model"));
    TRY(mem_alloc(&s->inputs, edges, sizeof *s->inputs, "stages of the model"));
    TRY(mem_alloc(&s->input_shapes, edges, sizeof *s->input_shapes, "stages of the model"));
    TRY(mem_alloc(&s->folded, layers, sizeof *s->folded, "stages of the model"));
    TRY(mem_alloc(&s->shapes, layers + 1, sizeof *s->shapes, "stages of the model"));
    memcpy(s->list, g->layers, layers * sizeof *s->list);
    memcpy(s->inputs, g->inputs, edges * sizeof *s->inputs);
    memcpy(s->input_shapes, g->input_shapes, edges * sizeof *s->input_shapes);
    memcpy(s->shapes, g->shapes, (layers + 1) * sizeof *s->shapes);
    for (int i = 0; i < s->count; i++) {
        struct layer *l = &s->list[i];
        ptrdiff_t edge = l->inputs - g->inputs;
        l->inputs = s->inputs + edge;
        l->in = s->input_shapes + edge;
    }
    return STATUS_OK;
}

enum status stages_init(struct stages *s, const struct graph *g, bool training)
{
    *s = (struct stages){.training = training};
    enum status status = stages_copy(s, g);
    if (status != STATUS_OK) {
        stages_free(s);
        return status;
    }
    if (!training) stages_fold_maps(s, g);
    stages_pool_first(s);
    stages_fuse_relus(s);
    return STATUS_OK;
}

void stages_free(struct stages *s)
{
    mem_free(&s->list);
    mem_free(&s->inputs);
    mem_free(&s->input_shapes);
    mem_free(&s->shapes);
    mem_free(&s->folded);
}
