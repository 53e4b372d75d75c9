/* vector.h - a flat vector of tensors in one process, for tests of the update. */
#ifndef OPTIM_VECTOR_H
#define OPTIM_VECTOR_H

#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "optim/update.h"

#define TENSORS_MAX  16
#define FIRST_VALUES 99 /* the stream of the parameters' initial values */

/* Tensors that begin inside a cell, are shorter than one, or span several: weights and biases in turns. */
static const int64_t small[] = {54, 3, 999, 37, 111, 3, 3, 1};
static const int64_t large[] = {54, 3, 999, 37, 70300, 1900, 77900, 41, 41, 1};

/* A flat vector of tensors. */
struct layout {
    struct update_tensor tensors[TENSORS_MAX];
    int64_t counts[TENSORS_MAX]; /* without the gaps */
    int64_t tensor_count, floats;
};

static inline struct layout lay_out(const int64_t *sizes, size_t count)
{
    struct layout l = {.tensor_count = (int64_t)count};
    for (size_t i = 0; i < count; i++) {
        l.tensors[i] = (struct update_tensor){
            .first = l.floats, .count = mem_round_floats(sizes[i]), .lr_factor = 1, .decay_factor = 1};
        l.counts[i] = sizes[i];
        l.floats += l.tensors[i].count;
    }
    return l;
}

/* In [-1, 1), from a mixed count. */
static inline float mix(uint64_t stream, int64_t i)
{
    uint64_t z = (uint64_t)i * 64 + stream + 1;
    z *= 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 31)) * 0xbf58476d1ce4e5b9;
    return (float)(int32_t)(z >> 32) * 0x1p-31f;
}

/* Summed gradients; the gaps between tensors are zero, as those of a model are. */
static inline void fill(const struct layout *l, uint64_t stream, float size, float *to)
{
    memset(to, 0, (size_t)l->floats * sizeof *to);
    for (int64_t t = 0; t < l->tensor_count; t++)
        for (int64_t i = 0; i < l->counts[t]; i++)
            to[l->tensors[t].first + i] = size * mix(stream, l->tensors[t].first + i);
}

/* The vector of one process, visited in ranges of `cells` cells, from its end to its start if `reversed`. */
struct vector {
    int64_t floats, cells;
    bool reversed;
    float *params, *gradient, *slots[UPDATE_SLOTS];
    int64_t merged; /* values, in the last step */
};

static inline void visit_all(void *self, update_visit *visit, void *visitor)
{
    struct vector *v = self;
    int64_t size = v->cells * UPDATE_CELL, ranges = (v->floats + size - 1) / size;
    for (int64_t i = 0; i < ranges; i++) {
        int64_t first = (v->reversed ? ranges - 1 - i : i) * size, left = v->floats - first;
        float *slots[UPDATE_SLOTS];
        for (int k = 0; k < UPDATE_SLOTS; k++) slots[k] = v->slots[k] ? v->slots[k] + first : NULL;
        visit(visitor, first, left < size ? left : size, v->params + first, v->gradient + first, slots);
    }
}

static inline void count_merged(void *self, double *values, int64_t count)
{
    (void)values;
    ((struct vector *)self)->merged += count;
}

static inline void create_vector(struct vector *v, const struct layout *l, int slots)
{
    size_t count = (size_t)l->floats;
    v->floats = l->floats;
    CHECK_STATUS(mem_alloc(&v->params, count, sizeof(float), "test"), STATUS_OK);
    CHECK_STATUS(mem_alloc(&v->gradient, count, sizeof(float), "test"), STATUS_OK);
    for (int i = 0; i < slots; i++)
        CHECK_STATUS(mem_alloc(&v->slots[i], count, sizeof(float), "test"), STATUS_OK);
    fill(l, FIRST_VALUES, 0.2f, v->params);
}

static inline void destroy_vector(struct vector *v)
{
    mem_free(&v->params), mem_free(&v->gradient);
    for (int i = 0; i < UPDATE_SLOTS; i++) mem_free(&v->slots[i]);
}

#endif
