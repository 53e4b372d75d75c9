/* init.h - how a parameter tensor starts: the kinds of torch.nn.init.
 *
 * Values are a pure function of seed, number of the tensor and position, the same bits on every machine: Philox
 * words, and arithmetic that rounds the same way everywhere. Local functions. */
#ifndef NN_INIT_INIT_H
#define NN_INIT_INIT_H

#include <stdint.h>

#include "core/arg.h"

#define INIT_ARGS 4

struct init_ops;

/* A choice of the user. */
struct init {
    const struct init_ops *ops; /* NULL = none was made */
    double args[INIT_ARGS];
};

/* A tensor in PyTorch's shape and order. */
struct init_tensor {
    int rank;
    const int64_t *dims;
    uint64_t seed, number; /* key the random numbers */
};

struct init_ops {
    const char *name, *help;
    const struct arg *args;
    int min_rank; /* of the tensor */

    /* Fills values[product of dims]; NULL for the default: what the layer says. */
    void (*fill)(const double *args, const struct init_tensor *t, float *values);
};

/* Returns a kind by position, NULL after the last, and by name, or NULL. The first is PyTorch's default. */
const struct init_ops *init_at(int index);
const struct init_ops *init_find(const char *name);

/* Fills `values` with uniform numbers in [center - bound, center + bound). */
void init_fill_default(const struct init_tensor *t, float center, float bound, float *values);

/* Makes the rows of a matrix [rows][columns] orthonormal if there are at most as many as columns, otherwise its
 * columns, by Gram and Schmidt's process in the order of the vectors; scales them by `gain`. */
void orthogonal_make(int64_t rows, int64_t columns, double gain, float *values);

#endif
