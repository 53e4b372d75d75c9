/* data.c - loads the training and validation sets, and measures the training set. */
#include <stdio.h>

#include "train/trainer/private.h"

#define TEXT_SIZE 96

static struct source_names trainer_get_names(const struct config *c)
{
    return (struct source_names){.x = c->data.x, .y = c->data.y, .weights = c->data.weights};
}

static struct dataset_labels trainer_get_labels(const struct config *c, char text[TEXT_SIZE])
{
    struct dataset_labels labels = {.loss = c->loss, .loss_args = &c->loss_args};
    if (c->data.labels == LABELS_AUTO) return labels;
    labels.fixed = true;
    labels.kind = (enum target_kind)(c->data.labels - 1);
    snprintf(text, TEXT_SIZE, "data.labels is %s", target_name(labels.kind));
    labels.fixed_by = text;
    return labels;
}

enum status trainer_load_like(struct dataset **out, struct comm *comm, const struct config *c,
                              const char *locator, enum target_kind kind, bool for_prediction)
{
    char text[TEXT_SIZE];
    struct source_names names = trainer_get_names(c);
    struct dataset_labels labels = trainer_get_labels(c, text);
    snprintf(text, sizeof text, "the labels of the training set are %s", target_name(kind));
    labels.fixed = true;
    labels.kind = kind;
    labels.fixed_by = text;
    names.weights_optional = true;
    names.labels_optional = for_prediction;
    if (for_prediction) names.weights = NULL;
    return dataset_load(out, comm, locator, &names, &labels);
}

static enum status trainer_load_sets(struct trainer *t)
{
    const struct config *c = t->config;
    char text[TEXT_SIZE];
    struct source_names names = trainer_get_names(c);
    struct dataset_labels labels = trainer_get_labels(c, text);
    TRY(dataset_load(&t->train, t->comm, c->data.train, &names, &labels));
    if (c->data.val[0])
        return trainer_load_like(&t->val, t->comm, c, c->data.val, dataset_kind(t->train), false);
    if (c->data.val_fraction > 0)
        return dataset_split(t->train, t->comm, c->data.val_fraction, (uint64_t)c->data.split_seed, &t->val);
    return STATUS_OK;
}

/* Only real values can be normalised, and only for a loss that accepts any real value. */
static enum status trainer_check_target_normalize(const struct trainer *t)
{
    const struct loss_ops *loss = t->config->loss;
    if (dataset_kind(t->train) != TARGET_VALUES)
        return status_fail(
            STATUS_CONFIG,
            "data.target_normalize: needs real-valued targets, but the labels are %s; use none",
            target_name(dataset_kind(t->train)));
    if (loss->output == OUTPUT_LOG_PROBS)
        return status_fail(
            STATUS_CONFIG,
            "data.target_normalize: loss %s expects log-probabilities, which cannot be normalised; use none",
            loss->name);
    if (loss->target_min != 0 || loss->target_max != 0)
        return status_fail(STATUS_CONFIG,
                           "data.target_normalize: loss %s expects targets from %g to %g; use none",
                           loss->name, loss->target_min, loss->target_max);
    return STATUS_OK;
}

enum status trainer_load_data(struct trainer *t)
{
    const struct config *c = t->config;
    TRY(trainer_load_sets(t));
    TRY(normal_create(&t->normal, t->comm, t->train, (enum data_normalize)c->data.normalize));
    if (c->data.target_normalize != TARGET_NORMALIZE_NONE) {
        TRY(trainer_check_target_normalize(t));
        TRY(normal_create_targets(&t->targets, t->comm, t->train));
    }
    if (comm_rank(t->comm) == 0) t->data_hash = dataset_hash(t->train);
    if (comm_rank(t->comm) == 0 && t->val) t->val_hash = dataset_hash(t->val);
    return STATUS_OK;
}
