/* source.c - opens the source that a locator names and reads samples from it. */
#include "data/source/source.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data/config.h"
#include "data/source/csv_labels.h"
#include "data/source/ops.h"
#include "core/mem.h"

static const struct source_ops *source_find_kind(const char *locator, const struct source_options *options)
{
    const struct source_ops *const *kind = source_registry();
    while (strncmp(locator, (*kind)->prefix, strlen((*kind)->prefix)) != 0 ||
           ((*kind)->takes && !(*kind)->takes(locator, options)))
        kind++; /* the last one takes all */
    return *kind;
}

static const char *source_name_or_null(const char *name)
{
    return name && name[0] ? name : NULL;
}

/* Leaves out samples whose labels are beyond the range; files of a list have done so. */
static enum status source_shift_labels(struct source *s, const struct source_options *names)
{
    int64_t shift = names->shift, lost = shift < 0 ? -shift : shift;
    if (shift == 0) return STATUS_OK;
    if (names->samples != SAMPLES_AXIS)
        return status_fail(STATUS_CONFIG,
                           "data.shift: goes along an axis, but data.samples is files or objects");
    if (s->ops->find_place) return STATUS_OK;
    if (s->info.labels_are_features)
        return status_fail(STATUS_CONFIG,
                           "data.shift: the features of %s are no targets of others; name labels",
                           s->locator);
    if (lost >= s->range.count)
        return status_fail(STATUS_DATA, "data.shift is %" PRId64 ", which leaves none of %" PRId64 " samples",
                           shift, s->range.count);
    s->range = range_part(s->range, shift < 0 ? lost : 0, s->range.count - lost);
    s->shift = shift;
    return STATUS_OK;
}

static enum status source_open_index(struct source *s, const struct source_options *wanted)
{
    if (!s->ops->name || wanted->samples == SAMPLES_AXIS)
        return status_fail(
            STATUS_DATA,
            "%s: data.index has labels of files or objects; set data.samples to files or objects",
            s->locator);
    return csv_labels_open(&s->index, wanted->index, wanted->y);
}

/* Gives each sample its line, in the process that opens a set first. */
static enum status source_claim_lines(struct source *s, const struct source_options *names)
{
    char name[SOURCE_NAME_SIZE];
    for (int64_t i = 0; s->index && !names->found && i < s->range.count; i++) {
        TRY(s->ops->name(s, range_at(s->range, i), name));
        TRY(csv_labels_claim(s->index, name));
    }
    return STATUS_OK;
}

static void source_describe_index(struct source *s)
{
    const struct csv_labels_facts facts = csv_labels_get_facts(s->index);
    struct source_info *info = &s->info;
    info->has_labels = true;
    info->labels_are_features = info->labels_last = false;
    info->label_integers = facts.integers;
    info->label_width = facts.width > 1 ? facts.width : 0;
    info->label_rank = facts.width > 1;
    info->label_dims[0] = facts.width;
    snprintf(info->label_type, sizeof info->label_type, "%s", facts.integers ? "int64" : "float64");
    info->label_where = facts.where;
    if (facts.width == 1) return;
    info->class_count = facts.width;
    info->class_names = facts.columns;
}

static enum status source_open_range(struct source *s, const char *locator,
                                     const struct source_options *names)
{
    TRY(mem_copy_text(&s->locator, locator));
    const char *range =
        strchr(s->locator, '\n') ? NULL : range_cut(s->locator); /* files of a list have their own */
    struct source_options wanted = *names;
    wanted.x = source_name_or_null(names->x);
    wanted.y = source_name_or_null(names->y);
    wanted.weights = source_name_or_null(names->weights);
    if (source_name_or_null(wanted.index) && !wanted.no_labels) {
        TRY(source_open_index(s, &wanted));
        wanted.no_labels = true;
    }
    TRY(s->ops->open(s, s->locator + strlen(s->ops->prefix), &wanted));
    if (wanted.no_labels) s->info.has_labels = false;
    if (s->index) source_describe_index(s);
    if (*s->ops->prefix && !s->index && wanted.y && strcmp(wanted.y, SOURCE_FEATURES) == 0) {
        s->info.labels_are_features = true;
        s->info.has_labels = s->info.label_integers = false;
        s->info.class_count = 0;
    }
    if (wanted.weights && !s->info.has_weights && !wanted.weights_optional)
        return status_fail(STATUS_DATA, "%s: has no weights; leave data.weights empty", s->locator);
    enum status status = range_parse(range, s->info.samples, &s->range);
    if (status == STATUS_OK) status = source_shift_labels(s, &wanted);
    if (status != STATUS_OK) return status_at(status, "%s", s->locator);
    s->info.samples = s->range.count;
    return source_claim_lines(s, &wanted);
}

struct source_options source_options_of(const struct data_config *c)
{
    return (struct source_options){.x = c->x,
                                   .y = c->y,
                                   .weights = c->weights,
                                   .allow_external = c->allow_external,
                                   .layout = c->layout,
                                   .samples = c->samples,
                                   .shift = c->shift,
                                   .missing = c->missing,
                                   .skip = c->on_error == ON_ERROR_SKIP,
                                   .index = c->index,
                                   .index_folder = c->index_folder};
}

enum status source_open(struct source **out, const char *locator, const struct source_options *names)
{
    *out = NULL;
    struct source *s = NULL;
    TRY(mem_alloc(&s, 1, sizeof *s, "data source"));
    s->ops = source_find_kind(locator, names);
    enum status status = source_open_range(s, locator, names);
    if (status != STATUS_OK) {
        source_close(&s);
        return status;
    }
    assert(s->info.samples > 0 && shape_features(s->info.shape) > 0);
    *out = s;
    return STATUS_OK;
}

void source_close(struct source **s)
{
    if (!*s) return;
    if ((*s)->ops->close) (*s)->ops->close(*s);
    csv_labels_close(&(*s)->index);
    mem_free(&(*s)->locator);
    mem_free(s);
}

const struct source_info *source_info(const struct source *s)
{
    return &s->info;
}

enum status source_check(const struct source *s)
{
    return s->ops->check ? s->ops->check(s) : STATUS_OK;
}

enum status source_read_attribute(struct source *s, const char *name, int64_t count, double *values,
                                  int64_t *found)
{
    if (s->ops->read_attribute) return s->ops->read_attribute(s, name, count, values, found);
    return status_fail(STATUS_DATA, "%s: has no attributes, which only files have; give numbers for @%s",
                       s->locator, name);
}

int64_t source_number(const struct source *s, int64_t sample)
{
    int64_t number = range_at(s->range, sample);
    if (s->ops->find_place) (void)s->ops->find_place(s, &number);
    return number;
}

const char *source_where(const struct source *s, int64_t sample)
{
    int64_t number = range_at(s->range, sample);
    return s->ops->find_place ? s->ops->find_place(s, &number) : s->info.label_where;
}

const char *source_found(const struct source *s)
{
    return s->ops->found ? s->ops->found(s) : "";
}

/* Labels of the table. */
static enum status source_read_index(struct source *s, struct range part, const struct source_rows *rows)
{
    int64_t width = s->info.label_width > 1 ? s->info.label_width : 1;
    char name[SOURCE_NAME_SIZE];
    for (int64_t i = 0; (rows->labels || rows->targets) && i < part.count; i++) {
        int64_t number = range_at(part, i);
        TRY(s->ops->name(s, number, name));
        TRY(csv_labels_take(s->index, name, number, rows->labels ? rows->labels + i * width : NULL,
                            rows->targets ? rows->targets + i * width : NULL));
    }
    return STATUS_OK;
}

enum status source_read(struct source *s, int64_t first, int64_t count, const struct source_rows *rows)
{
    assert(first >= 0 && count >= 0 && first <= s->info.samples && count <= s->info.samples - first);
    assert(s->info.has_labels || (!rows->labels && !rows->targets));
    assert(!rows->weights || s->info.has_weights);
    return source_read_every(s, first, 1, count, rows);
}

enum status source_read_every(struct source *s, int64_t first, int64_t step, int64_t count,
                              const struct source_rows *rows)
{
    /* a step beyond the end may be any number */
    struct range part = {range_at(s->range, first), count > 1 ? step * s->range.step : 1, count};
    if (s->shift == 0 && !s->index) return s->ops->read(s, part, rows);
    const struct source_rows here = {.features = rows->features, .weights = rows->weights},
                             there = {.labels = rows->labels, .targets = rows->targets};
    TRY(s->ops->read(s, part, &here));
    if (s->index) return source_read_index(s, part, &there);
    part.first += s->shift * s->range.step;
    return s->ops->read(s, part, &there);
}
