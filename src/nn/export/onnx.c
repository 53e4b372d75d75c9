/* onnx.c - keeps a graph of ONNX operators while it is built. */
#include "nn/export/onnx.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "nn/export/state_dict.h"

void onnx_init(struct onnx *g, const float *params)
{
    *g = (struct onnx){.params = params};
}

void onnx_free(struct onnx *g)
{
    for (int i = 0; i < g->count; i++) {
        mem_free(&g->values[i]->owned);
        mem_free(&g->values[i]);
    }
    mem_free(&g->values);
    g->count = 0;
}

void onnx_begin(struct onnx *g, const char *prefix)
{
    snprintf(g->prefix, sizeof g->prefix, "%s", prefix);
    g->prefix_first = g->count;
}

/* Adds a value, named after `what` if it has no name; returns ONNX_NONE where memory is short. */
static int onnx_add(struct onnx *g, enum onnx_kind kind, const char *what)
{
    if (g->status == STATUS_OK)
        g->status = mem_grow(&g->values, &g->room, g->count, sizeof *g->values, "ONNX graph");
    if (g->status == STATUS_OK)
        g->status = mem_alloc(&g->values[g->count], 1, sizeof **g->values, "ONNX graph");
    if (g->status != STATUS_OK) return ONNX_NONE;
    struct onnx_value *v = g->values[g->count];
    int number = g->count - g->prefix_first;
    v->kind = kind;
    if (number > 0)
        snprintf(v->name, sizeof v->name, "%s/%.40s_%d", g->prefix, what, number);
    else
        snprintf(v->name, sizeof v->name, "%s/%.40s", g->prefix, what);
    return g->count++;
}

int onnx_input(struct onnx *g, const char *name, enum onnx_type type, struct shape shape)
{
    int id = onnx_add(g, ONNX_INPUT, name);
    if (id == ONNX_NONE) return id;
    struct onnx_value *v = g->values[id];
    snprintf(v->name, sizeof v->name, "%s", name);
    v->type = type;
    v->rank = 1 + shape_dims(shape, v->dims + 1);
    return id;
}

/* ---- nodes ---- */

int onnx_node(struct onnx *g, const char *op, int count, const int *inputs)
{
    assert(count <= LAYER_MAX_INPUTS);
    int id = onnx_add(g, ONNX_NODE, op);
    if (id == ONNX_NONE) return id;
    struct onnx_value *v = g->values[id];
    v->op = op;
    v->input_count = count;
    memcpy(v->inputs, inputs, (size_t)count * sizeof *inputs);
    return id;
}

/* A value has one name: what has a name already, goes through a node that does nothing. */
void onnx_output(struct onnx *g, const char *name, int x, struct shape shape)
{
    if (g->status == STATUS_OK && (g->values[x]->kind != ONNX_NODE || g->values[x]->is_output))
        x = ONNX_NODE(g, "Identity", x);
    if (g->status != STATUS_OK) return;
    struct onnx_value *v = g->values[x];
    snprintf(v->name, sizeof v->name, "%s", name);
    v->is_output = true;
    v->type = ONNX_F32;
    v->rank = 1 + shape_dims(shape, v->dims + 1);
}

/* The attribute is one that no graph sees, where memory is short. */
static struct onnx_attribute *onnx_set(struct onnx *g, const char *name, enum onnx_attribute_kind kind)
{
    static _Thread_local struct onnx_attribute unused;
    if (g->status != STATUS_OK) return &unused;
    struct onnx_value *v = g->values[g->count - 1];
    assert(v->kind == ONNX_NODE && v->attribute_count < ONNX_ATTRIBUTES);
    struct onnx_attribute *a = &v->attributes[v->attribute_count++];
    *a = (struct onnx_attribute){.name = name, .kind = kind};
    return a;
}

void onnx_set_int(struct onnx *g, const char *name, int64_t value)
{
    onnx_set(g, name, ONNX_INT)->ints[0] = value;
}

void onnx_set_real(struct onnx *g, const char *name, double value)
{
    onnx_set(g, name, ONNX_REAL)->real = (float)value;
}

void onnx_set_text(struct onnx *g, const char *name, const char *value)
{
    onnx_set(g, name, ONNX_TEXT)->text = value;
}

void onnx_set_ints(struct onnx *g, const char *name, int count, const int64_t *values)
{
    struct onnx_attribute *a = onnx_set(g, name, ONNX_INTS);
    assert(count <= 2 * SHAPE_AXES);
    a->count = count;
    memcpy(a->ints, values, (size_t)count * sizeof *values);
}

/* ---- tensors ---- */

static bool onnx_is_tensor(const struct onnx_value *v, const void *data, int rank, const int64_t *dims)
{
    return v->kind == ONNX_TENSOR && v->data == data && v->rank == rank &&
           memcmp(v->dims, dims, (size_t)rank * sizeof *dims) == 0;
}

int onnx_parameter_as(struct onnx *g, const struct layer *l, int tensor, int rank, const int64_t *dims)
{
    const struct tensor *t = &l->tensors[tensor];
    const float *data = g->params + t->offset;
    for (int i = 0; i < g->count; i++)
        if (onnx_is_tensor(g->values[i], data, rank, dims)) return i;
    int id = onnx_add(g, ONNX_TENSOR, t->name);
    if (id == ONNX_NONE) return id;
    struct onnx_value *v = g->values[id];
    char name[STATE_DICT_NAME];
    state_dict_name(l, t->name, name);
    bool taken = false;
    for (int i = 0; i < id; i++) taken |= strcmp(g->values[i]->name, name) == 0;
    if (!taken) snprintf(v->name, sizeof v->name, "%s", name);
    v->type = ONNX_F32;
    v->rank = rank;
    memcpy(v->dims, dims, (size_t)rank * sizeof *dims);
    v->data = data;
    return id;
}

int onnx_parameter(struct onnx *g, const struct layer *l, int tensor)
{
    const struct tensor *t = &l->tensors[tensor];
    return onnx_parameter_as(g, l, tensor, t->rank, t->dims);
}

/* Adds a tensor of zeros; *values is NULL where memory is short. */
static int onnx_new(struct onnx *g, enum onnx_type type, size_t size, int rank, const int64_t *dims,
                    void **values)
{
    int id = onnx_add(g, ONNX_TENSOR, "constant");
    *values = NULL;
    if (id == ONNX_NONE) return id;
    struct onnx_value *v = g->values[id];
    size_t count = 1;
    for (int i = 0; i < rank; i++) count *= (size_t)dims[i];
    g->status = mem_alloc(&v->owned, count, size, "ONNX graph");
    v->type = type;
    v->rank = rank;
    if (rank > 0) memcpy(v->dims, dims, (size_t)rank * sizeof *dims);
    v->data = *values = v->owned;
    return id;
}

int onnx_new_floats(struct onnx *g, int rank, const int64_t *dims, float **values)
{
    void *data;
    int id = onnx_new(g, ONNX_F32, sizeof **values, rank, dims, &data);
    *values = data;
    return id;
}

int onnx_new_ints(struct onnx *g, int rank, const int64_t *dims, int64_t **values)
{
    void *data;
    int id = onnx_new(g, ONNX_I64, sizeof **values, rank, dims, &data);
    *values = data;
    return id;
}

int onnx_scalar(struct onnx *g, double value)
{
    float *data;
    int id = onnx_new_floats(g, 0, NULL, &data);
    if (data) *data = (float)value;
    return id;
}

int onnx_ints(struct onnx *g, int64_t count, const int64_t *values)
{
    int64_t *data;
    int id = onnx_new_ints(g, 1, &count, &data);
    if (data) memcpy(data, values, (size_t)count * sizeof *values);
    return id;
}

int onnx_channels(struct onnx *g, const struct layer *l, int tensor, struct shape shape)
{
    int64_t dims[1 + SHAPE_AXES] = {l->tensors[tensor].dims[0], 1, 1, 1};
    return onnx_parameter_as(g, l, tensor, 1 + shape.rank, dims);
}

/* ---- shapes ---- */

int onnx_axis(struct shape shape, int axis)
{
    int at = axis - (SHAPE_AXES - shape.rank);
    return at < 0 ? -1 : 2 + at;
}

int onnx_reshape(struct onnx *g, int x, struct shape from, struct shape to)
{
    int64_t dims[ONNX_AXES] = {0}; /* 0: as it is */
    if (shape_equal(from, to)) return x;
    int rank = 1 + shape_dims(to, dims + 1);
    return ONNX_NODE(g, "Reshape", x, onnx_ints(g, rank, dims));
}

int onnx_group(struct onnx *g, int x, int64_t groups)
{
    return ONNX_NODE(g, "Reshape", x, onnx_ints(g, 3, (int64_t[]){0, groups, -1}));
}

int onnx_slice(struct onnx *g, int x, int axis, int64_t first, int64_t end)
{
    int starts = onnx_ints(g, 1, &first), ends = onnx_ints(g, 1, &end);
    return ONNX_NODE(g, "Slice", x, starts, ends, onnx_ints(g, 1, &(int64_t){axis}));
}

int onnx_gather(struct onnx *g, int x, int axis, int indices)
{
    int y = ONNX_NODE(g, "Gather", x, indices);
    onnx_set_int(g, "axis", axis);
    return y;
}

int onnx_same(const struct layer *l, struct onnx *g, const int *x)
{
    (void)l, (void)g;
    return x[0];
}
