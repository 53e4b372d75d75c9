/* load.c - reads a set into the memory of a node, or into another store. */
#include <stdio.h>

#include "comm/activity.h"
#include "core/mem.h"
#include "core/system/stop.h"
#include "data/dataset/private.h"
#include "data/measure/moments.h"
#include "data/source/files/locators.h"
#include "io/hash.h"

#define ANYTHING ((1u << TARGET_KINDS) - 1)

/* Bytes of `count` rows, rounded up so that the next array begins with a cache line. */
static bool dataset_add_bytes(int64_t count, int64_t row, int64_t *total)
{
    int64_t bytes;
    return !__builtin_mul_overflow(count, row, &bytes) && bytes <= PTRDIFF_MAX - MEM_ALIGN &&
           !__builtin_add_overflow(*total, (bytes + MEM_ALIGN - 1) / MEM_ALIGN * MEM_ALIGN, total);
}

enum status dataset_open_source(struct source **out, char **found, struct comm *comm, const char *locator,
                                const struct source_options *names)
{
    struct source_options options = *names;
    bool first = comm_rank(comm) == 0;
    enum status status = first ? source_open(out, locator, &options) : STATUS_OK;
    if (first && status == STATUS_OK) status = mem_copy_text(found, source_found(*out));
    TRY(comm_agree(comm, status));
    TRY(comm_share_text(comm, found));
    options.found = *found;
    return comm_agree(comm, first ? STATUS_OK : source_open(out, locator, &options));
}

static enum status dataset_name_pool(struct pool *s, const char *locator)
{
    char title[LOCATORS_TITLE];
    locators_title(locator, title);
    TRY(mem_copy_text(&s->full_locator, locator));
    return mem_copy_text(&s->locator, title);
}

static enum status dataset_open_pool(struct pool *s, struct comm *comm, const char *locator,
                                     struct source_options *names)
{
    TRY(comm_agree(comm, dataset_name_pool(s, locator)));
    TRY(dataset_open_source(&s->source, &s->found, comm, locator, names));
    names->found = s->found;
    const struct source_info *info = source_info(s->source);
    s->width = s->channels = info->label_width ? info->label_width : info->has_labels;
    s->positions = 1;
    s->weight_width = info->weight_width;
    return STATUS_OK;
}

/* Where everything lies in the window, whose base may still be NULL. */
static enum status dataset_lay_out(struct pool *s, char *base, bool is_index)
{
    const struct source_info *info = source_info(s->source);
    int64_t features = 0, weights, end = 0;
    bool fits =
        dataset_add_bytes(info->samples, shape_features(info->shape) * feature_bytes(info->type), &features);
    fits = fits && dataset_add_bytes(info->samples, s->width * (int64_t)sizeof(float), &end); /* or int32 */
    weights = end;
    int64_t row = s->weight_width * (int64_t)sizeof *s->weights;
    if (info->has_weights) fits = fits && dataset_add_bytes(info->samples, row, &end);
    if (!fits) return status_fail(STATUS_DATA, "%s: too large for the memory of a node", s->locator);
    s->bytes = (size_t)end;
    if (!base) return STATUS_OK;
    if (is_index)
        s->labels = (int32_t *)(void *)base;
    else if (info->has_labels)
        s->targets = (float *)(void *)base;
    if (info->has_weights) s->weights = (float *)(void *)(base + weights);
    return STATUS_OK;
}

static enum status dataset_read_rows(struct dataset *d, struct label_scan *scan, float *scratch)
{
    struct pool *s = d->pool;
    for (int64_t first = scan->first; first < scan->end; first += MOMENTS_BLOCK) {
        int64_t count = scan->end - first < MOMENTS_BLOCK ? scan->end - first : MOMENTS_BLOCK;
        struct source_rows rows = dataset_label_rows(s, first);
        rows.features = store_room(d->store, first);
        activity_set_phase(ACTIVITY_LOADING);
        if (!store_is_spread(d->store)) TRY(store_fill(d->store, s->source, first, count));
        TRY(source_read(s->source, first, count, &rows));
        if (s->targets && s->channels_last) dataset_channels_first(s, count, rows.targets, scratch);
        TRY(dataset_scan(s, scan, first, count));
        TRY(stop_asked());
    }
    return STATUS_OK;
}

/* Features of a store that is spread over all nodes. */
static enum status dataset_read_spread(struct dataset *d, const struct comm *comm)
{
    int64_t first, end;
    if (!store_is_spread(d->store)) return STATUS_OK;
    dataset_part(d, comm_size(comm), comm_rank(comm), &first, &end);
    for (; first < end; first += MOMENTS_BLOCK) {
        activity_set_phase(ACTIVITY_LOADING);
        TRY(store_fill(d->store, d->pool->source, first,
                       end - first < MOMENTS_BLOCK ? end - first : MOMENTS_BLOCK));
        TRY(stop_asked());
    }
    return STATUS_OK;
}

static enum status dataset_read_share(struct dataset *d, const struct comm *comm, struct label_scan *scan)
{
    const struct pool *s = d->pool;
    float *scratch = NULL;
    TRY(mem_alloc(&scratch, s->channels_last ? (size_t)s->width : 0, sizeof *scratch, "channel reordering"));
    enum status status = dataset_read_rows(d, scan, scratch);
    if (status == STATUS_OK) status = dataset_read_spread(d, comm);
    mem_free(&scratch);
    return status;
}

/* If the file was changed meanwhile, that is what to say of whatever went wrong, and nothing may be
 * believed even if all went well: behind the end of a file that was cut HDF5 reads zeros. */
static enum status dataset_read_unchanged(struct dataset *d, const struct comm *comm, struct label_scan *scan)
{
    enum status status = dataset_read_share(d, comm, scan);
    if (status_is_stop(status)) return status;
    char text[STATUS_TEXT_SIZE];
    snprintf(text, sizeof text, "%s", status_text());
    TRY(source_check(d->pool->source));
    return status == STATUS_OK ? status : status_fail(status, "%s", text);
}

/* What the loss takes, and what an index may be besides a class: the label that it does not count. */
static void dataset_infer_options(struct infer_options *w, struct pool *s, char taker[80],
                                  const struct dataset_labels *labels)
{
    struct loss_traits loss = {.targets = ANYTHING};
    if (labels->loss) loss = loss_find_traits(labels->loss, labels->loss_args, labels->loss_list);
    snprintf(taker, 80, "loss %.64s", loss.name);
    s->ignored_name = loss.ignored_name;
    s->ignored = loss.ignored;
    s->label_offset = labels->offset;
    if (labels->map && (labels->map->count > 0 || labels->map->ignores_others)) s->label_map = labels->map;
    *w = (struct infer_options){.taker = taker,
                                .takes = loss.targets,
                                .target_min = loss.target_min,
                                .target_max = loss.target_max,
                                .fixed = labels->fixed,
                                .kind = labels->kind,
                                .fixed_by = labels->fixed_by};
}

/* Fails on all ranks if one of them opened a file of another shape, as a stale copy on its node would be. */
static enum status dataset_check_alike(struct comm *comm, const char *locator, const struct source_info *info)
{
    const int64_t facts[] = {info->samples,         info->shape.c,         info->shape.d[AXIS_D],
                             info->shape.d[AXIS_H], info->shape.d[AXIS_W], info->type,
                             info->has_labels,      info->label_width,     info->has_weights,
                             info->label_rank,      info->weight_width};
    struct hash h;
    hash_begin(&h);
    hash_add(&h, facts, sizeof facts);
    int other = comm_find_different(comm, hash_end(&h));
    if (other == 0) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: rank %d sees another file than rank 0: samples or shapes differ",
                       locator, other);
}

/* What is known of the outputs, before labels are read. */
static enum status dataset_find_layout(struct pool *s, struct infer_options *options,
                                       const struct dataset_labels *labels)
{
    struct dataset_outputs outputs = {.known = false};
    if (labels->find_outputs)
        TRY(labels->find_outputs(labels->self, source_info(s->source)->shape, &outputs));
    return dataset_find_axes(s, options, outputs.known ? &outputs : NULL);
}

static enum status dataset_fill(struct dataset *d, struct comm *comm, const char *locator,
                                const struct source_options *names, const struct dataset_labels *labels,
                                const struct store_options *where)
{
    struct pool *s = d->pool;
    struct source_options with_found = *names;
    struct infer_options options;
    char taker[80];
    dataset_infer_options(&options, s, taker, labels);
    s->missing = (enum data_missing)names->missing;
    with_found.has_ignored = s->ignored_name != NULL;
    with_found.ignored = s->ignored;
    TRY(infer_check_options(&options));
    TRY(dataset_check_map(s, taker));
    TRY(dataset_open_pool(s, comm, locator, &with_found));
    locator = s->locator;
    d->info = *source_info(s->source);
    TRY(dataset_check_alike(comm, locator, &d->info));
    TRY(comm_agree(comm, dataset_find_layout(s, &options, labels)));
    bool is_index = infer_is_index(&options, &d->info);
    TRY(dataset_lay_out(s, NULL, is_index));
    TRY(store_create(&d->store, &(struct store_spec){.comm = comm,
                                                     .locator = s->full_locator,
                                                     .names = &with_found,
                                                     .info = &d->info,
                                                     .options = where,
                                                     .other_bytes = s->bytes}));
    TRY(shared_create(&s->window, comm, s->bytes, locator));
    TRY(dataset_lay_out(s, shared_base(s->window), is_index));
    struct label_scan scan = {.options = &options};
    infer_begin(&scan.facts);
    dataset_part(d, comm_local_size(comm), comm_local_rank(comm), &scan.first, &scan.end);
    TRY(names->skip ? dataset_read_skipping(d, comm, &scan)
                    : comm_agree(comm, dataset_read_unchanged(d, comm, &scan)));
    TRY(dataset_settle(s, comm, &scan));
    return dataset_drop_missing(d, comm);
}

static enum status dataset_allocate(struct dataset **out)
{
    TRY(mem_alloc(out, 1, sizeof **out, "data set"));
    TRY(mem_alloc(&(*out)->pool, 1, sizeof *(*out)->pool, "data set"));
    (*out)->pool->views = 1;
    return STATUS_OK;
}

enum status dataset_load(struct dataset **out, struct comm *comm, const char *locator,
                         const struct source_options *names, const struct dataset_labels *labels)
{
    return dataset_load_into(out, comm, locator, names, labels, &(struct store_options){.kind = STORE_NODE});
}

enum status dataset_load_into(struct dataset **out, struct comm *comm, const char *locator,
                              const struct source_options *names, const struct dataset_labels *labels,
                              const struct store_options *where)
{
    *out = NULL;
    enum status status = comm_agree(comm, dataset_allocate(out));
    if (status == STATUS_OK) status = dataset_fill(*out, comm, locator, names, labels, where);
    if (status != STATUS_OK) dataset_destroy(out);
    return status;
}
