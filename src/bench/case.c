/* case.c - the kernels that are measured, with their shapes and operands. */
#include "bench/case.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "optim/optim.h"

#define FLOAT ((int64_t)sizeof(float))
#define LANES BENCH_LANES

static void case_linear_forward(const struct bench_case *c)
{
    c->kernels->linear_forward(&c->linear, c->weight, c->weight, c->x, c->y);
}

static void case_linear_data(const struct bench_case *c)
{
    c->kernels->linear_backward_data(&c->linear, c->weight, c->y, c->x);
}

static void case_linear_weight(const struct bench_case *c)
{
    c->kernels->linear_backward_weight(&c->linear, c->x, c->y, c->weight, c->scratch);
}

static void case_add_convs(struct case_list *l)
{
    static const struct {
        int64_t in, size, out, kernel, padding;
    } table[] = {{1, 28, 6, 5, 0},    {6, 12, 12, 5, 0},   {1, 28, 32, 3, 0},   {32, 26, 64, 3, 0},
                 {3, 32, 64, 3, 1},   {64, 32, 64, 3, 1},  {64, 16, 128, 3, 1}, {128, 16, 128, 3, 1},
                 {128, 8, 256, 3, 1}, {256, 8, 256, 3, 1}, {16, 32, 16, 3, 1},  {64, 16, 64, 5, 2}};
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        int64_t in = table[i].in, size = table[i].size, out = table[i].out, kernel = table[i].kernel;
        struct window w = window_even(shape_2d(in, size, size), 2, kernel, 1, table[i].padding);
        w.lanes = LANES;
        char name[64];
        snprintf(name, sizeof name, "conv %dx%d %d to %d, %dx%d", (int)kernel, (int)kernel, (int)in, (int)out,
                 (int)size, (int)size);
        case_add_conv(l, name, &w, out, in <= 3);
    }
}

/* Whether products of a window are made of bfloat16. */
static bool case_rounds(const struct case_list *l, struct window w, int64_t out)
{
    w.leaves = 1;
    window_place(&w, out, w.in.rank);
    enum conv_rule rule = l->kernels->conv_find_rule(&w);
    return rule != CONV_RULE_DEPTHWISE && rule != CONV_RULE_WINOGRAD;
}

/* One convolution of each way there is, beside the same through BLAS and with products of bfloat16. A transposed
 * convolution such as that of U-Nets is the 2x2/2 one backwards: its forward pass is the data gradient. */
static void case_add_ways(struct case_list *l)
{
    static const struct case_conv table[] = {
        {"conv 3x3 32 to 32, 16x16", 32, 32, 1, {1, 16, 16}, {1, 3, 3}, 1, 1, 1},
        {"conv 3x3/2 16 to 32, 32x32", 16, 32, 1, {1, 32, 32}, {1, 3, 3}, 2, 1, 1},
        {"conv 1x1 64 to 384, 8x8", 64, 384, 1, {1, 8, 8}, {1, 1, 1}, 1, 1, 0},
        {"conv1d 3 dilated 4 64 to 64, 512", 64, 64, 1, {1, 1, 512}, {1, 1, 3}, 1, 4, 4},
        {"conv1d 11 300 to 200, 50", 300, 200, 1, {1, 1, 50}, {1, 1, 11}, 1, 1, 5},
        {"depthwise 3x3 144, 16x16", 144, 144, 144, {1, 16, 16}, {1, 3, 3}, 1, 1, 1},
        {"depthwise 3x3/2 144, 16x16", 144, 144, 144, {1, 16, 16}, {1, 3, 3}, 2, 1, 1},
        {"conv 2x2/2 32 to 64, 32x32", 32, 64, 1, {1, 32, 32}, {1, 2, 2}, 2, 1, 0},
        {"one position 1024 to 1024", 1024, 1024, 1, {1, 1, 1}, {1, 1, 1}, 1, 1, 0},
        {"conv3d 3x3x3 16 to 32, 8x8x8", 16, 32, 1, {8, 8, 8}, {3, 3, 3}, 1, 1, 1},
    };
    for (size_t i = 0; i < 3 * sizeof table / sizeof table[0]; i++) {
        struct window w = case_window(&table[i / 3]);
        w.lanes = LANES;
        w.products = (enum products)(i % 3);
        w.transposed = w.kernel[AXIS_W] == 2;
        if (w.products == PRODUCTS_BF16 && !case_rounds(l, w, table[i / 3].out)) continue;
        case_add_conv(l, table[i / 3].name, &w, table[i / 3].out, false);
    }
}

static void case_add_linears(struct case_list *l)
{
    static const int64_t sizes[][2] = {{784, 1024}, {1024, 1024}, {4096, 4096}}, lanes[] = {16, 64, 256};
    static void (*const run[3])(const struct bench_case *c) = {case_linear_forward, case_linear_data,
                                                               case_linear_weight};
    for (int i = 0; i < 9; i++) {
        int64_t in = sizes[i / 3][0], out = sizes[i / 3][1], n = lanes[i % 3];
        struct bench_case shape = {.linear = {.in = in, .out = out, .lanes = n, .leaves = 1},
                                   .x_floats = in * n,
                                   .y_floats = out * n,
                                   .weight_floats = in * out};
        shape.scratch_floats = l->kernels->linear_scratch_floats(&shape.linear);
        snprintf(shape.name, sizeof shape.name, "linear %d to %d, %d lanes", (int)in, (int)out, (int)n);
        case_add_products(l, &shape, out, in, n, run, false);
    }
}

static void case_relu_forward(const struct bench_case *c)
{
    c->kernels->relu_forward(c->x_floats, RELU_UNLIMITED, c->x, c->x);
}

static void case_relu_backward(const struct bench_case *c)
{
    c->kernels->relu_backward(c->x_floats, RELU_UNLIMITED, c->y, c->x, c->x);
}

static void case_tanh_forward(const struct bench_case *c)
{
    c->kernels->activation_forward(&(struct activation){.kind = ACTIVATION_TANH}, c->x_floats, c->x, c->y);
}

static void case_gelu_forward(const struct bench_case *c)
{
    c->kernels->activation_forward(&(struct activation){.kind = ACTIVATION_GELU}, c->x_floats, c->x, c->y);
}

static void case_gelu_backward(const struct bench_case *c)
{
    c->kernels->activation_backward(&(struct activation){.kind = ACTIVATION_GELU}, c->x_floats, c->x, c->y,
                                    c->scratch);
}

static void case_log_softmax_forward(const struct bench_case *c)
{
    c->kernels->log_softmax_forward(c->count, c->x_floats / c->count, c->x, c->y);
}

static void case_log_softmax_backward(const struct bench_case *c)
{
    c->kernels->log_softmax_backward(c->count, c->x_floats / c->count, c->x, c->y, c->scratch);
}

static void case_sum_rows(const struct bench_case *c)
{
    c->kernels->sum_rows(c->count, c->x_floats / c->count / LANES, LANES, 1, c->x, c->y);
}

static struct dropout_draw case_get_dropout(const struct bench_case *c)
{
    static const int64_t first_sample = 0;
    return (struct dropout_draw){.first_samples = &first_sample,
                                 .features = c->x_floats / LANES,
                                 .together = 1,
                                 .lanes = LANES,
                                 .leaves = 1,
                                 .p = 0.5f};
}

static void case_dropout_forward(const struct bench_case *c)
{
    struct dropout_draw draw = case_get_dropout(c);
    c->kernels->dropout_forward(&draw, c->x, c->y, (uint16_t *)c->scratch);
}

static void case_dropout_backward(const struct bench_case *c)
{
    struct dropout_draw draw = case_get_dropout(c);
    c->kernels->dropout_backward(&draw, (const uint16_t *)c->scratch, c->y, c->x);
}

static void case_softmax(const struct bench_case *c)
{
    c->kernels->softmax(c->x, c->count, LANES, LANES, LANES, (const int32_t *)c->scratch, c->y,
                        (double *)(void *)c->weight, NULL);
}

static void case_bce_logits(const struct bench_case *c)
{
    struct loss_terms terms = {.form = TERMS_BCE_LOGITS,
                               .x = c->x,
                               .targets = c->scratch,
                               .outputs = c->count,
                               .stride = LANES,
                               .lanes = LANES,
                               .live = LANES};
    c->kernels->loss_terms(&terms, c->y, (double *)(void *)c->weight);
}

#define ROWS 4096 /* samples to choose from: beyond a core's own caches */

static struct gather case_get_gather(const struct bench_case *c)
{
    static const float scale = 2, shift = -1;
    return (struct gather){.channels = 1,
                           .per_channel = c->count,
                           .lanes = LANES,
                           .live = LANES,
                           .stride = LANES,
                           .scale = &scale,
                           .shift = &shift};
}

/* A sample per lane, scattered over all rows as in a shuffled epoch, and others in the next call. */
static int64_t case_get_row(const struct bench_case *c, int64_t lane)
{
    uint32_t *calls = (uint32_t *)(void *)c->scratch;
    if (lane == 0) calls[0]++;
    return (calls[0] * LANES + lane) * 2654435761 % ROWS;
}

static void case_gather_u8(const struct bench_case *c)
{
    struct gather g = case_get_gather(c);
    const uint8_t *rows[LANES];
    for (int64_t i = 0; i < LANES; i++) rows[i] = (const uint8_t *)c->x + case_get_row(c, i) * c->count;
    c->kernels->gather_u8(&g, rows, c->y);
}

static void case_gather_f32(const struct bench_case *c)
{
    struct gather g = case_get_gather(c);
    const float *rows[LANES];
    for (int64_t i = 0; i < LANES; i++) rows[i] = c->x + case_get_row(c, i) * c->count;
    c->kernels->gather_f32(&g, rows, c->y);
}

/* The first optimizer of the table, with its default arguments. */
static void case_update(const struct bench_case *c)
{
    const struct optim_ops *ops = optim_registry()[0];
    double args[ARG_MAX];
    arg_defaults(ops->args, args);
    struct optim_step step = optim_begin(c->kernels, ops, args, 1e-6, 0, 1);
    float *slots[OPTIM_SLOTS] = {NULL};
    for (int i = 0; i < ops->slots; i++) slots[i] = c->scratch + i * c->x_floats;
    optim_update(&step, c->x_floats, c->x, c->y, slots);
}

static void case_add_others(struct case_list *l)
{
    int64_t x = 64 * 24 * 24 * LANES, features = 784 * LANES, params = 1 << 20;
    struct bench_case plain = {.count = 64, .x_floats = x, .y_floats = x, .scratch_floats = x};
    struct bench_case logits = {.count = 10,
                                .x_floats = 10 * LANES,
                                .y_floats = 10 * LANES,
                                .weight_floats = 2 * LANES,
                                .scratch_floats = LANES};
    struct bench_case labels = {.count = 784,
                                .x_floats = features,
                                .y_floats = features,
                                .weight_floats = 2 * LANES,
                                .scratch_floats = features};
    struct bench_case samples = {
        .count = 784, .x_floats = 784 * ROWS, .y_floats = features, .scratch_floats = 16};
    const struct optim_ops *ops = optim_registry()[0];
    struct bench_case update = {
        .x_floats = params, .y_floats = params, .scratch_floats = ops->slots * params};
    char update_name[32];
    snprintf(update_name, sizeof update_name, "%s 1M", ops->name);
    case_add_plain(l, plain, case_relu_forward, "relu 64x24x24 forward", x * FLOAT, x * FLOAT);
    case_add_plain(l, plain, case_relu_backward, "relu 64x24x24 backward", 2 * x * FLOAT, x * FLOAT);
    case_add_plain(l, plain, case_tanh_forward, "tanh 64x24x24 forward", x * FLOAT, x * FLOAT);
    case_add_plain(l, plain, case_gelu_forward, "gelu 64x24x24 forward", x * FLOAT, x * FLOAT);
    case_add_plain(l, plain, case_gelu_backward, "gelu 64x24x24 backward", 2 * x * FLOAT, x * FLOAT);
    case_add_plain(l, plain, case_log_softmax_forward, "log_softmax 64x24x24 forward", x * FLOAT, x * FLOAT);
    case_add_plain(l, plain, case_log_softmax_backward, "log_softmax 64x24x24 backward", 2 * x * FLOAT,
                   x * FLOAT);
    case_add_plain(l, plain, case_sum_rows, "sum_rows 64x24x24", x * FLOAT, 64 * FLOAT);
    case_add_plain(l, plain, case_dropout_forward, "dropout 64x24x24 forward", x * FLOAT, x * FLOAT + x / 8);
    case_add_plain(l, plain, case_dropout_backward, "dropout 64x24x24 backward", x * FLOAT + x / 8,
                   x * FLOAT);
    case_add_plain(l, logits, case_softmax, "softmax 10", 10 * LANES * FLOAT, 10 * LANES * FLOAT);
    case_add_plain(l, labels, case_bce_logits, "bce_with_logits 784", 2 * features * FLOAT, features * FLOAT);
    case_add_plain(l, samples, case_gather_u8, "gather u8 784", features, features * FLOAT);
    case_add_plain(l, samples, case_gather_f32, "gather f32 784", features * FLOAT, features * FLOAT);
    case_add_plain(l, update, case_update, update_name, (2 + ops->slots) * params * FLOAT,
                   (1 + ops->slots) * params * FLOAT);
}

int bench_case_list(const struct kernels *kernels, struct bench_case cases[BENCH_CASES])
{
    struct case_list l = {.kernels = kernels, .cases = cases};
    case_add_convs(&l);
    case_add_ways(&l);
    case_add_few(&l);
    case_add_linears(&l);
    case_add_others(&l);
    case_add_spatial(&l);
    case_add_norms(&l);
    return l.count;
}
