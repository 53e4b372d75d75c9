/* loss.h - losses: outputs and targets to a sum, a weight, and a gradient.
 *
 * Sums are never normalised here: the trainer adds them over virtual ranks and divides once by the total
 * weight, which makes a mean that of one process over the whole global batch. What the weight of a sample
 * is, each loss says (torch.nn: the weight of its class for cross entropy, the number of elements for BCE,
 * ...); reduction 'sum' divides by nothing. A sample's own weight multiplies all of it, loss, gradient and
 * weight, so that a mean is the weighted one: sklearn's sample_weight. NaN among the outputs of a sample,
 * even an ignored one, makes its loss NaN. Local functions. */
#ifndef NN_LOSSES_LOSS_H
#define NN_LOSSES_LOSS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arg.h"
#include "core/status.h"
#include "nn/losses/target.h"
#include "nn/output_range.h"

/* Sums over the live lanes of a pass; sums of these are sums over batches. */
struct loss_sums {
    double loss;     /* sum of weight * loss */
    double weight;   /* what a mean divides `loss` by */
    int64_t correct; /* positions with the right class, or with every label right; 0 for real values */
    int64_t valid;   /* positions with a target: label not ignored; a label without positions counts as one */
    int64_t count;   /* samples */
};

/* Adds `more` to `sum`. */
static inline void loss_sums_add(struct loss_sums *sum, const struct loss_sums *more)
{
    sum->loss += more->loss;
    sum->weight += more->weight;
    sum->correct += more->correct;
    sum->valid += more->valid;
    sum->count += more->count;
}

/* What the outputs of the network are to a loss; decides how to predict from them. */
enum loss_output {
    OUTPUT_LOGITS,       /* of classes: softmax gives probabilities; the first maximum is predicted */
    OUTPUT_LOG_PROBS,    /* of classes: exp gives probabilities */
    OUTPUT_SCORES,       /* of classes: the first maximum is predicted, there are no probabilities */
    OUTPUT_LABEL_LOGITS, /* of labels: sigmoid gives probabilities; on when above the threshold */
    OUTPUT_LABEL_PROBS,  /* of labels: probabilities */
    OUTPUT_LABEL_SCORES, /* of labels: on when above 0 */
    OUTPUT_VALUES,       /* real values */
    OUTPUT_LOG_VALUES,   /* logarithms of real values */
};

/* The three kinds of task, by what is predicted. */
enum task { TASK_CLASSES, TASK_LABELS, TASK_VALUES };
enum task loss_output_task(enum loss_output output);

/* One virtual rank's outputs and targets. Where labels have P positions, the arrays below have a row of `row`
 * elements for each: [K][P][row], [P][row]; the first `lanes` of a row are those of this virtual rank. Lanes are a
 * multiple of 16, or any number of live ones (or one dead lane) with row == lanes: then a class is one row without
 * gaps, P * lanes columns, and what is behind the last one is not touched. */
struct loss_batch {
    const struct kernels *kernels;
    const float *logits; /* outputs of the network, [K][stride] */
    float *dlogits;      /* [K][stride], or NULL in evaluation; dead lanes get zeros */
    int64_t classes;     /* K */
    int64_t lanes, live; /* of this virtual rank */
    int64_t stride;      /* floats from one class to the next: lanes of the pass, times P */
    int64_t positions;   /* P; 0 = 1 */
    int64_t row;         /* elements from one position to the next: lanes of the pass */
    /* [live]: the class, for TARGET_INDEX, _ONEHOT and _PROBS (first maximum); an ignored label as stored */
    const int32_t *labels;
    const float *targets; /* [K][stride] for all kinds but TARGET_INDEX */
    const float *weights; /* [live]: of samples, or NULL: all 1 */
    int64_t weight_row;   /* `row` if each position has its own weights; 0 = all have the sample's */
    float *scratch;       /* [K][stride], for a loss that asks for it (loss.scratch) */
    const double *totals; /* [loss.totals]: of the global batch; NULL = the loss has none, or in evaluation */
    double
        *losses; /* [live]: receives what each sample adds to loss_sums.loss; undefined for a loss that takes
                           no positions, where there are some */
    int32_t *predicted; /* [live]: receives the class, for TASK_CLASSES */
};

/* Returns the batch from a column on, as if its labels had no positions. */
static inline struct loss_batch loss_batch_from(const struct loss_batch *b, int64_t column)
{
    struct loss_batch one = *b;
    one.positions = 1;
    one.logits += column;
    if (b->dlogits) one.dlogits += column;
    if (b->labels) one.labels += column;
    if (b->targets) one.targets += column;
    if (b->weights && b->weight_row > 0) one.weights += column;
    if (b->scratch) one.scratch += column;
    if (b->predicted) one.predicted += column;
    return one;
}

/* Returns the batch at position `p` alone. */
static inline struct loss_batch loss_batch_at(const struct loss_batch *b, int64_t p)
{
    return loss_batch_from(b, p * b->row);
}

static inline int64_t loss_batch_positions(const struct loss_batch *b)
{
    return b->positions > 1 ? b->positions : 1;
}

/* The rows of columns that a batch is, each [columns], `row` apart: one for each position, or a single one of all
 * positions where nothing stands between them. */
struct loss_rows {
    int64_t count, columns;
    int64_t live; /* columns of each: the first ones */
};

static inline struct loss_rows loss_batch_rows(const struct loss_batch *b)
{
    int64_t positions = loss_batch_positions(b);
    bool alike = b->live == b->lanes || b->live == 0;
    int64_t joined = alike && b->row == b->lanes ? positions : 1;
    return (struct loss_rows){positions / joined, joined * b->lanes, joined * b->live};
}

/* Returns the sample of a column. */
static inline int64_t loss_batch_sample(const struct loss_batch *b, int64_t column)
{
    return b->positions > 1 ? column % b->row : column;
}

enum loss_reduction { LOSS_MEAN, LOSS_SUM };

#define LOSS_IGNORES_NONE INT64_MIN

/* A loss made ready for a network's K outputs. */
struct loss {
    const struct loss_ops *ops;
    struct arg_values args; /* of ops->args; borrowed */
    enum target_kind kind;  /* of the targets it gets */
    enum loss_output output;
    enum loss_reduction reduction;
    int64_t outputs;   /* K */
    int64_t positions; /* P: labels of a sample, each with K outputs */
    int64_t scratch;   /* floats of each lane that loss_batch.scratch has to have; 0 = none */
    int64_t totals;    /* sums over the global batch that `compute` needs (ops->measure); 0 = none */
    int64_t ignored; /* the label of samples without a target (torch's ignore_index), or LOSS_IGNORES_NONE */
    float threshold; /* of probabilities, for TASK_LABELS */
    const struct loss_list *list; /* of a sum of losses; borrowed */
    struct loss *parts;           /* [part_count]: of a sum; owned */
    int part_count;
    float *lists[ARG_MAX]; /* [K]: ARG_LIST arguments as float32, NULL if empty; owned */
};

struct layer_ops;
struct loss_list;

struct loss_ops {
    const char *name;
    const char *help;
    const struct arg *args;        /* "reduction" is the first one of every loss, LOSS_REDUCTION_ARG */
    unsigned targets;              /* the kinds it takes, TARGET_BIT each */
    double target_min, target_max; /* of TARGET_VALUES; both 0 = any */
    enum loss_output output;
    enum output_range needs; /* what the outputs of the last layer must be */
    int ignored_arg; /* position in `args` of the label of samples that are not counted; 0 = it has none */

    /* Looks at kind, outputs and arguments, whose lists have length K, and may change `output`;
     * NULL = nothing to look at. Errors: STATUS_CONFIG. */
    enum status (*prepare)(struct loss *l);
    bool positional; /* compute takes batches with positions; else it gets each as if it were a sample */
    struct loss_sums (*compute)(const struct loss *l, const struct loss_batch *b);

    /* Of a loss that is a function of sums over the global batch (l->totals > 0), otherwise NULL. `measure`
     * writes the sums of one virtual rank to totals[l->totals]; the caller adds those of the global batch in
     * the order of the summation tree and hands them to `compute` as b->totals. `value` returns the loss of
     * the totals alone: that of a whole set in evaluation, where `compute` gets no totals and adds nothing to
     * loss_sums.loss. */
    void (*measure)(const struct loss *l, const struct loss_batch *b, double *totals);
    double (*value)(const struct loss *l, const double *totals);
};

#define LOSS_REDUCTION_ARG                                                                                   \
    {                                                                                                        \
        .name = "reduction", .kind = ARG_CHOICE, .choices = loss_reductions,                                 \
        .help = "mean over the global batch, or sum"                                                         \
    }
extern const char *const loss_reductions[]; /* enum loss_reduction */
enum { LOSS_REDUCTION };                    /* its position in the table */

/* An argument of losses that have class weights. */
#define LOSS_MEAN_OVER_ARG                                                                                   \
    {                                                                                                        \
        .name = "mean_over", .kind = ARG_CHOICE, .choices = loss_mean_over,                                  \
        .help = "what a mean divides by: the sum of the class weights of all labels, as PyTorch, or the "    \
                "number of labels"                                                                           \
    }
extern const char *const loss_mean_over[];
enum { LOSS_MEAN_OVER_WEIGHTS, LOSS_MEAN_OVER_LABELS };

struct loss_spec {
    const struct loss_ops *ops;
    const struct arg_values *args; /* of ops->args; must outlive the loss */
    const struct loss_list *list;  /* of sum_of_losses; must outlive the loss */
    enum target_kind kind;         /* of the labels */
    int64_t outputs;               /* K */
    int64_t positions;             /* P; 0 = 1 */
    double threshold;              /* a label is predicted to be on where its probability is above it */
};

/* Errors: STATUS_CONFIG when kind, K or arguments do not fit together; memory. Then there is nothing to
 * release. */
enum status loss_init(struct loss *l, const struct loss_spec *spec);
void loss_free(struct loss *l);

/* Computes losses, predictions and, if asked for, the gradient of a batch with any number of positions. A
 * sample's gradient does not depend on the samples beside it, nor does its loss in passes of one kind (kernels.h). */
struct loss_sums loss_compute(const struct loss *l, const struct loss_batch *b);

/* STATUS_CONFIG if a network that ends with this kind of layer does not give what the loss needs
 * (probabilities, or their logarithms): its loss would be NaN, or without a lower bound. */
enum status loss_check_last_layer(const struct loss *l, const struct layer_ops *last);

/* The name of the argument that says which label is not counted (torch's ignore_index), and its value;
 * NULL if the loss has no such argument. */
const char *loss_ignored_label(const struct loss_ops *ops, const struct arg_values *args, int64_t *label);

/* Returns P. */
static inline int64_t loss_positions(const struct loss *l)
{
    return l->positions > 1 ? l->positions : 1;
}

static inline enum task loss_task(const struct loss *l)
{
    return loss_output_task(l->output);
}

/* A label is predicted to be on where its output is above this; for TASK_LABELS. */
float loss_cut(const struct loss *l);

/* What the reduction divides a sum of losses by; 0 = there was no valid target, or for a mean none with a
 * weight. */
static inline double loss_divisor(const struct loss *l, const struct loss_sums *sums)
{
    if (l->reduction == LOSS_SUM) return sums->valid > 0;
    return sums->weight;
}

const struct loss_ops *const *loss_registry(void);
const struct loss_ops *loss_find(const char *name);

#endif
