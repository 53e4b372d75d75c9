/* dice.c - soft Dice loss: the overlap of probabilities and targets over the whole global batch. */
#include <string.h>

#include "nn/losses/parts.h"

static const char *const activations[] = {"auto", "sigmoid", "softmax", NULL};
enum { AUTO, SIGMOID, SOFTMAX };

static const struct arg args[] = {
    {.name = "reduction",
     .kind = ARG_CHOICE,
     .choices = loss_reductions,
     .help = "mean over the outputs, or sum"},
    {.name = "activation",
     .kind = ARG_CHOICE,
     .choices = activations,
     .help =
         "how outputs become probabilities; auto = softmax for classes, sigmoid for labels that are on or "
         "off"},
    {.name = "eps",
     .kind = ARG_REAL,
     .default_value = 1e-6,
     .min = 1e-30,
     .max = 1e30,
     .help = "minimum of the denominator"},
    {.name = "ignore_index",
     .kind = ARG_INT,
     .default_value = -100,
     .min = INT32_MIN,
     .max = INT32_MAX,
     .help = "positions with this class index are ignored"},
    ARG_END,
};
enum { ACTIVATION = LOSS_REDUCTION + 1, EPS, IGNORE_INDEX };

/* The totals: of each output the sums of p t, p^2 and t^2, then the number of valid positions. */
enum { OVERLAP, SQUARES, TARGETS, DICE_SUMS };

#define BLOCK 16 /* columns that are taken together */

static bool dice_is_softmax(const struct loss *l)
{
    int choice = (int)l->args.of[ACTIVATION];
    return choice == AUTO ? l->kind != TARGET_MULTILABEL : choice == SOFTMAX;
}

static enum status dice_prepare(struct loss *l)
{
    bool labels = l->kind == TARGET_MULTILABEL;
    if (labels && dice_is_softmax(l))
        return status_fail(STATUS_CONFIG,
                           "loss.activation: softmax is for classes, but the labels are on or off, each for "
                           "itself; use sigmoid");
    l->output = labels ? OUTPUT_LABEL_LOGITS : dice_is_softmax(l) ? OUTPUT_LOGITS : OUTPUT_SCORES;
    l->totals = DICE_SUMS * l->outputs + 1;
    l->scratch = l->outputs * loss_positions(l);
    return STATUS_OK;
}

/* What up to 16 columns of a row count, and their labels; dead and ignored ones count nothing. */
struct dice_columns {
    float factor[BLOCK];
    int32_t label[BLOCK];
    int32_t live[BLOCK];
};

/* The weights of columns from `at` on, live or not; where samples have them, those of at, at + 1, ... */
LOOP_BODY void dice_take_weights(const struct loss_batch *b, int64_t at, int count, struct dice_columns *c)
{
    for (int i = 0; i < count; i++) c->factor[i] = 1;
    if (b->weights && b->weight_row > 0)
        for (int i = 0; i < count; i++) c->factor[i] = c->live[i] ? b->weights[at + i] : 0;
    if (!b->weights || b->weight_row > 0) return;
    int64_t sample = loss_batch_sample(b, at);
    for (int i = 0; i < count; i++) {
        c->factor[i] = c->live[i] ? b->weights[sample] : 0;
        sample = sample + 1 < b->lanes ? sample + 1 : 0;
    }
}

LOOP_BODY void dice_take_columns(const struct loss *l, const struct loss_batch *b, int64_t at, int count,
                                 int64_t live, struct dice_columns *c)
{
    bool by_label = l->kind != TARGET_MULTILABEL;
    for (int i = 0; i < count; i++) {
        c->live[i] = i < live;
        c->label[i] = by_label && c->live[i] ? b->labels[at + i] : 0;
    }
    dice_take_weights(b, at, count, c);
    for (int i = 0; i < count; i++)
        if (!c->live[i] || (by_label && c->label[i] == l->ignored)) c->factor[i] = 0;
}

/* Probabilities and targets of output k, 0 in dead columns; index labels have no targets in memory. */
LOOP_BODY void dice_take_output(const struct loss *l, const struct loss_batch *b, int64_t k, int64_t at,
                                int count, const struct dice_columns *c, float share[BLOCK],
                                float target[BLOCK])
{
    for (int i = 0; i < count; i++) share[i] = c->live[i] ? b->scratch[k * b->stride + at + i] : 0;
    if (l->kind == TARGET_INDEX)
        for (int i = 0; i < count; i++) target[i] = c->label[i] == k;
    else
        for (int i = 0; i < count; i++) target[i] = c->live[i] ? b->targets[k * b->stride + at + i] : 0;
}

/* The sums of one output: those of column n of a row are in accumulator n % 16. */
struct dice_partial {
    double overlap[BLOCK], squares[BLOCK], targets[BLOCK];
};

LOOP_BODY void dice_sum_columns(const struct loss *l, const struct loss_batch *b, int64_t k, int64_t at,
                                int count, int64_t live, struct dice_partial *sum)
{
    struct dice_columns c;
    float t[BLOCK], share[BLOCK];
    dice_take_columns(l, b, at, count, live, &c);
    dice_take_output(l, b, k, at, count, &c, share, t);
    for (int i = 0; i < count; i++) {
        sum->overlap[i] += (double)(c.factor[i] * share[i] * t[i]);
        sum->squares[i] += (double)(c.factor[i] * share[i] * share[i]);
        sum->targets[i] += (double)(c.factor[i] * t[i] * t[i]);
    }
}

/* The order of the sums depends on this virtual rank alone. */
LOOP_BODY void dice_sum_output_body(const struct loss *l, const struct loss_batch *b, int64_t k, double *sums)
{
    struct loss_rows rows = loss_batch_rows(b);
    struct dice_partial sum = {{0}, {0}, {0}};
    for (int64_t r = 0; r < rows.count; r++)
        for (int64_t n = 0; n < rows.columns; n += BLOCK) {
            int64_t at = r * b->row + n, left = rows.columns - n;
            if (left >= BLOCK)
                dice_sum_columns(l, b, k, at, BLOCK, rows.live - n, &sum);
            else
                dice_sum_columns(l, b, k, at, (int)left, rows.live - n, &sum);
        }
    for (int i = 0; i < BLOCK; i++) {
        sums[OVERLAP] += sum.overlap[i];
        sums[SQUARES] += sum.squares[i];
        sums[TARGETS] += sum.targets[i];
    }
}
LOOP_VERSIONS(dice_sum_output, (const struct loss *l, const struct loss_batch *b, int64_t k, double *sums),
              (l, b, k, sums))

static void dice_find_shares(const struct loss *l, const struct loss_batch *b)
{
    b->kernels->loss_shares(&(struct loss_shares){.x = b->logits,
                                                  .classes = b->classes,
                                                  .stride = b->stride,
                                                  .positions = loss_batch_positions(b),
                                                  .row = b->row,
                                                  .lanes = b->lanes,
                                                  .softmax = dice_is_softmax(l)},
                            b->scratch);
}

static void dice_measure(const struct loss *l, const struct loss_batch *b, double *totals)
{
    memset(totals, 0, (size_t)l->totals * sizeof *totals);
    dice_find_shares(l, b);
    for (int64_t k = 0; k < b->classes; k++)
        dice_sum_output[b->kernels->number](l, b, k, totals + DICE_SUMS * k);
    totals[DICE_SUMS * b->classes] = (double)loss_count_valid(l, b);
}

static double dice_denominator(const struct loss *l, const double *sums)
{
    double sum = sums[SQUARES] + sums[TARGETS], eps = l->args.of[EPS];
    return sum < eps ? eps : sum;
}

static double dice_value(const struct loss *l, const double *totals)
{
    double sum = 0;
    for (int64_t k = 0; k < l->outputs; k++) {
        const double *sums = totals + DICE_SUMS * k;
        sum += 1 - 2 * sums[OVERLAP] / dice_denominator(l, sums);
    }
    return l->reduction == LOSS_SUM ? sum : sum / (double)l->outputs;
}

/* The derivative of the loss with respect to a probability is on * t + own * p. */
struct dice_slope {
    float on, own;
};

static struct dice_slope dice_slope(const struct loss *l, const double *sums, double scale)
{
    double size = dice_denominator(l, sums), eps = l->args.of[EPS];
    bool constant = size == eps; /* the maximum does not depend on p */
    return (struct dice_slope){.on = (float)(-2 * scale / size),
                               .own = constant ? 0 : (float)(4 * scale * (sums[OVERLAP] / size) / size)};
}

/* Writes factor * slope of output k into dlogits, for sigmoid times p (1 - p); for softmax it is still the
 * derivative with respect to p. */
LOOP_BODY void dice_columns_gradient(const struct loss *l, const struct loss_batch *b, int64_t k,
                                     struct dice_slope slope, int64_t at, int count, int64_t live)
{
    bool softmax = dice_is_softmax(l);
    struct dice_columns c;
    float t[BLOCK], share[BLOCK], *dx = b->dlogits + k * b->stride + at;
    dice_take_columns(l, b, at, count, live, &c);
    dice_take_output(l, b, k, at, count, &c, share, t);
    for (int i = 0; i < count; i++) {
        float g = c.factor[i] * (slope.on * t[i] + slope.own * share[i]);
        float rest = softmax ? 1 : share[i] * (1 - share[i]);
        dx[i] = c.factor[i] != 0 ? g * rest : 0;
    }
}

LOOP_BODY void dice_output_gradient_body(const struct loss *l, const struct loss_batch *b, int64_t k,
                                         struct dice_slope slope)
{
    struct loss_rows rows = loss_batch_rows(b);
    for (int64_t r = 0; r < rows.count; r++)
        for (int64_t n = 0; n < rows.columns; n += BLOCK) {
            int64_t at = r * b->row + n, left = rows.columns - n;
            if (left >= BLOCK)
                dice_columns_gradient(l, b, k, slope, at, BLOCK, rows.live - n);
            else
                dice_columns_gradient(l, b, k, slope, at, (int)left, rows.live - n);
        }
}
LOOP_VERSIONS(dice_output_gradient,
              (const struct loss *l, const struct loss_batch *b, int64_t k, struct dice_slope slope),
              (l, b, k, slope))

/* dx_k = p_k (g_k - sum of g p) */
LOOP_BODY void dice_softmax_columns(const struct loss_batch *b, int64_t at, int count, int64_t live)
{
    const float *share = b->scratch + at;
    float *dx = b->dlogits + at, mean[BLOCK] = {0};
    for (int64_t k = 0; k < b->classes; k++)
        for (int i = 0; i < count; i++) mean[i] += dx[k * b->stride + i] * share[k * b->stride + i];
    for (int64_t k = 0; k < b->classes; k++)
        for (int i = 0; i < count; i++) {
            int64_t to = k * b->stride + i;
            dx[to] = i < live ? share[to] * (dx[to] - mean[i]) : 0;
        }
}

LOOP_BODY void dice_softmax_gradient_body(const struct loss_batch *b)
{
    struct loss_rows rows = loss_batch_rows(b);
    for (int64_t r = 0; r < rows.count; r++)
        for (int64_t n = 0; n < rows.columns; n += BLOCK) {
            int64_t at = r * b->row + n, left = rows.columns - n;
            if (left >= BLOCK)
                dice_softmax_columns(b, at, BLOCK, rows.live - n);
            else
                dice_softmax_columns(b, at, (int)left, rows.live - n);
        }
}
LOOP_VERSIONS(dice_softmax_gradient, (const struct loss_batch *b), (b))

static void dice_gradient(const struct loss *l, const struct loss_batch *b, double scale)
{
    dice_find_shares(l, b);
    for (int64_t k = 0; k < b->classes; k++)
        dice_output_gradient[b->kernels->number](l, b, k, dice_slope(l, b->totals + DICE_SUMS * k, scale));
    if (dice_is_softmax(l)) dice_softmax_gradient[b->kernels->number](b);
}

/* Every virtual rank has the share of the loss that its valid positions are. A mean is later divided by their
 * number, so loss and gradient are multiplied by it: then means over steps count positions. */
static struct loss_sums dice_compute(const struct loss *l, const struct loss_batch *b)
{
    for (int64_t n = 0; n < b->live; n++) b->losses[n] = 0;
    if (loss_task(l) == TASK_CLASSES) loss_predict(b);
    struct loss_sums sums = l->kind == TARGET_INDEX ? loss_total_classes(l, b, NULL) : loss_total(l, b, 1);
    sums.weight = (double)sums.valid;
    if (!b->totals) return sums;
    double valid = b->totals[DICE_SUMS * l->outputs], scale = l->reduction == LOSS_SUM ? 1 : valid;
    if (valid > 0) sums.loss = dice_value(l, b->totals) * scale * ((double)sums.valid / valid);
    if (b->dlogits) dice_gradient(l, b, l->reduction == LOSS_SUM ? 1 : scale / (double)l->outputs);
    return sums;
}

extern const struct loss_ops loss_dice;
const struct loss_ops loss_dice = {
    .name = "dice",
    .help =
        "1 - 2 sum(p t) / max(sum(p^2) + sum(t^2), eps) of each output, p the probabilities, with sums over "
        "all positions of the whole global batch (Milletari et al., V-Net, 2016)",
    .args = args,
    .ignored_arg = IGNORE_INDEX,
    .targets = TARGET_BIT(TARGET_INDEX) | TARGET_BIT(TARGET_ONEHOT) | TARGET_BIT(TARGET_PROBS) |
               TARGET_BIT(TARGET_MULTILABEL),
    .output = OUTPUT_LOGITS,
    .prepare = dice_prepare,
    .positional = true,
    .compute = dice_compute,
    .measure = dice_measure,
    .value = dice_value,
};
