/* case_products.c - the three products of a convolution or a linear layer, as cases. */
#include <stdio.h>

#include "bench/case.h"

#define FLOAT ((int64_t)sizeof(float))

static void case_conv_forward(const struct bench_case *c)
{
    c->kernels->conv_forward(&c->window, c->weight, c->x, &(struct finish){.bias = c->weight}, c->y,
                             c->scratch);
}

static void case_conv_data(const struct bench_case *c)
{
    c->kernels->conv_backward_data(&c->window, c->weight, c->y, &(struct finish){0}, c->x, c->scratch);
}

static void case_conv_weight(const struct bench_case *c)
{
    c->kernels->conv_backward_weight(&c->window, c->x, c->y, c->weight, c->scratch);
}

void case_add_products(struct case_list *l, struct bench_case *shape, int64_t out, int64_t patch,
                       int64_t columns, void (*const run[3])(const struct bench_case *c), bool is_first)
{
    int64_t x = shape->x_floats * FLOAT, y = shape->y_floats * FLOAT, w = shape->weight_floats * FLOAT;
    shape->flops = 2 * (double)out * (double)patch * (double)columns;
    struct bench_case *c = case_add(l, shape, "forward");
    c->run = run[0];
    c->m = out, c->n = columns, c->k = patch;
    c->read = x + w, c->written = y;
    if (!is_first) { /* the gradient of the input is not needed */
        c = case_add(l, shape, "data gradient");
        c->run = run[1];
        c->m = patch, c->n = columns, c->k = out;
        c->read = y + w, c->written = x;
    }
    c = case_add(l, shape, "weight gradient");
    c->run = run[2];
    c->m = out, c->n = patch, c->k = columns;
    c->read = x + y, c->written = w;
}

struct window case_window(const struct case_conv *c)
{
    struct window w = {.in = {c->in, SHAPE_AXES, {1, 1, 1}}, .groups = c->groups};
    for (int axis = 0; axis < SHAPE_AXES; axis++) {
        bool slides = c->size[axis] > 1;
        w.in.d[axis] = c->size[axis];
        w.kernel[axis] = c->kernel[axis];
        w.stride[axis] = slides ? c->stride : 1;
        w.dilation[axis] = slides ? c->dilation : 1;
        w.pad_before[axis] = w.pad_after[axis] = slides ? c->padding : 0;
    }
    return w;
}

void case_add_conv(struct case_list *l, const char *name, const struct window *window, int64_t out,
                   bool is_first)
{
    static void (*const run[3])(const struct bench_case *c) = {case_conv_forward, case_conv_data,
                                                               case_conv_weight};
    struct bench_case shape = {.window = *window};
    struct window *w = &shape.window;
    window_place(w, out, w->in.rank);
    w->leaves = 1;
    int64_t depth = w->in.c / w->groups * window_taps(w);
    shape.x_floats = shape_features(w->in) * w->lanes;
    shape.y_floats = shape_features(w->out) * w->lanes;
    shape.weight_floats = out * depth;
    shape.scratch_floats = l->kernels->conv_scratch_floats(w);
    static const char *const products[] = {"", " blas", " bf16"}; /* enum products */
    snprintf(shape.name, sizeof shape.name, "%s%s", name, products[w->products]);
    case_add_products(l, &shape, out / w->groups, depth, shape_positions(w->out) * w->groups * w->lanes, run,
                      is_first);
}
