#include "train/evaluate.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ddp/mem.h"
#include "ddp/metric.h"

/* A confusion matrix of 512 MB. */
#define EVALUATION_MAX_CLASSES 8192

enum status evaluation_create(struct evaluation *e, struct comm *comm, struct model *model,
                              const struct dataset *data, const struct normal *normal,
                              const struct loss *loss, struct batch *batch)
{
    int64_t classes = shape_features(model_output_shape(model));
    TRY(dataset_check_labels(data, classes));
    TRY(normal_check(normal, data));
    if (classes > EVALUATION_MAX_CLASSES)
        return status_fail(STATUS_CONFIG,
                           "the model has %" PRId64
                           " outputs, but the confusion matrix is kept for at most %d",
                           classes, EVALUATION_MAX_CLASSES);
    *e = (struct evaluation){.comm = comm,
                             .model = model,
                             .data = data,
                             .normal = normal,
                             .loss = loss,
                             .batch = batch,
                             .leaves = batch->leaves,
                             .blocks = (dataset_info(data)->samples + batch->lanes - 1) / batch->lanes};
    TRY(mem_alloc(&e->sums, (size_t)e->blocks * 2, sizeof *e->sums, "losses of an evaluation"));
    return mem_alloc(&e->confusion, (size_t)(classes * classes), sizeof *e->confusion, "confusion matrix");
}

void evaluation_destroy(struct evaluation *e)
{
    mem_free(&e->sums);
    mem_free(&e->confusion);
}

/* Blocks first .. first + count - 1 in one pass. */
static void run_blocks(struct evaluation *e, const float *params, int64_t first, int64_t count,
                       int64_t classes)
{
    struct batch *b = e->batch;
    b->leaves = count;
    for (int64_t i = 0; i < count; i++) {
        int64_t sample = (first + i) * b->lanes, left = dataset_info(e->data)->samples - sample;
        b->live[i] = left < b->lanes ? left : b->lanes;
        for (int64_t n = 0; n < b->live[i]; n++) b->samples[i * b->lanes + n] = sample + n;
    }
    batch_load(b, e->data, e->normal, model_input(e->model));
    struct pass pass = {.params = params, .lanes = count * b->lanes, .leaves = count};
    batch_loss(b, e->loss, model_forward(e->model, &pass), NULL);
    for (int64_t i = 0; i < count; i++) {
        e->sums[2 * (first + i)] = b->sums[i].loss;
        e->sums[2 * (first + i) + 1] = b->sums[i].weight;
        for (int64_t n = i * b->lanes; n < i * b->lanes + b->live[i]; n++)
            e->confusion[b->labels[n] * classes + b->predicted[n]]++;
    }
}

static enum status score(const struct evaluation *e, struct eval_event *event)
{
    double loss = 0, weight = 0;
    int64_t classes = event->classes;
    for (int64_t i = 0; i < classes * classes; i++) event->count += e->confusion[i];
    for (int64_t k = 0; k < classes; k++) event->correct += e->confusion[k * classes + k];
    assert(event->count == dataset_info(e->data)->samples);
    for (int64_t i = 0; i < e->blocks; i++) loss += e->sums[2 * i], weight += e->sums[2 * i + 1];
    event->loss = loss / loss_divisor(e->loss, &(struct loss_sums){.weight = weight});
    event->accuracy = (double)event->correct / (double)event->count;
    if (isfinite(event->loss)) return STATUS_OK;
    return status_fail(STATUS_DIVERGED,
                       "%s: the loss is %f: the weights have diverged; lower optim.lr or warm up longer",
                       dataset_locator(e->data), event->loss);
}

/* The tables live as long as the program: there is one evaluation at a time. */
static void fill_metrics(const struct evaluation *e, struct eval_event *event)
{
    static const char *names[METRIC_MAX];
    static double values[METRIC_MAX];
    const struct metric_ops *const *metrics = metric_registry();
    int64_t i = 0;
    for (; metrics[i] && i < METRIC_MAX; i++) {
        names[i] = metrics[i]->name;
        values[i] = metrics[i]->value(e->confusion, event->classes);
    }
    event->metric_count = i;
    event->metric_names = names;
    event->metrics = values;
}

enum status evaluation_run(struct evaluation *e, const float *params, struct eval_event *event)
{
    int64_t classes = shape_features(model_output_shape(e->model));
    int64_t rank = comm_rank(e->comm), ranks = comm_size(e->comm);
    memset(e->sums, 0, (size_t)e->blocks * 2 * sizeof *e->sums);
    memset(e->confusion, 0, (size_t)(classes * classes) * sizeof *e->confusion);
    int64_t end = e->blocks * (rank + 1) / ranks;
    for (int64_t first = e->blocks * rank / ranks, count; first < end; first += count) {
        count = end - first >= e->leaves ? e->leaves : 1;
        run_blocks(e, params, first, count, classes);
    }
    comm_merge_doubles(e->comm, e->sums, e->blocks * 2);
    comm_sum_int64(e->comm, e->confusion, classes * classes);
    event->classes = classes;
    event->class_names = dataset_class_names(e->data, classes);
    event->confusion = e->confusion;
    fill_metrics(e, event);
    return score(e, event);
}
