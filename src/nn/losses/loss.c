/* loss.c - makes a loss ready for a model's outputs: checks its labels and arguments. */
#include "nn/losses/loss.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "core/mem.h"
#include "math/columns.h"

const char *const loss_reductions[] = {"mean", "sum", NULL};
const char *const loss_mean_over[] = {"weights", "labels", NULL};

enum task loss_output_task(enum loss_output output)
{
    if (output <= OUTPUT_SCORES) return TASK_CLASSES;
    return output <= OUTPUT_LABEL_SCORES ? TASK_LABELS : TASK_VALUES;
}

/* sigmoid(x) > p if x > log(p / (1 - p)). */
float loss_cut(const struct loss *l)
{
    if (l->output == OUTPUT_LABEL_PROBS) return l->threshold;
    return l->output == OUTPUT_LABEL_LOGITS ? logf(l->threshold / (1 - l->threshold)) : 0;
}

/* Writes "index, onehot". */
static void loss_kinds_text(unsigned kinds, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int k = 0; k < TARGET_KINDS; k++)
        if (kinds & TARGET_BIT(k) && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", target_name(k));
}

/* Converts argument `index`, if it is a list, to float32; it must have one value per output. */
static enum status loss_convert_list(struct loss *l, int index)
{
    const struct arg *arg = &l->ops->args[index];
    int64_t count = (int64_t)l->args.of[index];
    if (arg->kind != ARG_LIST || count == 0) return STATUS_OK;
    if (count != l->outputs)
        return status_fail(STATUS_CONFIG,
                           "loss.%s has %" PRId64 " values but the model has %" PRId64
                           " outputs; give one value per output",
                           arg->name, count, l->outputs);
    TRY(mem_alloc(&l->lists[index], (size_t)count, sizeof(float), "list of the loss"));
    for (int64_t k = 0; k < count; k++) l->lists[index][k] = (float)l->args.list[index][k];
    return STATUS_OK;
}

static enum status loss_prepare(struct loss *l)
{
    const struct loss_ops *ops = l->ops;
    if (!(ops->targets & TARGET_BIT(l->kind))) {
        char kinds[64];
        loss_kinds_text(ops->targets, kinds, sizeof kinds);
        return status_fail(
            STATUS_CONFIG,
            "loss.name: %s takes labels of kind %s, not %s; use another loss, or set data.labels", ops->name,
            kinds, target_name(l->kind));
    }
    if (l->kind == TARGET_INDEX) loss_ignored_label(ops, &l->args, &l->ignored);
    for (int i = 0; ops->args[i].name; i++) TRY(loss_convert_list(l, i));
    return ops->prepare ? ops->prepare(l) : STATUS_OK;
}

enum status loss_init(struct loss *l, const struct loss_spec *spec)
{
    *l = (struct loss){.ops = spec->ops,
                       .args = *spec->args,
                       .list = spec->list,
                       .kind = spec->kind,
                       .output = spec->ops->output,
                       .reduction = spec->args->of[LOSS_REDUCTION] == 1 ? LOSS_SUM : LOSS_MEAN,
                       .outputs = spec->outputs,
                       .positions = spec->positions ? spec->positions : 1,
                       .ignored = LOSS_IGNORES_NONE,
                       .threshold = (float)spec->threshold};
    enum status status = loss_prepare(l);
    if (status != STATUS_OK) loss_free(l);
    return status;
}

/* Computes `count` columns of a batch without gaps as if each were a sample. */
static struct loss_sums loss_compute_columns(const struct loss *l, const struct loss_batch *b, int64_t first,
                                             int64_t count)
{
    double losses[COLUMNS_WIDE];
    float weights[COLUMNS_WIDE];
    struct loss_batch part = loss_batch_from(b, first);
    part.lanes = count;
    part.live = b->live > 0 ? count : 0;
    part.losses = losses;
    if (b->weights && b->weight_row == 0) {
        for (int64_t i = 0; i < part.live; i++) weights[i] = b->weights[loss_batch_sample(b, first + i)];
        part.weights = weights;
    }
    return l->ops->compute(l, &part);
}

struct loss_sums loss_compute(const struct loss *l, const struct loss_batch *b)
{
    if (b->positions <= 1 || l->ops->positional) return l->ops->compute(l, b);
    struct loss_sums sums = {0};
    int64_t columns = b->positions * b->lanes;
    bool dense = b->lanes % COLUMNS_BLOCK != 0;
    for (int64_t at = 0; dense && at < columns; at += COLUMNS_WIDE) {
        int64_t left = columns - at;
        struct loss_sums more = loss_compute_columns(l, b, at, left < COLUMNS_WIDE ? left : COLUMNS_WIDE);
        loss_sums_add(&sums, &more);
    }
    for (int64_t p = 0; !dense && p < b->positions; p++) {
        struct loss_batch one = loss_batch_at(b, p);
        struct loss_sums more = l->ops->compute(l, &one);
        loss_sums_add(&sums, &more);
    }
    sums.count = b->live;
    return sums;
}

const char *loss_ignored_label(const struct loss_ops *ops, const struct arg_values *args, int64_t *label)
{
    if (!ops->ignored_arg) return NULL;
    *label = (int64_t)args->of[ops->ignored_arg];
    return ops->args[ops->ignored_arg].name;
}

void loss_free(struct loss *l)
{
    for (int i = 0; i < ARG_MAX; i++) mem_free(&l->lists[i]);
    for (int i = 0; i < l->part_count; i++) loss_free(&l->parts[i]);
    l->part_count = 0;
    mem_free(&l->parts);
}
