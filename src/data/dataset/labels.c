/* labels.c - checks labels while they are read, and finds their kind. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "data/dataset/private.h"

/* An index below 0 means nothing, unless it is the one the loss ignores. */
static enum status dataset_check_indices(const struct pool *s, int64_t first, int64_t count)
{
    for (int64_t i = first * s->positions; i < (first + count) * s->positions; i++) {
        if (s->labels[i] >= 0 || /* or SOURCE_MISSING */ (s->ignored_name && s->labels[i] == s->ignored))
            continue;
        const char *where = source_where(s->source, i / s->positions);
        int64_t number = source_number(s->source, i / s->positions);
        if (s->ignored_name)
            return status_fail(STATUS_DATA,
                               "%s: sample %" PRId64
                               " has label %d; labels are class indices from 0, or loss.%s = %" PRId64,
                               where, number, s->labels[i], s->ignored_name, s->ignored);
        return status_fail(STATUS_DATA,
                           "%s: sample %" PRId64 " has label %d; labels are class indices from 0", where,
                           number, s->labels[i]);
    }
    return STATUS_OK;
}

/* Classes that the loss ignores stay as they are stored. */
static void dataset_shift_indices(const struct pool *s, int64_t first, int64_t count)
{
    for (int64_t i = first * s->positions; i < (first + count) * s->positions; i++) {
        if ((s->ignored_name && s->labels[i] == s->ignored) || s->labels[i] == SOURCE_MISSING) continue;
        int64_t label = s->labels[i] - s->label_offset;
        s->labels[i] = label < INT32_MIN ? INT32_MIN : label > INT32_MAX ? INT32_MAX : (int32_t)label;
    }
}

enum status dataset_check_map(const struct pool *s, const char *taker)
{
    const struct label_map *map = s->label_map;
    bool ignores = map && map->ignores_others;
    for (int64_t i = 0; map && i < map->count; i++) ignores |= map->of[i].class == LABEL_IGNORED;
    if (!ignores || s->ignored_name) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "data.label_map: %s has no class that it ignores; leave 'ignore' out",
                       taker);
}

static int dataset_compare_numbers(const void *number, const void *pair)
{
    int32_t a = *(const int32_t *)number, b = ((const struct label_pair *)pair)->number;
    return (a > b) - (a < b);
}

/* Classes that the loss ignores stay as they are stored unless they are in the map. */
static enum status dataset_map_indices(const struct pool *s, int64_t first, int64_t count)
{
    const struct label_map *map = s->label_map;
    for (int64_t i = first * s->positions; i < (first + count) * s->positions; i++) {
        if (s->labels[i] == SOURCE_MISSING) continue;
        const struct label_pair *found =
            bsearch(&s->labels[i], map->of, (size_t)map->count, sizeof *found, dataset_compare_numbers);
        bool ignored = found ? found->class == LABEL_IGNORED
                             : map->ignores_others || (s->ignored_name && s->labels[i] == s->ignored);
        if (!found && !ignored)
            return status_fail(STATUS_DATA,
                               "%s: sample %" PRId64
                               " has label %d, which data.label_map does not name; add it, or others: ignore",
                               source_where(s->source, i / s->positions),
                               source_number(s->source, i / s->positions), s->labels[i]);
        s->labels[i] = ignored ? (int32_t)s->ignored : found->class;
    }
    return STATUS_OK;
}

enum status dataset_scan(const struct pool *s, struct label_scan *scan, int64_t first, int64_t count)
{
    if (s->labels && s->label_offset != 0) dataset_shift_indices(s, first, count);
    if (s->labels && s->label_map) TRY(dataset_map_indices(s, first, count));
    if (s->labels) return dataset_check_indices(s, first, count);
    if (s->targets)
        infer_scan(&scan->facts, scan->options, first, count, s->width, s->targets + first * s->width);
    return STATUS_OK;
}

/* The first sample over all ranks that breaks each rule. Numbers of samples are exact in a double. */
static void dataset_merge_facts(struct infer_facts *facts, struct comm *comm)
{
    for (int r = 0; r < INFER_RULES; r++) {
        double first = facts->broken[r] == INFER_HOLDS ? INFINITY : (double)facts->broken[r];
        first = -comm_max(comm, -first);
        facts->broken[r] = isinf(first) ? INFER_HOLDS : (int64_t)first;
    }
}

static enum status dataset_settle_kind(struct pool *s, struct comm *comm, struct label_scan *scan)
{
    const struct source_info *info = source_info(s->source);
    dataset_merge_facts(&scan->facts, comm);
    shared_barrier(s->window);
    struct infer_found found = infer_kind(&scan->facts, scan->options, info);
    int64_t culprit = found.culprit < 0 ? 0 : found.culprit;
    if (!found.fits)
        return infer_refuse(scan->options, info, &found, source_where(s->source, culprit),
                            source_number(s->source, culprit), s->targets + culprit * s->width);
    s->kind = found.kind;
    if (!found.is_signed) return STATUS_OK;
    shared_barrier(s->window); /* no rank reads the old ones any more */
    for (int64_t i = scan->first * s->width; i < scan->end * s->width; i++)
        if (!isnan(s->targets[i])) s->targets[i] = s->targets[i] == 1;
    shared_barrier(s->window);
    return STATUS_OK;
}

enum status dataset_settle(struct pool *s, struct comm *comm, struct label_scan *scan)
{
    const struct infer_options *w = scan->options;
    const struct source_info *info = source_info(s->source);
    if ((s->targets || info->labels_are_features) && (s->label_offset != 0 || s->label_map))
        return status_fail(
            STATUS_CONFIG, "data.label_%s: is for class indices, but %s holds none; leave it out",
            s->label_map ? "map" : "offset", info->labels_are_features ? "data.y: x" : info->label_where);
    if (info->labels_are_features) {
        s->kind = TARGET_VALUES;
        if (w->takes & TARGET_BIT(TARGET_VALUES) && (!w->fixed || w->kind == TARGET_VALUES)) return STATUS_OK;
        return status_fail(
            STATUS_CONFIG,
            "data.y: names the features, so targets are real values, but %s takes no such targets; "
            "use another loss, such as mse",
            w->taker);
    }
    if (s->targets) return dataset_settle_kind(s, comm, scan);
    s->kind = s->labels ? TARGET_INDEX : scan->options->kind;
    return STATUS_OK;
}
