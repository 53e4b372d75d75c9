/* case_norms.c - the kernels of layers that normalise: channel after channel, as the layers call them. */
#include "bench/case.h"

#define FLOAT     ((int64_t)sizeof(float))
#define LANES     BENCH_LANES
#define CHANNELS  64
#define POSITIONS ((int64_t)24 * 24)
#define VALUES    (POSITIONS * LANES) /* of a channel */

static const struct channel_map map = {0.125f, 1.5f, 0.25f};
static const struct channel_slope slope = {1.5f, 0.5f, 0.125f};
static const struct channel_norm channel = {
    .channels = 1, .positions = POSITIONS, .lanes = LANES, .leaves = 1, .relu = RELU_UNLIMITED};

static void case_batchnorm_forward(const struct bench_case *c)
{
    double sums[2];
    for (int64_t at = 0; at < c->x_floats; at += VALUES) {
        c->kernels->norm_sums(&channel, c->x + at, sums);
        c->kernels->norm_apply(&channel, &map, c->x + at, c->y + at);
    }
}

static void case_batchnorm_backward(const struct bench_case *c)
{
    double sums[2];
    for (int64_t at = 0; at < c->x_floats; at += VALUES) {
        c->kernels->norm_gradient_sums(&channel, &map, c->x + at, c->y + at, sums);
        c->kernels->norm_gradient_apply(&channel, &map, &slope, c->x + at, c->y + at, c->scratch + at);
    }
}

/* Groups of `count` channels; weights of all channels, 1 and 0, lie behind the gradients. */
static struct sample_norm case_get_group(const struct bench_case *c)
{
    return (struct sample_norm){.count = 1,
                                .rows = c->count * POSITIONS,
                                .row_stride = LANES,
                                .columns = LANES,
                                .lanes = LANES,
                                .leaves = 1,
                                .rows_per_weight = POSITIONS,
                                .eps = 1e-5f,
                                .centred = true,
                                .weight = c->weight,
                                .bias = c->weight};
}

static void case_groupnorm_forward(const struct bench_case *c)
{
    struct sample_norm n = case_get_group(c);
    float moments[3 * LANES] __attribute__((aligned(64)));
    double scratch[SAMPLE_NORM_SCRATCH(LANES)];
    for (int64_t at = 0; at < c->x_floats; at += c->count * VALUES)
        c->kernels->norm_samples_forward(&n, c->x + at, c->y + at, moments, scratch);
}

static void case_groupnorm_backward(const struct bench_case *c)
{
    struct sample_norm n = case_get_group(c);
    float moments[3 * LANES] __attribute__((aligned(64))) = {0};
    double scratch[SAMPLE_NORM_SCRATCH(LANES)] __attribute__((aligned(64))), sums[2 * CHANNELS] = {0};
    for (int64_t at = 0; at < c->x_floats; at += c->count * VALUES)
        c->kernels->norm_samples_backward(&n, c->x + at, c->y + at, moments, c->scratch + at, sums, scratch);
}

void case_add_norms(struct case_list *l)
{
    const int64_t bytes = CHANNELS * VALUES * FLOAT;
    const struct bench_case each = {.count = 1,
                                    .x_floats = CHANNELS * VALUES,
                                    .y_floats = CHANNELS * VALUES,
                                    .weight_floats = CHANNELS,
                                    .scratch_floats = CHANNELS * VALUES};
    struct bench_case eight = each;
    eight.count = 8;
    case_add_plain(l, each, case_batchnorm_forward, "batchnorm, relu 64x24x24 forward", bytes, bytes);
    case_add_plain(l, each, case_batchnorm_backward, "batchnorm, relu 64x24x24 backward", 2 * bytes, bytes);
    case_add_plain(l, each, case_groupnorm_forward, "instancenorm 64x24x24 forward", bytes, bytes);
    case_add_plain(l, each, case_groupnorm_backward, "instancenorm 64x24x24 backward", 2 * bytes, bytes);
    case_add_plain(l, eight, case_groupnorm_forward, "groupnorm 8 64x24x24 forward", bytes, bytes);
    case_add_plain(l, eight, case_groupnorm_backward, "groupnorm 8 64x24x24 backward", 2 * bytes, bytes);
}
