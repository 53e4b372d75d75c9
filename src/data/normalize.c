/* normalize.c - measures a training set and derives scale and shift of every channel. */
#include "data/normalize.h"

#include <math.h>

#include "core/mem.h"
#include "data/measure/measure.h"

/* Features as they are stored. */
struct stored {
    const struct dataset *data;
    struct shape shape;   /* what has numbers of its own as channels */
    const float *missing; /* [channels]: stands for NaN; NULL = there is none */
    float *row;           /* [features], where there is */
};

static const void *normal_features_at(void *self, int64_t sample)
{
    const struct stored *s = self;
    const void *features;
    dataset_take(s->data, &sample, 1, &(struct dataset_rows){.features = &features});
    if (!s->missing) return features;
    int64_t plane = shape_positions(s->shape);
    for (int64_t i = 0; i < shape_features(s->shape); i++) {
        float value = ((const float *)features)[i];
        s->row[i] = isnan(value) ? s->missing[i / plane] : value;
    }
    return s->row;
}

static const void *normal_targets_at(void *data, int64_t sample)
{
    return dataset_targets(data, sample);
}

/* Finds what stands for missing values, as floats alone have them. */
static enum status normal_measure_missing(struct normal *n, const struct measure *m, struct stored *s)
{
    enum data_missing missing = dataset_missing(s->data);
    if (m->type != FEATURE_F32 || (missing != MISSING_MEAN && missing != MISSING_ZERO)) return STATUS_OK;
    enum status status = normal_add_missing(n);
    if (status == STATUS_OK)
        status = mem_alloc(&s->row, (size_t)shape_features(m->shape), sizeof *s->row, "normalisation");
    TRY(comm_agree(m->comm, status));
    if (missing == MISSING_MEAN) TRY(measure_known_means(m, n->missing));
    for (int64_t c = 0; c < n->channels; c++)
        if (isnan(n->missing[c]))
            return status_fail(
                STATUS_DATA,
                "%s: every value of %s %lld is missing, so it has no mean; leave it out, or set "
                "data.missing: zero",
                dataset_locator(s->data), shape_positions(m->shape) == 1 ? "feature" : "channel",
                (long long)c);
    s->missing = n->missing;
    return STATUS_OK;
}

/* Allocates for the channels of what is measured, `s` NULL or stored features, and, if asked for, measures them. */
static enum status normal_init_rows(struct normal *n, const struct measure *m, struct stored *s,
                                    bool measured)
{
    enum status status = comm_agree(m->comm, normal_init_empty(n, m->shape.c, m->type));
    if (status == STATUS_OK && s) status = normal_measure_missing(n, m, s);
    if (status == STATUS_OK && measured) status = measure_moments(m, n->mean, n->std);
    if (s) mem_free(&s->row);
    if (status != STATUS_OK) normal_free(n);
    return status;
}

enum status normal_init(struct normal *n, struct comm *comm, const struct dataset *d,
                        enum data_normalize mode)
{
    const struct source_info *info = dataset_info(d);
    struct stored stored = {.data = d, .shape = info->shape};
    if (mode == NORMALIZE_STANDARD) stored.shape = shape_flat(shape_features(info->shape));
    const struct measure m = {comm, d, info->type, stored.shape, normal_features_at, &stored};
    TRY(normal_init_rows(n, &m, &stored, mode == NORMALIZE_AUTO || mode == NORMALIZE_STANDARD));
    if (mode == NORMALIZE_UNIT && info->type == FEATURE_U8)
        for (int64_t c = 0; c < n->channels; c++) n->std[c] = 255;
    normal_finish(n);
    return STATUS_OK;
}

enum status normal_init_targets(struct normal *n, struct comm *comm, const struct dataset *d)
{
    const struct measure m = {comm,     d, FEATURE_F32, shape_flat(dataset_width(d)), normal_targets_at,
                              (void *)d};
    TRY(normal_init_rows(n, &m, NULL, true));
    normal_finish(n);
    return STATUS_OK;
}

enum status normal_check(const struct normal *n, const struct dataset *d)
{
    const struct source_info *info = dataset_info(d);
    if (info->type != n->type)
        return status_fail(STATUS_DATA,
                           "%s: features are %s but those of the training set are %s; store both alike",
                           dataset_locator(d), feature_type_name(info->type), feature_type_name(n->type));
    if (shape_features(info->shape) % n->channels != 0)
        return status_fail(
            STATUS_DATA, "%s: %lld features do not divide into the training set's %lld channels",
            dataset_locator(d), (long long)shape_features(info->shape), (long long)n->channels);
    return STATUS_OK;
}
