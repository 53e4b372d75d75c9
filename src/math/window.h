/* window.h - the window of a convolution or a pooling, axis by axis.
 *
 * Arrays are indexed by enum shape_axis (depth, height, width). An axis along which the window does not slide
 * has kernel, stride and dilation 1 and no padding. An output at position o of an axis sees the inputs
 *     o * stride - pad_before + k * dilation,  k = 0 ... kernel - 1
 * of which those outside of the input are padding. */
#ifndef MATH_WINDOW_H
#define MATH_WINDOW_H

#include "math/shape.h"

/* Who computes the matrix products of convolutions and linear layers, and of what. */
enum products {
    PRODUCTS_AUTO, /* our own kernels where they are the faster ones, by a fixed rule on shapes, else BLAS */
    PRODUCTS_BLAS, /* BLAS, always */
    PRODUCTS_BF16, /* as auto, but direct convolutions, weight gradients from panels and linear layers multiply
                      numbers that are rounded to bfloat16 */
};

/* The rules by which a convolution's products find their way (vec/conv/rules.c), in the order in which they are asked. */
enum conv_rule {
    CONV_RULE_BLAS,      /* PRODUCTS_BLAS */
    CONV_RULE_DEPTHWISE, /* every channel a group of its own: in place */
    CONV_RULE_WINOGRAD,  /* 3x3 of any depth, stride 1, enough channels and positions: Winograd's algorithm */
    CONV_RULE_CHANNELS,  /* many channels: direct; the weight gradient from panels of runs */
    CONV_RULE_OUTER,     /* few channels: direct; the weight gradient lane by lane */
    CONV_RULE_REST, /* volumes of few channels, lanes that fill vectors: direct; the weight gradient by BLAS */
    CONV_RULES,
};

struct window {
    struct shape in, out;
    int64_t kernel[SHAPE_AXES], stride[SHAPE_AXES], dilation[SHAPE_AXES];
    int64_t pad_before[SHAPE_AXES], pad_after[SHAPE_AXES];
    int64_t lanes, leaves; /* of all virtual ranks of the pass side by side, and how many these are */
    /* Of convolutions: [leaves], how many lanes of each hold samples; NULL: all. In the others gradients are zeros,
     * and results may be set to zero in place of being computed. */
    const int64_t *live;

    /* Of convolutions only. Output channel o of group o / (out.c / groups) sees the in.c / groups channels of
     * that group. */
    int64_t groups;
    bool
        any_lanes; /* passes of this run have any number of lanes: one that happens to have a multiple of 16 takes
                        the ways of the others, so that a sample gets the same bits in all */
    bool transposed; /* a transposed convolution runs it backwards: its data gradient is the forward pass */
    enum products products;
};

/* Returns how many lanes of a leaf must be computed: those with samples, rounded up to whole blocks of `block`
 * lanes, and one block at least. */
static inline int64_t window_used_lanes(const struct window *w, int64_t leaf, int64_t block)
{
    int64_t own = w->lanes / w->leaves, live = w->live ? w->live[leaf] : own;
    return live < 1 ? block : (live + block - 1) / block * block;
}

/* Returns a window that is the same along the last `axes` axes of `in`; `out` is not set. */
static inline struct window window_even(struct shape in, int axes, int64_t kernel, int64_t stride,
                                        int64_t padding)
{
    struct window w = {.in = in, .lanes = 16, .leaves = 1, .groups = 1};
    for (int i = 0; i < SHAPE_AXES; i++) {
        bool slides = i >= SHAPE_AXES - axes;
        w.kernel[i] = slides ? kernel : 1;
        w.stride[i] = slides ? stride : 1;
        w.dilation[i] = 1;
        w.pad_before[i] = w.pad_after[i] = slides ? padding : 0;
    }
    return w;
}

/* Sets `out` to as many positions as the window finds along each axis (floor mode of PyTorch), of `channels`
 * channels and `rank` axes. Returns false, and `out` is of no use, where the window is larger than the padded
 * input. */
static inline bool window_place(struct window *w, int64_t channels, int rank)
{
    w->out = (struct shape){channels, rank, {1, 1, 1}};
    for (int i = 0; i < SHAPE_AXES; i++) {
        int64_t covered = (w->kernel[i] - 1) * w->dilation[i] + 1;
        int64_t room = w->in.d[i] + w->pad_before[i] + w->pad_after[i] - covered;
        if (room < 0) return false;
        w->out.d[i] = room / w->stride[i] + 1;
    }
    return true;
}

/* Returns how many elements of a channel the window covers. */
static inline int64_t window_taps(const struct window *w)
{
    return w->kernel[AXIS_D] * w->kernel[AXIS_H] * w->kernel[AXIS_W];
}

/* Returns whether the window slides over height and width alone. */
static inline bool window_is_flat(const struct window *w)
{
    return w->in.d[AXIS_D] == 1 && w->out.d[AXIS_D] == 1 && w->kernel[AXIS_D] == 1 &&
           w->pad_before[AXIS_D] == 0;
}

/* Returns whether height and width have no padding. */
static inline bool window_is_inside(const struct window *w)
{
    return w->pad_before[AXIS_H] == 0 && w->pad_after[AXIS_H] == 0 && w->pad_before[AXIS_W] == 0 &&
           w->pad_after[AXIS_W] == 0;
}

#endif
