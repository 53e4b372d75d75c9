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

#define BLOCK 16 /* lanes come in multiples of it */

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

/* What 16 lanes count at one position, and their labels; dead and ignored ones count nothing. */
struct dice_lanes {
    float factor[BLOCK];
    int32_t label[BLOCK];
    int32_t live[BLOCK];
};

LOOP_BODY void dice_take_lanes(const struct loss *l, const struct loss_batch *b, int64_t p, int64_t n,
                               struct dice_lanes *lanes)
{
    bool by_label = l->kind != TARGET_MULTILABEL;
    for (int i = 0; i < BLOCK; i++) {
        bool live = n + i < b->live;
        lanes->live[i] = live;
        lanes->factor[i] = live ? b->weights ? b->weights[p * b->weight_row + n + i] : 1 : 0;
        lanes->label[i] = by_label && live ? b->labels[p * b->row + n + i] : 0;
        if (by_label && lanes->label[i] == l->ignored) lanes->factor[i] = 0;
    }
}

/* Probabilities and targets of output k in 16 lanes, 0 in dead ones; index labels have no targets in memory. */
LOOP_BODY void dice_take_output(const struct loss *l, const struct loss_batch *b, int64_t k, int64_t at,
                                const struct dice_lanes *lanes, float share[BLOCK], float target[BLOCK])
{
    for (int i = 0; i < BLOCK; i++) share[i] = lanes->live[i] ? b->scratch[k * b->stride + at + i] : 0;
    if (l->kind == TARGET_INDEX)
        for (int i = 0; i < BLOCK; i++) target[i] = lanes->label[i] == k;
    else
        for (int i = 0; i < BLOCK; i++) target[i] = lanes->live[i] ? b->targets[k * b->stride + at + i] : 0;
}

/* Lane by lane over positions, then over the lanes: the order depends on this virtual rank alone. */
LOOP_BODY void dice_sum_output_body(const struct loss *l, const struct loss_batch *b, int64_t k, double *sums)
{
    double overlap[BLOCK] = {0}, squares[BLOCK] = {0}, targets[BLOCK] = {0};
    for (int64_t p = 0; p < loss_batch_positions(b); p++)
        for (int64_t n = 0; n < b->lanes; n += BLOCK) {
            struct dice_lanes lanes;
            float t[BLOCK], share[BLOCK];
            dice_take_lanes(l, b, p, n, &lanes);
            dice_take_output(l, b, k, p * b->row + n, &lanes, share, t);
            for (int i = 0; i < BLOCK; i++) {
                overlap[i] += (double)(lanes.factor[i] * share[i] * t[i]);
                squares[i] += (double)(lanes.factor[i] * share[i] * share[i]);
                targets[i] += (double)(lanes.factor[i] * t[i] * t[i]);
            }
        }
    for (int i = 0; i < BLOCK; i++) {
        sums[OVERLAP] += overlap[i];
        sums[SQUARES] += squares[i];
        sums[TARGETS] += targets[i];
    }
}
LOOP_VERSIONS(dice_sum_output, (const struct loss *l, const struct loss_batch *b, int64_t k, double *sums),
              (l, b, k, sums))

static double dice_count_valid(const struct loss *l, const struct loss_batch *b)
{
    int64_t valid = loss_batch_positions(b) * b->live;
    for (int64_t p = 0; l->kind == TARGET_INDEX && p < loss_batch_positions(b); p++)
        for (int64_t n = 0; n < b->live; n++) valid -= b->labels[p * b->row + n] == l->ignored;
    return (double)valid;
}

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
    totals[DICE_SUMS * b->classes] = dice_count_valid(l, b);
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
LOOP_BODY void dice_output_gradient_body(const struct loss *l, const struct loss_batch *b, int64_t k,
                                         struct dice_slope slope)
{
    bool softmax = dice_is_softmax(l);
    for (int64_t p = 0; p < loss_batch_positions(b); p++)
        for (int64_t n = 0; n < b->lanes; n += BLOCK) {
            struct dice_lanes lanes;
            float t[BLOCK], share[BLOCK];
            int64_t at = p * b->row + n;
            float *dx = b->dlogits + k * b->stride + at;
            dice_take_lanes(l, b, p, n, &lanes);
            dice_take_output(l, b, k, at, &lanes, share, t);
            for (int i = 0; i < BLOCK; i++) {
                float g = lanes.factor[i] * (slope.on * t[i] + slope.own * share[i]);
                float rest = softmax ? 1 : share[i] * (1 - share[i]);
                dx[i] = lanes.factor[i] != 0 ? g * rest : 0;
            }
        }
}
LOOP_VERSIONS(dice_output_gradient,
              (const struct loss *l, const struct loss_batch *b, int64_t k, struct dice_slope slope),
              (l, b, k, slope))

/* dx_k = p_k (g_k - sum of g p) */
LOOP_BODY void dice_softmax_gradient_body(const struct loss_batch *b)
{
    for (int64_t p = 0; p < loss_batch_positions(b); p++)
        for (int64_t n = 0; n < b->lanes; n += BLOCK) {
            const float *share = b->scratch + p * b->row + n;
            float *dx = b->dlogits + p * b->row + n, mean[BLOCK] = {0};
            for (int64_t k = 0; k < b->classes; k++)
                for (int i = 0; i < BLOCK; i++) mean[i] += dx[k * b->stride + i] * share[k * b->stride + i];
            for (int64_t k = 0; k < b->classes; k++)
                for (int i = 0; i < BLOCK; i++) {
                    int64_t at = k * b->stride + i;
                    dx[at] = n + i < b->live ? share[at] * (dx[at] - mean[i]) : 0;
                }
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
