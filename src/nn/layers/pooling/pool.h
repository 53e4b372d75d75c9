/* pool.h - arguments and functions that all kinds of pooling share. */
#ifndef NN_LAYERS_POOLING_POOL_H
#define NN_LAYERS_POOLING_POOL_H

#include "nn/export/torch.h"
#include "nn/layers/layer.h"

/* Slots of the arguments that windows have; those of a kind follow. */
enum { POOL_KERNEL, POOL_STRIDE = SHAPE_AXES, POOL_PADDING = 2 * SHAPE_AXES, POOL_OTHERS = 3 * SHAPE_AXES };

/* clang-format off */
#define POOL_ARGS(rank)                                                                                      \
    {.name = "kernel", .alias = "kernel_size", .kind = ARG_INT, .default_value = ARG_REQUIRED, .min = 1,     \
     .max = 65536, .axes = rank, .help = "size of the window"},                                              \
    {.name = "stride", .kind = ARG_INT, .max = 65536, .axes = rank,                                          \
     .help = "stride of the window; 0 = kernel"},                                                            \
    {.name = "padding", .kind = ARG_INT, .max = 65536, .axes = rank,                                         \
     .help = "implicit padding on both sides, at most half of what the window covers"}
#define POOL_ARG_CEIL                                                                                        \
    {.name = "ceil_mode", .kind = ARG_BOOL, .later = true,                                                   \
     .help = "add a last window that reaches beyond the input"}

#define MAXPOOL_ARGS(rank)                                                                                   \
    {POOL_ARGS(rank),                                                                                        \
     {.name = "dilation", .kind = ARG_INT, .default_value = 1, .min = 1, .max = 65536, .axes = rank,         \
      .later = true, .help = "distance of the window's elements"},                                           \
     POOL_ARG_CEIL, ARG_END}
#define AVGPOOL_ARGS(rank)                                                                                   \
    {POOL_ARGS(rank), POOL_ARG_CEIL,                                                                         \
     {.name = "count_include_pad", .kind = ARG_BOOL, .default_value = 1, .later = true,                      \
      .help = "padding counts as zeros in the mean"},                                                        \
     {.name = "divisor_override", .kind = ARG_INT, .max = 1e9, .later = true,                                \
      .help = "divide sums by it; 0 = by the number of elements"},                                           \
     ARG_END}
#define ADAPTIVE_ARGS(rank)                                                                                  \
    {{.name = "size", .alias = "output_size", .kind = ARG_INT, .default_value = ARG_REQUIRED, .max = 65536,  \
      .axes = rank, .help = "size of the output; 0 = of the input"},                                         \
     ARG_END}
/* clang-format on */

/* The windows that the arguments describe, `out` not set; dilation 1. */
struct pool pool_describe(const struct layer *l, int64_t lanes);

/* Sets l->out to the windows that there are. Errors: STATUS_CONFIG when the window is larger than the padded
 * input, has no element in it, or the padding is too large. */
enum status pool_plan_windows(struct layer *l, struct pool *p, bool ceil);

/* Saved: the position of every maximum in its window. */
void pool_measure_max(struct layer *l, const struct pool *p);

/* Write the module of windows, with or without "nn." before it, as layer_torch.module. */
void pool_write_torch(const struct layer *l, FILE *out);
void pool_write_torch_class(const struct layer *l, FILE *out);

/* The input of a node of ONNX with as many axes as the output. */
int pool_onnx_input(const struct layer *l, struct onnx *g, const int *x);

/* The windows with padding behind as far as they reach, so that their number needs no ceil mode. */
struct window pool_exact_window(const struct pool *p);

/* maxpool.c */
enum status maxpool_plan(struct layer *l);
void maxpool_measure(struct layer *l);
void maxpool_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y);
void maxpool_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                      float *dy, float *const *dx);
int maxpool_onnx(const struct layer *l, struct onnx *g, const int *x);
void maxpool_write_torch(const struct layer *l, FILE *out);
void maxpool_write_torch_call(const struct layer *l, const struct torch_call *c);

/* avgpool.c */
enum status avgpool_plan(struct layer *l);
void avgpool_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y);
void avgpool_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                      float *dy, float *const *dx);
int avgpool_onnx(const struct layer *l, struct onnx *g, const int *x);

/* adaptive.c: any window whose size follows from that of the output; also where the output is one position. */
enum status adaptive_plan(struct layer *l);
enum status adaptive_plan_global(struct layer *l);
void adaptive_write_torch(const struct layer *l, FILE *out);
void adaptive_measure_max(struct layer *l);
void adaptive_forward_max(const struct layer *l, const struct pass *p, const float *const *x, float *y);
void adaptive_backward_max(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                           float *dy, float *const *dx);
void adaptive_forward_mean(const struct layer *l, const struct pass *p, const float *const *x, float *y);
void adaptive_backward_mean(const struct layer *l, const struct pass *p, const float *const *x,
                            const float *y, float *dy, float *const *dx);
int adaptive_onnx_max(const struct layer *l, struct onnx *g, const int *x);
int adaptive_onnx_mean(const struct layer *l, struct onnx *g, const int *x);

#endif
