#include "train/evaluate.h"

#include <assert.h>
#include <string.h>

#include "ddp/mem.h"
#include "ddp/metric.h"

enum status evaluation_create(struct evaluation *e, struct comm *comm, struct model *model,
                              const struct dataset *data, const struct normal *normal,
                              const struct config *config, struct batch *batch)
{
    int64_t classes = shape_features(model_output_shape(model));
    TRY(dataset_check_labels(data, classes));
    *e = (struct evaluation){.comm = comm,
                             .model = model,
                             .data = data,
                             .normal = normal,
                             .config = config,
                             .batch = batch,
                             .blocks = (dataset_info(data)->samples + batch->lanes - 1) / batch->lanes};
    TRY(mem_alloc(&e->block_loss, (size_t)e->blocks, sizeof *e->block_loss, "losses of an evaluation"));
    return mem_alloc(&e->confusion, (size_t)(classes * classes), sizeof *e->confusion, "confusion matrix");
}

void evaluation_destroy(struct evaluation *e)
{
    mem_free(&e->block_loss);
    mem_free(&e->confusion);
}

static void run_block(struct evaluation *e, const float *params, int64_t block, int64_t classes)
{
    struct batch *b = e->batch;
    int64_t first = block * b->lanes, left = dataset_info(e->data)->samples - first;
    b->live = left < b->lanes ? left : b->lanes;
    for (int64_t i = 0; i < b->live; i++) b->samples[i] = first + i;
    batch_load(b, e->data, e->normal, model_input(e->model));

    struct pass pass = {.params = params, .lanes = b->lanes, .live = b->live};
    const float *logits = model_forward(e->model, &pass);
    e->block_loss[block] = batch_loss(b, e->config->loss, e->config->loss_args, logits, classes, NULL).loss;
    for (int64_t i = 0; i < b->live; i++) e->confusion[b->labels[i] * classes + b->predicted[i]]++;
}

static void score(const struct evaluation *e, int64_t classes, struct eval_event *event)
{
    static const char *names[METRIC_MAX];
    static double values[METRIC_MAX];
    for (int64_t i = 0; i < classes * classes; i++) event->count += e->confusion[i];
    for (int64_t k = 0; k < classes; k++) event->correct += e->confusion[k * classes + k];
    assert(event->count == dataset_info(e->data)->samples);
    double loss = 0;
    for (int64_t i = 0; i < e->blocks; i++) loss += e->block_loss[i];
    event->loss = loss / (double)event->count;

    const struct metric_ops *const *metrics = metric_registry();
    for (; metrics[event->metric_count] && event->metric_count < METRIC_MAX; event->metric_count++) {
        names[event->metric_count] = metrics[event->metric_count]->name;
        values[event->metric_count] = metrics[event->metric_count]->value(e->confusion, classes);
    }
    event->accuracy = (double)event->correct / (double)event->count;
    event->metric_names = names;
    event->metrics = values;
}

void evaluation_run(struct evaluation *e, const float *params, struct eval_event *event)
{
    int64_t classes = shape_features(model_output_shape(e->model));
    int64_t rank = comm_rank(e->comm), ranks = comm_size(e->comm);
    memset(e->block_loss, 0, (size_t)e->blocks * sizeof *e->block_loss);
    memset(e->confusion, 0, (size_t)(classes * classes) * sizeof *e->confusion);
    for (int64_t b = e->blocks * rank / ranks; b < e->blocks * (rank + 1) / ranks; b++)
        run_block(e, params, b, classes);
    comm_merge_doubles(e->comm, e->block_loss, e->blocks);
    comm_sum_int64(e->comm, e->confusion, classes * classes);
    event->classes = classes;
    event->class_names = dataset_class_names(e->data, classes);
    event->confusion = e->confusion;
    if (rank == 0) score(e, classes, event);
}
