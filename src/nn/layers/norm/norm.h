/* norm.h - what layers that normalise share. */
#ifndef NN_LAYERS_NORM_NORM_H
#define NN_LAYERS_NORM_NORM_H

#include "nn/export/onnx.h"
#include "nn/export/torch.h"
#include "nn/layers/layer.h"

/* Adds weight and bias, one for each channel, which begin with 1 and 0. Errors: STATUS_OTHER, memory. */
enum status norm_add_affine(struct layer *l);

/* Adds running_mean and running_var, which begin with 0 and 1. Errors: STATUS_OTHER, memory. */
enum status norm_add_running(struct layer *l, double momentum);

/* Writes "nn.BatchNorm2d(16" for the kind "BatchNorm", by the axes of the input, and the first arguments of the table. */
void norm_write_torch(const struct layer *l, const char *kind, int arguments, FILE *out);

/* What a channel goes through with this mean and factor, 1 / sqrt(variance + eps), and the layer's weight and
 * bias if it has them. */
struct channel_map norm_map(const struct layer *l, const struct pass *p, int64_t channel, double mean,
                            double factor);

/* The forward pass of a layer with running statistics: every lane is alike. Needs one struct channel_map per
 * channel of scratch. */
void norm_forward_running(const struct layer *l, const struct pass *p, double eps, const float *x, float *y);

/* ---- onnx.c ---- */

/* (x - mean) / sqrt(variance + eps) over some axes of a value of ONNX; not centred, the mean counts as 0. */
int norm_onnx_over(struct onnx *g, int x, int count, const int64_t *axes, double eps, bool centred);

/* The last axes from `first` on, 1 being the channels, as above. */
int norm_onnx_last(struct onnx *g, int x, struct shape shape, int first, double eps, bool centred);

/* Groups of channels as above. */
int norm_onnx_groups(const struct layer *l, struct onnx *g, int x, int64_t groups, double eps);

/* The layer's weight and bias for each channel, if it has them. */
int norm_onnx_affine(const struct layer *l, struct onnx *g, int y);

/* A layer with running statistics. */
int norm_onnx_running(const struct layer *l, struct onnx *g, int x, double eps);

/* How a sample falls into groups of values that are normalised together: with the lanes, matrices
 * [rows][columns] of its activation. A block of positions that are groups of their own lies in one matrix. */
struct norm_groups {
    int64_t count, stride; /* matrices, and floats of a lane from one to the next */
    int64_t rows, row_stride;
    int64_t positions, left; /* of a matrix, and of the last one */
    int64_t rows_per_weight;
    int64_t weights, weight_step; /* in all, and from one matrix to the next */
    bool centred;
};

/* Sets saved_bytes and scratch_bytes. */
void norm_measure_samples(struct layer *l, const struct norm_groups *g);

/* Forward and backward of a layer whose first tensors, if any, are weight and bias. */
void norm_forward_samples(const struct layer *l, const struct pass *p, const struct norm_groups *g,
                          double eps, const float *x, float *y);
void norm_backward_samples(const struct layer *l, const struct pass *p, const struct norm_groups *g,
                           double eps, const float *x, const float *dy, float *dx);

/* The groups of `channels` neighbouring channels each. */
struct norm_groups norm_group_channels(const struct layer *l, int64_t channels);

/* A sum over leaves that is added as the gradients of other layers are: as a balanced binary tree. The
 * operands come from left to right. */
struct norm_tree {
    float waiting[32];
    int64_t count; /* of operands so far */
    int height;
};

/* Without touching what waits: a tree is often as short as its one operand. */
static inline void norm_tree_begin(struct norm_tree *t)
{
    t->count = 0, t->height = 0;
}
void norm_tree_add(struct norm_tree *t, float operand);

/* Of a power of two of operands. */
float norm_tree_sum(const struct norm_tree *t);

#endif
