/* skip.c - leaves out samples that cannot be read (data.on_error: skip). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "comm/activity.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/system/stop.h"
#include "data/dataset/private.h"
#include "data/measure/moments.h"

#define NAMED_RUNS 3 /* of samples that are left out, by number */
#define FILE_SIZE  200
#define TEXT_SIZE  (NAMED_RUNS * (FILE_SIZE + 64) + 64)

/* What a rank has found. */
struct skip {
    struct dataset *data;
    char *features; /* [MOMENTS_BLOCK]: of sets that stay in their file, which are only looked at */
    int64_t *bad;   /* [count] samples that cannot be read; room for `room` */
    int64_t count, room;
    char why[STATUS_TEXT_SIZE]; /* of the first */
};

/* ---- this rank's share ---- */

static enum status skip_note(struct skip *k, int64_t sample)
{
    TRY(mem_grow(&k->bad, &k->room, k->count, sizeof *k->bad, "samples that cannot be read"));
    k->bad[k->count++] = sample;
    return STATUS_OK;
}

static enum status skip_read_features(struct skip *k, int64_t first, int64_t count)
{
    const struct dataset *d = k->data;
    void *room = k->features ? k->features : store_room(d->store, first);
    struct source_rows rows = {.features = room};
    if (!room) return store_fill(d->store, d->pool->source, first, count);
    enum status status = source_read(d->pool->source, first, count, &rows);
    if (status != STATUS_OK) memset(room, 0, (size_t)(count * dataset_feature_bytes(d)));
    return status;
}

static enum status skip_read_labels(struct skip *k, int64_t first, int64_t count)
{
    struct pool *s = k->data->pool;
    struct source_rows rows = dataset_label_rows(s, first);
    enum status status = source_read(s->source, first, count, &rows);
    if (status == STATUS_OK) return status;
    if (rows.labels) memset(rows.labels, 0, (size_t)(count * s->width) * sizeof *rows.labels);
    if (rows.targets) memset(rows.targets, 0, (size_t)(count * s->width) * sizeof *rows.targets);
    if (rows.weights) memset(rows.weights, 0, (size_t)(count * s->weight_width) * sizeof *rows.weights);
    return status;
}

/* Where samples cannot be read together, reads half of them at a time: those are bad that cannot be read alone, so that
 * they are the same however the file is shared out. */
static enum status skip_try(struct skip *k, enum status (*read)(struct skip *k, int64_t first, int64_t count),
                            int64_t first, int64_t count)
{
    char text[STATUS_TEXT_SIZE];
    activity_set_phase(ACTIVITY_LOADING);
    TRY(stop_asked());
    enum status status = read(k, first, count);
    if (status != STATUS_DATA) return status;
    snprintf(text, sizeof text, "%s", status_text());
    TRY(source_check(k->data->pool->source));
    if (count == 1) {
        if (k->count == 0 || first < k->bad[0]) snprintf(k->why, sizeof k->why, "%s", text);
        return skip_note(k, first);
    }
    TRY(skip_try(k, read, first, count / 2));
    return skip_try(k, read, first + count / 2, count - count / 2);
}

static enum status skip_read_share(struct skip *k,
                                   enum status (*read)(struct skip *k, int64_t first, int64_t count),
                                   int64_t first, int64_t end)
{
    for (; first < end; first += MOMENTS_BLOCK)
        TRY(skip_try(k, read, first, end - first < MOMENTS_BLOCK ? end - first : MOMENTS_BLOCK));
    return STATUS_OK;
}

static enum status skip_read(struct skip *k, const struct comm *comm, const struct label_scan *scan)
{
    const struct dataset *d = k->data;
    const struct pool *s = d->pool;
    int64_t first = scan->first, end = scan->end;
    bool stays = store_stays_in_file(d->store);
    if (store_is_spread(d->store) || stays) dataset_part(d, comm_size(comm), comm_rank(comm), &first, &end);
    if (stays)
        TRY(mem_alloc(&k->features, MOMENTS_BLOCK, (size_t)dataset_feature_bytes(d),
                      "samples that are read"));
    TRY(skip_read_share(k, skip_read_features, first, end));
    if (s->labels || s->targets || s->weights)
        TRY(skip_read_share(k, skip_read_labels, scan->first, scan->end));
    return source_check(s->source);
}

/* ---- of all ranks ---- */

static int skip_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Where the samples of this rank stand among those of all. Collective. */
static int64_t skip_find_place(const struct skip *k, struct comm *comm, double *counts, int64_t *all)
{
    int ranks = comm_size(comm), rank = comm_rank(comm);
    int64_t place = 0;
    counts[rank] = (double)k->count;
    comm_merge_doubles(comm, counts, ranks);
    *all = 0;
    for (int r = 0; r < ranks; r++) {
        if (r == rank) place = *all;
        *all += (int64_t)counts[r];
    }
    return place;
}

/* Replaces the samples of this rank by those of all, which stand in `all`, each once and in their order. */
static enum status skip_take_all(struct skip *k, const double *all, int64_t count)
{
    int64_t *bad = NULL;
    TRY(mem_alloc(&bad, (size_t)count, sizeof *bad, "samples that cannot be read"));
    for (int64_t i = 0; i < count; i++) bad[i] = (int64_t)all[i];
    qsort(bad, (size_t)count, sizeof *bad, skip_compare);
    mem_free(&k->bad);
    k->bad = bad;
    k->count = 0;
    k->room = count;
    for (int64_t i = 0; i < count; i++)
        if (k->count == 0 || bad[i] != bad[k->count - 1]) bad[k->count++] = bad[i];
    return STATUS_OK;
}

/* Numbers of samples are exact in a double. Collective. */
static enum status skip_merge(struct skip *k, struct comm *comm)
{
    double *counts = NULL, *all = NULL;
    int64_t count = 0, place = 0;
    enum status status = comm_agree(
        comm, mem_alloc(&counts, (size_t)comm_size(comm), sizeof *counts, "samples that cannot be read"));
    if (status == STATUS_OK) {
        place = skip_find_place(k, comm, counts, &count);
        status = comm_agree(comm, mem_alloc(&all, (size_t)count, sizeof *all, "samples that cannot be read"));
    }
    if (status == STATUS_OK && count > 0) {
        for (int64_t i = 0; i < k->count; i++) all[place + i] = (double)k->bad[i];
        comm_merge_doubles(comm, all, count);
        status = comm_agree(comm, skip_take_all(k, all, count));
    }
    mem_free(&counts);
    mem_free(&all);
    return status;
}

/* The file of a sample among many, "" of a single one. */
static void skip_find_file(const struct skip *k, int64_t sample, char file[FILE_SIZE])
{
    const struct pool *s = k->data->pool;
    const char *where = s->found && *s->found ? source_where(s->source, sample) : "";
    const char *object = strstr(where, ": ");
    snprintf(file, FILE_SIZE, "%.*s", object ? (int)(object - where) : (int)strlen(where), where);
}

/* Samples of `bad` from `at` on that follow each other, in one file if that is to be named. */
static int64_t skip_run(const struct skip *k, int64_t at, const char *file)
{
    char other[FILE_SIZE];
    int64_t n = 1;
    for (; at + n < k->count && k->bad[at + n] == k->bad[at] + n; n++) {
        if (!file || !*file) continue;
        skip_find_file(k, k->bad[at + n], other);
        if (strcmp(file, other) != 0) break;
    }
    return n;
}

/* "17, 40 to 59 and 3 more ranges"; of many files "17 of a.h5, 0 to 22 of b.h5" */
static void skip_list(const struct skip *k, char text[TEXT_SIZE])
{
    struct source *source = k->data->pool->source;
    char file[FILE_SIZE];
    int64_t runs = 0;
    size_t used = 0;
    text[0] = '\0';
    for (int64_t at = 0, n; at < k->count; at += n, runs++) {
        bool named = runs < NAMED_RUNS;
        if (named) skip_find_file(k, k->bad[at], file);
        n = skip_run(k, at, named ? file : NULL);
        if (!named) continue;
        int64_t first = source_number(source, k->bad[at]), last = source_number(source, k->bad[at + n - 1]);
        used += (size_t)snprintf(text + used, TEXT_SIZE - used, "%s%" PRId64, runs ? ", " : "", first);
        if (n > 1) used += (size_t)snprintf(text + used, TEXT_SIZE - used, " to %" PRId64, last);
        if (*file) used += (size_t)snprintf(text + used, TEXT_SIZE - used, " of %s", file);
    }
    if (runs > NAMED_RUNS)
        snprintf(text + used, TEXT_SIZE - used, " and %" PRId64 " more range%s", runs - NAMED_RUNS,
                 runs - NAMED_RUNS > 1 ? "s" : "");
}

/* Says what is left out, with the reason of the first that a rank has found. Collective. */
static enum status skip_say(const struct skip *k, struct comm *comm)
{
    char text[TEXT_SIZE], why[STATUS_TEXT_SIZE];
    const struct pool *s = k->data->pool;
    int64_t samples = source_info(s->source)->samples;
    enum status status = comm_agree(comm, k->why[0] ? status_fail(STATUS_DATA, "%s", k->why) : STATUS_OK);
    snprintf(why, sizeof why, "%s", status_text());
    if (k->count == samples) return status_fail(status, "%s: no sample can be read: %.700s", s->locator, why);
    if (comm_rank(comm) != 0) return STATUS_OK;
    skip_list(k, text);
    log_warn("%s: %" PRId64 " of %" PRId64 " samples cannot be read and are left out: %s; %s", s->locator,
             k->count, samples, text, why);
    return STATUS_OK;
}

/* ---- the others ---- */

static enum status skip_turn_axes(struct pool *s, const struct label_scan *scan)
{
    float *scratch = NULL;
    if (!s->targets || !s->channels_last) return STATUS_OK;
    TRY(mem_alloc(&scratch, (size_t)s->width, sizeof *scratch, "channel reordering"));
    dataset_channels_first(s, scan->end - scan->first, s->targets + scan->first * s->width, scratch);
    mem_free(&scratch);
    return STATUS_OK;
}

/* Labels of this rank's share but those that are left out. */
static enum status skip_scan_labels(const struct skip *k, struct label_scan *scan)
{
    int64_t at = 0, first = scan->first;
    TRY(skip_turn_axes(k->data->pool, scan));
    while (at < k->count && k->bad[at] < first) at++;
    for (int64_t end; first < scan->end; first = end + 1) {
        end = at < k->count && k->bad[at] < scan->end ? k->bad[at++] : scan->end;
        if (end > first) TRY(dataset_scan(k->data->pool, scan, first, end - first));
    }
    return STATUS_OK;
}

/* The set becomes a view of the samples that can be read. Collective. */
static enum status skip_leave_out(const struct skip *k, struct comm *comm)
{
    int64_t *bits = NULL, words = (k->data->info.samples + 63) / 64;
    enum status status =
        comm_agree(comm, mem_alloc(&bits, (size_t)words, sizeof *bits, "samples to leave out"));
    for (int64_t i = 0; status == STATUS_OK && i < k->count; i++)
        bits[k->bad[i] / 64] = (int64_t)((uint64_t)bits[k->bad[i] / 64] | UINT64_C(1) << (k->bad[i] % 64));
    if (status == STATUS_OK) status = dataset_leave_out(k->data, comm, bits, k->count);
    mem_free(&bits);
    return status;
}

static enum status skip_load(struct skip *k, struct comm *comm, struct label_scan *scan)
{
    TRY(comm_agree(comm, skip_read(k, comm, scan)));
    TRY(skip_merge(k, comm));
    if (k->count > 0) TRY(skip_say(k, comm));
    k->data->pool->left_out = k->count;
    TRY(comm_agree(comm, skip_scan_labels(k, scan)));
    return k->count > 0 ? skip_leave_out(k, comm) : STATUS_OK;
}

enum status dataset_read_skipping(struct dataset *d, struct comm *comm, struct label_scan *scan)
{
    struct skip k = {.data = d};
    enum status status = skip_load(&k, comm, scan);
    mem_free(&k.features);
    mem_free(&k.bad);
    return status;
}

int64_t dataset_all_samples(const struct dataset *d)
{
    return source_info(d->pool->source)->samples;
}

int64_t dataset_left_out(const struct dataset *d)
{
    return d->pool->left_out;
}
