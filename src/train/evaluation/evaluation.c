/* evaluation.c - exact scores of a model on a data set. */
#include "train/evaluation/evaluation.h"

#include <assert.h>
#include <math.h>

#include "core/log.h"
#include "core/mem.h"
#include "core/system/stop.h"
#include "comm/activity.h"

/* Allocates the keys of all samples and as much scratch, on the ranks that sort a label. */
static enum status evaluation_allocate(struct evaluation *e)
{
    int64_t samples = dataset_info(e->data)->samples * e->loss->positions;
    if (comm_rank(e->comm) >= scores_ranked(e->scores)) return STATUS_OK;
    TRY(mem_alloc(&e->keys, (size_t)samples, sizeof *e->keys, "scores to rank"));
    return mem_alloc(&e->scratch, (size_t)samples, sizeof *e->scratch, "scores to rank");
}

/* Says once that the metrics of order are left out. */
static void evaluation_warn_unranked(const struct evaluation *e)
{
    enum scores_kind kind = scores_kind(e->scores);
    bool ordered = kind == SCORES_TWO_CLASSES || kind == SCORES_BINARY || kind == SCORES_LABELS;
    if (!ordered || scores_ranked(e->scores) > 0 || comm_rank(e->comm) != 0) return;
    log_warn(
        "%s: has too many positions to order their scores: there will be no roc_auc and average_precision",
        dataset_locator(e->data));
}

enum status evaluation_init(struct evaluation *e, const struct evaluation_spec *spec)
{
    int64_t rank = comm_rank(spec->comm), ranks = comm_size(spec->comm), lanes = spec->batch->lanes;
    TRY(dataset_check_labels(spec->data, spec->loss->outputs));
    TRY(dataset_check_positions(spec->data, spec->label_positions));
    TRY(dataset_check_counts(spec->data));
    TRY(normal_check(spec->normal, spec->data));
    int64_t blocks = (dataset_info(spec->data)->samples + lanes - 1) / lanes;
    *e = (struct evaluation){.comm = spec->comm,
                             .model = spec->model,
                             .data = spec->data,
                             .normal = spec->normal,
                             .loss = spec->loss,
                             .batch = spec->batch,
                             .leaves = spec->batch->leaves,
                             .first = blocks * rank / ranks,
                             .end = blocks * (rank + 1) / ranks};
    const struct normal *targets = spec->batch->target_normal;
    struct scores_spec scores = {.loss = spec->loss,
                                 .samples = dataset_info(spec->data)->samples,
                                 .blocks = e->end - e->first,
                                 .lanes = lanes,
                                 .top_k = spec->top_k,
                                 .target_std = targets ? targets->std : NULL};
    enum status status = scores_create(&e->scores, &scores);
    if (status == STATUS_OK) status = evaluation_allocate(e);
    if (status == STATUS_OK)
        evaluation_warn_unranked(e);
    else
        evaluation_free(e);
    return status;
}

void evaluation_free(struct evaluation *e)
{
    scores_destroy(&e->scores);
    mem_free(&e->keys);
    mem_free(&e->scratch);
}

/* `first` is the block of the first leaf. */
static void evaluation_find_bad_layer(struct evaluation *e, const struct pass *pass, int64_t first)
{
    for (int64_t i = 0; i < pass->leaves && !e->went_wrong; i++) {
        double sum = e->batch->sums[i].loss;
        const double *totals = scores_loss_totals(e->scores, first + i - e->first);
        for (int64_t k = 0; k < e->loss->totals; k++) sum += totals[k];
        if (isfinite(sum)) continue;
        e->went_wrong = true;
        e->bad = model_first_bad(e->model, pass);
    }
}

/* Runs blocks first .. first + count - 1 in one pass. */
static void evaluation_run_blocks(struct evaluation *e, const float *params, int64_t first, int64_t count)
{
    struct batch *b = e->batch;
    activity_set_phase(ACTIVITY_EVALUATING);
    batch_take_blocks(b, dataset_info(e->data)->samples, first, count);
    batch_load(b, e->data, e->normal, model_input(e->model));
    struct pass pass = {.params = params, .live = b->live, .lanes = batch_lanes(b), .leaves = count};
    const float *outputs = model_forward(e->model, &pass);
    batch_loss(b, e->loss, outputs, NULL, NULL);
    for (int64_t i = 0; i < count; i++) {
        struct loss_batch view = batch_view(b, e->loss, outputs, NULL, i);
        scores_add(e->scores, first + i - e->first, &view, &b->sums[i]);
        if (e->loss->totals)
            e->loss->ops->measure(e->loss, &view, scores_loss_totals(e->scores, first + i - e->first));
    }
    evaluation_find_bad_layer(e, &pass, first);
}

static void evaluation_fold(void *self, double *totals)
{
    scores_fold(self, totals);
}

/* Gathers the keys of a label on one rank, positive samples before negative ones. */
static void evaluation_gather_keys(struct evaluation *e, int64_t label, int rank)
{
    uint32_t *to = e->keys;
    for (int on = 1; on >= 0; on--) {
        int64_t count;
        const uint32_t *mine = scores_keys(e->scores, label, on, &count);
        int64_t all = comm_gather_words(e->comm, rank, mine, count, to);
        if (rank == comm_rank(e->comm)) to += all;
    }
}

/* Rank k % P sorts label k: after each round of messages all ranks sort one label each. */
static void evaluation_rank_labels(struct evaluation *e)
{
    int64_t rank = comm_rank(e->comm), ranks = comm_size(e->comm), labels = scores_ranked(e->scores), count;
    for (int64_t first = 0; first < labels; first += ranks) {
        for (int64_t k = first; k < labels && k < first + ranks; k++)
            evaluation_gather_keys(e, k, (int)(k - first));
        if (first + rank < labels) scores_rank(e->scores, first + rank, e->keys, e->scratch);
    }
    double *rankings = scores_rankings(e->scores, &count);
    comm_merge_doubles(e->comm, rankings, count);
}

static void evaluation_merge(struct evaluation *e)
{
    int64_t count;
    int64_t *counts = scores_counts(e->scores, &count);
    comm_sum_int64(e->comm, counts, count);
    double *totals = scores_totals(e->scores, &count);
    comm_fold_doubles(e->comm, totals, count, evaluation_fold, e->scores);
    scores_finish(e->scores);
    evaluation_rank_labels(e);
}

static void evaluation_fill_metrics(struct evaluation *e, struct eval_event *event)
{
    event->metric_count = metric_list(e->scores, e->metrics);
    for (int64_t i = 0; i < event->metric_count; i++) {
        const struct metric *m = &e->metrics[i];
        e->names[i] = m->name;
        e->values[i] = m->ops->value(e->scores, m->average);
        if (metric_is_headline(m, scores_kind(e->scores))) event->headline = m->name;
    }
    event->metric_names = e->names;
    event->metrics = e->values;
}

static void evaluation_fill_event(struct evaluation *e, struct eval_event *event)
{
    const struct scores *s = e->scores;
    evaluation_fill_metrics(e, event);
    event->scores = s;
    event->count = scores_samples(s);
    event->left_out = dataset_left_out(e->data);
    event->correct = scores_correct(s);
    event->accuracy = scores_accuracy(s);
    event->outputs = e->loss->outputs;
    event->output_names = dataset_class_names(e->data, event->outputs);
    event->confusion = scores_confusion(s, &event->classes);
    event->class_names = dataset_class_names(e->data, event->classes);
}

/* Collective. */
static enum status evaluation_fail_diverged(struct evaluation *e)
{
    const char *name = dataset_locator(e->data);
    enum status mine = STATUS_OK;
    if (e->bad)
        mine = status_fail(
            STATUS_DIVERGED,
            "%s: the loss is not finite; the first bad value is in the output of model.layers[%d] "
            "(%s); lower optim.lr, warm up longer or set train.clip_norm",
            name, e->bad->index, e->bad->ops->name);
    TRY(comm_agree(e->comm, mine));
    return status_fail(
        STATUS_DIVERGED,
        "%s: the loss is not finite, although all outputs are; lower optim.lr or warm up longer", name);
}

enum status evaluation_run(struct evaluation *e, const float *params, struct eval_event *event)
{
    scores_reset(e->scores);
    e->went_wrong = false;
    e->bad = NULL;
    int64_t lanes = e->batch->lanes, samples = dataset_info(e->data)->samples, end = e->end * lanes;
    enum status stop =
        dataset_stream(e->data, e->first * lanes, end < samples ? end : samples, e->leaves * lanes);
    for (int64_t first = e->first, count; first < e->end && stop == STATUS_OK; first += count) {
        count = e->end - first >= e->leaves ? e->leaves : 1;
        evaluation_run_blocks(e, params, first, count);
        stop = dataset_status(e->data);
        if (stop == STATUS_OK) stop = stop_asked();
    }
    TRY(comm_agree(e->comm, stop));
    evaluation_merge(e);
    struct loss_sums sums = scores_loss_sums(e->scores);
    assert(sums.count == dataset_info(e->data)->samples && scores_samples(e->scores) > 0);
    double divisor = loss_divisor(e->loss, &sums);
    event->loss = sums.loss / divisor; /* NaN if all that is valid has no weight */
    if (e->loss->totals) event->loss = e->loss->ops->value(e->loss, scores_loss_totals(e->scores, -1));
    evaluation_fill_event(e, event);
    if (isfinite(event->loss) || divisor == 0) return STATUS_OK;
    return evaluation_fail_diverged(e);
}
