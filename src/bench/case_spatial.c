/* case_spatial.c - the kernels along the spatial axes that are measured. */
#include "bench/case.h"

#define FLOAT ((int64_t)sizeof(float))
#define LANES BENCH_LANES

static void case_maxpool_forward(const struct bench_case *c)
{
    c->kernels->maxpool_forward(&c->pool, c->x, c->y, c->scratch);
}

static void case_maxpool_backward(const struct bench_case *c)
{
    c->kernels->maxpool_backward(&c->pool, c->scratch, c->y, c->x);
}

static void case_avgpool_forward(const struct bench_case *c)
{
    c->kernels->avgpool_forward(&c->pool, c->x, c->y);
}

static void case_avgpool_backward(const struct bench_case *c)
{
    c->kernels->avgpool_backward(&c->pool, c->y, c->x);
}

static void case_upsample_forward(const struct bench_case *c)
{
    c->kernels->upsample_forward(&c->upsample, c->x, c->y, c->scratch);
}

static void case_upsample_backward(const struct bench_case *c)
{
    c->kernels->upsample_backward(&c->upsample, c->y, c->x, c->scratch);
}

static void case_pad_forward(const struct bench_case *c)
{
    c->kernels->pad_forward(&c->pad, c->x, c->y);
}

static void case_prelu_backward(const struct bench_case *c)
{
    c->kernels->prelu_backward(&c->rows, c->weight, c->x, c->y, c->scratch, c->weight + c->rows.rows);
}

/* Layers along the axes of volumes and images: x is [32][16][16][16] or [64][24][24]. */
void case_add_spatial(struct case_list *l)
{
    const struct shape volume = {32, 3, {16, 16, 16}}, image = shape_2d(64, 24, 24);
    int64_t x = shape_features(volume) * LANES, y = shape_features(image) * LANES;
    struct bench_case pool = {.pool = {.window = window_even(volume, 3, 2, 2, 0)},
                              .x_floats = x,
                              .y_floats = x / 8,
                              .scratch_floats = x / 8};
    pool_place(&pool.pool, false, 32, 3);
    pool.pool.window.lanes = LANES;
    struct bench_case square = {.pool = {.window = window_even(image, 2, 2, 2, 0)},
                                .x_floats = y,
                                .y_floats = y / 4,
                                .scratch_floats = y / 4};
    pool_place(&square.pool, false, 64, 2);
    square.pool.window.lanes = LANES;
    struct bench_case mean = {.pool = {.window = window_even(image, 2, 1, 1, 0), .adaptive = true},
                              .x_floats = y,
                              .y_floats = 64 * LANES};
    mean.pool.window.out = shape_flat(64), mean.pool.window.lanes = LANES;
    struct bench_case up = {.upsample = {.in = {32, 3, {8, 8, 8}}, .out = volume, .lanes = LANES},
                            .x_floats = x / 8,
                            .y_floats = x,
                            .scratch_floats = 1024};
    struct bench_case smooth = up;
    smooth.upsample.linear = true;
    struct bench_case pad = {.pad = {.in = image, .lanes = LANES}, .x_floats = y};
    for (int axis = AXIS_H; axis <= AXIS_W; axis++)
        pad.pad.before[axis] = pad.pad.after[axis] = 1, pad.pad.mode[axis] = PAD_CIRCULAR;
    pad_place(&pad.pad);
    pad.y_floats = shape_features(pad.pad.out) * LANES;
    struct bench_case prelu = {.rows = {64, 24 * 24, LANES, 1},
                               .x_floats = y,
                               .y_floats = y,
                               .weight_floats = 128,
                               .scratch_floats = y};
    int64_t out = pad.y_floats * FLOAT;
    case_add_plain(l, square, case_maxpool_forward, "maxpool 2x2 64x24x24 forward", y * FLOAT, y + y / 4);
    case_add_plain(l, square, case_maxpool_backward, "maxpool 2x2 64x24x24 backward", y + y / 4, y * FLOAT);
    case_add_plain(l, pool, case_maxpool_forward, "maxpool 2x2x2 32x16x16x16 forward", x * FLOAT,
                   x / 2 + x / 8);
    case_add_plain(l, pool, case_maxpool_backward, "maxpool 2x2x2 32x16x16x16 backward", x / 2 + x / 8,
                   x * FLOAT);
    case_add_plain(l, mean, case_avgpool_forward, "global avgpool 64x24x24 forward", y * FLOAT,
                   64 * LANES * FLOAT);
    case_add_plain(l, mean, case_avgpool_backward, "global avgpool 64x24x24 backward", 64 * LANES * FLOAT,
                   y * FLOAT);
    case_add_plain(l, up, case_upsample_forward, "upsample nearest 32x8x8x8 forward", x / 2, x * FLOAT);
    case_add_plain(l, up, case_upsample_backward, "upsample nearest 32x8x8x8 backward", x * FLOAT, x / 2);
    case_add_plain(l, smooth, case_upsample_forward, "upsample linear 32x8x8x8 forward", x / 2, x * FLOAT);
    case_add_plain(l, smooth, case_upsample_backward, "upsample linear 32x8x8x8 backward", x * FLOAT, x / 2);
    case_add_plain(l, pad, case_pad_forward, "pad circular 1 64x24x24 forward", y * FLOAT, out);
    case_add_plain(l, prelu, case_prelu_backward, "prelu 64x24x24 backward", 2 * y * FLOAT, y * FLOAT);
}
