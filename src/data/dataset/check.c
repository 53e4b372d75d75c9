/* check.c - whether labels and weights of a set go with a model and a loss. */
#include <inttypes.h>

#include "core/log.h"
#include "data/dataset/private.h"

#define SORTED_SHARE 0.9 /* of neighbours that are of the same class, in a file that counts as sorted */

static enum status dataset_check_width(const struct dataset *d, int64_t outputs)
{
    int64_t width = d->pool->channels;
    char stored[INFER_TEXT_SIZE];
    if (width == outputs) return STATUS_OK;
    infer_stored_text(&d->info, stored);
    return status_fail(STATUS_DATA,
                       "%s: labels are %s of kind %s, for %" PRId64 " output%s, but the model has %" PRId64
                       "; change its last layer",
                       d->info.label_where, stored, target_name(d->pool->kind), width, width == 1 ? "" : "s",
                       outputs);
}

/* Whether all labels are 1 .. outputs: they count from 1 then. */
static bool dataset_counts_from_one(const struct dataset *d, int64_t outputs)
{
    const struct pool *s = d->pool;
    for (int64_t at = 0; at < d->info.samples * s->positions; at++) {
        int32_t label = dataset_classes(d, at / s->positions)[at % s->positions];
        if (s->ignored_name && label == s->ignored) continue;
        if (label < 1 || label > outputs) return false;
    }
    return true;
}

enum status dataset_check_labels(const struct dataset *d, int64_t outputs)
{
    const struct pool *s = d->pool;
    if (!d->info.has_labels) return STATUS_OK;
    if (!s->labels) return dataset_check_width(d, outputs);
    for (int64_t at = 0; at < d->info.samples * s->positions; at++) {
        int64_t i = at / s->positions;
        int32_t label = dataset_classes(d, i)[at % s->positions];
        if (label < outputs || (s->ignored_name && label == s->ignored)) continue;
        if (s->label_offset == 0 && !s->label_map && dataset_counts_from_one(d, outputs))
            return status_fail(STATUS_DATA,
                               "%s: labels are 1..%" PRId64
                               ", but classes count from 0; set data.label_offset: 1",
                               dataset_where(d, i), outputs);
        return status_fail(STATUS_DATA,
                           "%s: sample %" PRId64 " has label %d%s but the model has %" PRId64
                           " output%s; widen its last layer%s%s%s%s",
                           dataset_where(d, i), dataset_number(d, i), label,
                           s->label_map ? " (by data.label_map)" : "", outputs, outputs == 1 ? "" : "s",
                           s->ignored_name ? ", or set loss." : "", s->ignored_name ? s->ignored_name : "",
                           s->ignored_name ? " to it if it is not to be counted" : "",
                           s->label_map ? "" : ", or say which number is which class: data.label_map");
    }
    return STATUS_OK;
}

enum status dataset_check_positions(const struct dataset *d, int64_t positions)
{
    if (!dataset_has_targets(d) || d->pool->positions == positions) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: labels are for %" PRId64 " position%s of a sample, those of the training set for "
                       "%" PRId64 "; store both alike",
                       d->pool->locator, d->pool->positions, d->pool->positions == 1 ? "" : "s", positions);
}

enum status dataset_check_counts(const struct dataset *d)
{
    const struct pool *s = d->pool;
    int64_t ignored = 0, cells = d->info.samples * s->positions;
    for (int64_t at = 0; at < cells; at++) {
        int64_t i = at / s->positions, p = at % s->positions;
        if (s->labels && s->ignored_name && dataset_classes(d, i)[p] == s->ignored)
            ignored++;
        else if (!d->info.has_weights || dataset_weights(d, i)[p % s->weight_width] > 0)
            return STATUS_OK;
    }
    const char *part = s->views > 1 ? " in its part of the split; choose another data.split_seed" : "";
    if (ignored == 0) return status_fail(STATUS_DATA, "%s: all weights are 0%s", s->locator, part);
    return status_fail(STATUS_DATA, "%s: every label is loss.%s (%" PRId64 ")%s%s", s->locator,
                       s->ignored_name, s->ignored, ignored < cells ? " or has weight 0" : "", part);
}

enum status dataset_check_none_ignored(const struct dataset *d)
{
    const struct pool *s = d->pool;
    if (!s->labels || !s->ignored_name) return STATUS_OK;
    for (int64_t at = 0; at < d->info.samples * s->positions; at++) {
        int64_t i = at / s->positions;
        if (dataset_classes(d, i)[at % s->positions] == s->ignored)
            return status_fail(STATUS_DATA, "%s: sample %" PRId64 " has label %" PRId64 ", loss.%s",
                               dataset_where(d, i), dataset_number(d, i), s->ignored, s->ignored_name);
    }
    return STATUS_OK;
}

/* Blocks of a sorted file are of one class each; mixed in a window, they still give every batch about the same
 * classes, unless the window has few blocks of a class. */
void dataset_warn_sorted(const struct dataset *d)
{
    const struct pool *s = d->pool;
    int64_t block, window, same = 0, samples = d->info.samples;
    store_windows(d->store, &block, &window);
    if (!s->labels || s->positions != 1 || block == 0 || block * window >= samples) return;
    for (int64_t i = 1; i < samples; i++) same += dataset_classes(d, i)[0] == dataset_classes(d, i - 1)[0];
    double share = (double)same / (double)(samples - 1);
    if (share < SORTED_SHARE) return;
    log_warn(
        "%s: %.0f %% of neighbours in the file are of the same class, and data.window shuffles only %" PRId64
        " of %" PRId64 " samples together: enlarge data.window, or shuffle the file",
        s->locator, 100 * share, block * window, samples);
}
