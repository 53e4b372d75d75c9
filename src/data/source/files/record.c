/* record.c - what was found in one of many files, as a line of text. */
#include "data/source/files/record.h"

#include <inttypes.h>
#include <string.h>

#include "core/system/filestate.h"
#include "data/source/range.h"
#include "io/hash.h"

enum status record_find_path(const char *locator, char path[FIND_NAME_SIZE])
{
    char copy[FIND_NAME_SIZE];
    const char *group;
    snprintf(copy, sizeof copy, "%s", locator);
    (void)range_cut(copy);
    return find_split(copy, path, &group);
}

enum status record_take_state(struct record *r, const char *locator)
{
    char path[FIND_NAME_SIZE];
    struct filestate state;
    TRY(record_find_path(locator, path));
    TRY(filestate_take(&state, path));
    r->bytes = state.facts.st_size;
    r->changed = (int64_t)state.facts.st_mtim.tv_sec * 1000000000 + state.facts.st_mtim.tv_nsec;
    return STATUS_OK;
}

enum status record_check_state(int64_t bytes, int64_t changed, const char *locator)
{
    struct record now;
    TRY(record_take_state(&now, locator));
    if (now.bytes == bytes && now.changed == changed) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: has changed since the run looked at it; do not change data while a run uses them",
                       locator);
}

void record_take_info(struct record *r, const struct source_info *info)
{
    struct hash h;
    r->info = *info;
    r->info.label_where = NULL;
    r->info.class_names = NULL;
    r->names = 0;
    if (info->class_count == 0) return;
    hash_begin(&h);
    for (int64_t k = 0; k < info->class_count; k++)
        hash_add(&h, info->class_names[k], strlen(info->class_names[k]) + 1);
    r->names = hash_end(&h);
}

/* Labels (N,) and (N,1) are alike. */
static bool record_has_same_labels(const struct source_info *a, const struct source_info *b)
{
    if (a->has_labels != b->has_labels || a->labels_are_features != b->labels_are_features) return false;
    if (a->label_width <= 1 && b->label_width <= 1) return true;
    return a->label_rank == b->label_rank && a->labels_last == b->labels_last &&
           memcmp(a->label_dims, b->label_dims, (size_t)a->label_rank * sizeof a->label_dims[0]) == 0;
}

enum status record_check_alike(const struct record *first, const char *first_locator, const struct record *r,
                               const char *locator)
{
    const struct source_info *a = &first->info, *b = &r->info;
    char mine[SHAPE_TEXT], its[SHAPE_TEXT];
    shape_text(b->shape, mine);
    shape_text(a->shape, its);
    if (!shape_equal(a->shape, b->shape))
        return status_fail(STATUS_DATA, "%s: samples are %s, but those of %s are %s; leave one of them out",
                           locator, mine, first_locator, its);
    if (!record_has_same_labels(a, b))
        return status_fail(STATUS_DATA, "%s: labels have another shape than those of %s, or only one has any",
                           locator, first_locator);
    if (a->has_weights != b->has_weights || a->weight_width != b->weight_width)
        return status_fail(STATUS_DATA,
                           "%s: weights have another shape than those of %s, or only one has any", locator,
                           first_locator);
    if (first->names == r->names) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: has other class names than %s", locator, first_locator);
}

void record_write(FILE *out, const struct record *r, const char *locator)
{
    const struct source_info *i = &r->info;
    fprintf(out, "%" PRId64 " %" PRId64 " %" PRIx64 " %" PRId64 " %d", r->bytes, r->changed, r->names,
            i->samples, (int)i->type);
    fprintf(out, " %d %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64, i->shape.rank, i->shape.c, i->shape.d[0],
            i->shape.d[1], i->shape.d[2]);
    fprintf(out, " %d %d %d %d %d %" PRId64, i->has_labels, i->labels_last, i->labels_are_features,
            i->label_integers, i->label_rank, i->label_width);
    for (int k = 0; k < 1 + SHAPE_AXES; k++) fprintf(out, " %" PRId64, i->label_dims[k]);
    fprintf(out, " %d %" PRId64 " %" PRId64 " %" PRId64 " %s %s\n", i->has_weights, i->weight_width,
            i->class_count, i->chunk, i->label_type[0] ? i->label_type : "-", locator);
}

bool record_read(const char *line, struct record *r, const char **locator)
{
    struct source_info *i = &r->info;
    int type, labels, last, features, integers, weights, at = 0;
    *r = (struct record){0};
    int got =
        sscanf(line,
               "%" SCNd64 " %" SCNd64 " %" SCNx64 " %" SCNd64 " %d %d %" SCNd64 " %" SCNd64 " %" SCNd64
               " %" SCNd64 " %d %d %d %d %d %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNd64
               " %d %" SCNd64 " %" SCNd64 " %" SCNd64 " %15s%n",
               &r->bytes, &r->changed, &r->names, &i->samples, &type, &i->shape.rank, &i->shape.c,
               &i->shape.d[0], &i->shape.d[1], &i->shape.d[2], &labels, &last, &features, &integers,
               &i->label_rank, &i->label_width, &i->label_dims[0], &i->label_dims[1], &i->label_dims[2],
               &i->label_dims[3], &weights, &i->weight_width, &i->class_count, &i->chunk, i->label_type, &at);
    if (got < 25 || line[at] != ' ' || i->samples < 1 || i->label_rank < 0 ||
        i->label_rank > 1 + SHAPE_AXES || i->shape.rank < 0 || i->shape.rank > SHAPE_AXES || i->shape.c < 1)
        return false;
    i->type = type == FEATURE_U8 ? FEATURE_U8 : FEATURE_F32;
    i->has_labels = labels, i->labels_last = last, i->labels_are_features = features;
    i->label_integers = integers, i->has_weights = weights;
    if (strcmp(i->label_type, "-") == 0) i->label_type[0] = '\0';
    *locator = line + at + 1;
    return true;
}
