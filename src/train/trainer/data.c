/* data.c - loads the training and validation sets, and measures the training set. */
#include <math.h>

#include "train/sets.h"
#include "train/trainer/private.h"

static enum status trainer_load_sets(struct trainer *t)
{
    const struct config *c = t->config;
    TRY(sets_load_train(&t->train, t->comm, c));
    if (c->data.val[0])
        return sets_load_like(&t->val, t->comm, c, c->data.val, dataset_kind(t->train), SETS_VALIDATION);
    if (c->data.val_fraction > 0)
        return dataset_split(t->train, t->comm, c->data.val_fraction, (uint64_t)c->data.split_seed, &t->val);
    return STATUS_OK;
}

/* Only real values can be normalised, and only for a loss that accepts any real value. */
static enum status trainer_check_target_normalize(const struct trainer *t)
{
    const struct config *c = t->config;
    struct loss_traits loss = loss_find_traits(c->loss, &c->loss_args, &c->loss_list);
    if (dataset_targets_are_features(t->train))
        return status_fail(
            STATUS_CONFIG,
            "data.target_normalize: the targets are the features, after data.normalize; use none");
    if (dataset_kind(t->train) != TARGET_VALUES)
        return status_fail(
            STATUS_CONFIG,
            "data.target_normalize: needs real-valued targets, but the labels are %s; use none",
            target_name(dataset_kind(t->train)));
    if (loss.log_probs)
        return status_fail(
            STATUS_CONFIG,
            "data.target_normalize: loss %s expects log-probabilities, which cannot be normalised; use none",
            loss.name);
    if (loss.target_min != 0 || loss.target_max != 0)
        return status_fail(STATUS_CONFIG,
                           "data.target_normalize: loss %s expects targets from %g to %g; use none",
                           loss.name, loss.target_min, loss.target_max);
    return STATUS_OK;
}

/* Targets that are the features have to be in the range that the loss takes: bytes / 255, or floats as stored that
 * are. */
static enum status trainer_check_features_as_targets(const struct trainer *t, const struct dataset *d)
{
    const struct config *c = t->config;
    struct loss_traits loss = loss_find_traits(c->loss, &c->loss_args, &c->loss_list);
    const struct source_info *info = dataset_info(d);
    if (!dataset_targets_are_features(d) || (loss.target_min == 0 && loss.target_max == 0)) return STATUS_OK;
    bool bytes = info->type == FEATURE_U8;
    bool kept = c->data.normalize == NORMALIZE_UNIT || (c->data.normalize == NORMALIZE_NONE && !bytes);
    bool transformed = c->data.transforms.count > 0;
    if (!kept)
        return status_fail(
            STATUS_CONFIG, "%s: the targets are the features, and loss %s expects targets from %g to %g; %s",
            transformed ? "data.transforms" : "data.normalize", loss.name, loss.target_min, loss.target_max,
            transformed ? "leave it out, and use data.normalize: unit" : "use unit");
    const struct data_kind *spread =
        augment_find_spread(&c->data.augment, bytes ? 0 : loss.target_min, bytes ? 255 : loss.target_max);
    if (spread)
        return status_fail(
            STATUS_CONFIG,
            "data.augment: the targets are the features, and loss %s expects targets from %g to %g, which %s may "
            "leave; leave it out, or use another loss, such as mse",
            loss.name, loss.target_min, loss.target_max, spread->name);
    int64_t width = shape_features(info->shape), first, end;
    if (bytes) return STATUS_OK;
    dataset_part(d, comm_size(t->comm), comm_rank(t->comm), &first, &end);
    TRY(dataset_stream(d, first, end, 1));
    for (int64_t i = first; i < end; i++) {
        const void *row;
        dataset_take(d, &i, 1, &(struct dataset_rows){.features = &row});
        for (int64_t f = 0; f < width; f++) {
            double value = (double)((const float *)row)[f];
            if (isnan(value)) continue; /* something stands for it (data.missing) */
            if (value >= loss.target_min && value <= loss.target_max) continue;
            return status_fail(
                STATUS_DATA,
                "%s: sample %lld holds %g, but loss %s expects targets from %g to %g, and data.y names "
                "the features",
                dataset_locator(d), (long long)dataset_number(d, i), value, loss.name, loss.target_min,
                loss.target_max);
        }
    }
    return dataset_status(d);
}

enum status trainer_load_data(struct trainer *t)
{
    const struct config *c = t->config;
    TRY(trainer_load_sets(t));
    TRY(comm_agree(t->comm, trainer_check_features_as_targets(t, t->train)));
    if (t->val) TRY(comm_agree(t->comm, trainer_check_features_as_targets(t, t->val)));
    TRY(comm_agree(t->comm, dataset_check_counts(t->train))); /* what has no weight is not drawn */
    if (config_draws_by_weight(c)) dataset_leave_weights(t->train);
    if (config_draws_by_weight(c) && c->data.val_fraction > 0) dataset_leave_weights(t->val);
    bool transformed = c->data.transforms.count > 0;
    TRY(comm_agree(t->comm, shapes_find(&t->shapes, c, dataset_info(t->train)->shape)));
    TRY(normal_init(&t->normal, t->comm, t->train,
                    transformed ? NORMALIZE_NONE : (enum data_normalize)c->data.normalize));
    if (t->shapes.change) t->normal.stored = t->shapes.stored;
    TRY(transforms_init(&t->normal.transforms, t->comm, t->train, &c->data.transforms, t->normal.missing));
    TRY(comm_agree(t->comm, transforms_set_shape(&t->normal.transforms, t->shapes.moved)));
    if (c->data.target_normalize != TARGET_NORMALIZE_NONE) {
        TRY(trainer_check_target_normalize(t));
        TRY(normal_init_targets(&t->targets, t->comm, t->train));
    }
    TRY(dataset_hash(t->train, t->comm, &t->data_hash));
    return t->val ? dataset_hash(t->val, t->comm, &t->val_hash) : STATUS_OK;
}
