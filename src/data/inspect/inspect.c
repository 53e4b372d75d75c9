/* inspect.c - prints what an HDF5 file holds and what its samples and labels are. */
#include "data/inspect/inspect.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "data/config.h"
#include "data/source/files/locators.h"
#include "data/source/h5/find.h"
#include "data/inspect/survey.h"
#include "io/h5/h5.h"
#include "core/mem.h"
#include "core/utf8.h"

#define GROUPS_MAX   64
#define CHANNELS_MAX 4
#define HINTS_MAX    32

struct listing {
    FILE *out;
    int datasets;
    int group_count;
    const char *x; /* name of the features, NULL = usual ones */
    struct hint {
        char name[FIND_NAME_SIZE];
        int64_t rows, elements;
        int rank;
        bool numbers;
    } hints[HINTS_MAX]; /* what could be features or labels */
    int hint_count;
    char groups[GROUPS_MAX][FIND_NAME_SIZE]; /* that hold features; "" = the root */
};

static void inspect_print_dataset(FILE *out, const char *name, const struct h5_info *info)
{
    char shape[H5_TEXT_SIZE], type[H5_TEXT_SIZE], chunk[H5_TEXT_SIZE] = "whole";
    h5_shape_text(info->rank, info->dims, shape);
    h5_type_text(info, type);
    if (info->is_chunked) h5_shape_text(info->rank, info->chunk, chunk);
    fprintf(out, "  %-24s  %-8s  %-24s  %-20s ", name, type, shape, chunk);
    if (info->filter_count == 0) fprintf(out, " none");
    for (int i = 0; i < info->filter_count; i++) {
        const struct h5_filter *filter = &info->filters[i];
        char level[24] = "";
        if (filter->level >= 0) snprintf(level, sizeof level, " level %d", filter->level);
        fprintf(out, "%s %s%s%s", i ? "," : "", strcmp(filter->name, "deflate") == 0 ? "gzip" : filter->name,
                level, filter->available ? "" : " NOT AVAILABLE HERE");
    }
    fprintf(out, "\n");
}

static void inspect_list_dataset(void *self, const char *name, const struct h5_info *info)
{
    struct listing *l = self;
    char shown[FIND_NAME_SIZE];
    snprintf(shown, sizeof shown, "%s", name);
    utf8_mask_controls(shown);
    if (l->datasets++ == 0)
        fprintf(l->out, "  %-24s  %-8s  %-24s  %-20s  %s\n", "dataset", "type", "shape", "chunks", "filters");
    if (info)
        inspect_print_dataset(l->out, shown, info);
    else
        fprintf(l->out, "  %-24s  %s\n", shown, status_text());
    if (info && info->rank > 0 && l->hint_count < HINTS_MAX) {
        struct hint *h = &l->hints[l->hint_count++];
        *h = (struct hint){.rows = info->dims[0], .elements = info->elements, .rank = info->rank};
        h->numbers = info->kind == H5_KIND_INT || info->kind == H5_KIND_REAL;
        snprintf(h->name, sizeof h->name, "%s", shown);
    }
    if (l->x || !find_is_features(name) || l->group_count == GROUPS_MAX) return;
    const char *slash = strrchr(name, '/');
    char *group = l->groups[l->group_count];
    snprintf(group, FIND_NAME_SIZE, "%.*s", slash ? (int)(slash - name) : 0, name);
    for (int i = 0; i < l->group_count; i++)
        if (strcmp(l->groups[i], group) == 0) return;
    l->group_count++;
}

static void inspect_print_channels(FILE *out, const struct source_info *info, const struct survey *s)
{
    const char *what = shape_positions(info->shape) == 1 ? "feature" : "channel";
    fprintf(out, "  %-8s %14s %14s %14s %14s\n", what, "mean", "std", "min", "max");
    for (int64_t c = 0; c < info->shape.c && c < CHANNELS_MAX; c++)
        fprintf(out, "  %-8" PRId64 " %14.6g %14.6g %14.6g %14.6g\n", c, (double)s->mean[c],
                (double)s->std[c], (double)s->min[c], (double)s->max[c]);
    if (info->shape.c > CHANNELS_MAX)
        fprintf(out, "  ... and %" PRId64 " %ss more\n", info->shape.c - CHANNELS_MAX, what);
}

/* Whether all data sets look alike, as those of a file with one for each sample. */
static bool inspect_are_samples(const struct listing *l)
{
    for (int i = 0; i < l->hint_count; i++)
        if (!l->hints[i].numbers || l->hints[i].rank != l->hints[0].rank ||
            l->hints[i].rows != l->hints[0].rows || l->hints[i].elements != l->hints[0].elements)
            return false;
    return l->hint_count > 2;
}

/* Says which data sets could be features and labels, where none has a usual name. */
static void inspect_print_hint(const struct listing *l)
{
    if (inspect_are_samples(l)) {
        fprintf(
            l->out,
            "\n  no features with a usual name; if every data set of a group is a sample: --samples objects\n");
        return;
    }
    for (int i = 0; i < l->hint_count; i++)
        for (int k = 0; k < l->hint_count; k++) {
            const struct hint *x = &l->hints[i], *y = &l->hints[k];
            if (x->rank < 2 || y->rank > 2 || k == i || x->rows != y->rows || !x->numbers || !y->numbers)
                continue;
            fprintf(l->out,
                    "\n  no features with a usual name; these could be features and labels: --x %s --y %s\n",
                    x->name, y->name);
            return;
        }
}

/* What is missing among features stands in the way of training, unless data.missing says what becomes of it. */
static void inspect_print_missing(FILE *out, const char *path, const struct source_info *info,
                                  const struct survey *s)
{
    int64_t missing = 0;
    for (int64_t c = 0; c < info->shape.c; c++) missing += s->missing[c];
    if (missing == 0) return;
    fprintf(out,
            "  problem: %s: %" PRId64 " of %" PRId64
            " values are missing (NaN, or fill values), the first in sample %" PRId64 "; set data.missing\n",
            path, missing, info->samples * shape_features(info->shape), s->first_missing);
}

static enum status inspect_group(const char *path, const char *group, const struct source_options *wanted,
                                 struct h5 **pool, FILE *out)
{
    char locator[2 * FIND_NAME_SIZE];
    struct source *source = NULL;
    struct survey survey = {0};
    struct source_options names = *wanted;
    names.missing = MISSING_MEAN; /* of features; they are counted */
    if (!names.weights) names.weights = "weights", names.weights_optional = true;
    names.pool = pool;
    snprintf(locator, sizeof locator, "%s%s%s", path, group[0] ? ":" : "", group);
    enum status status = source_open(&source, locator, &names);
    utf8_mask_controls(locator);
    fprintf(out, "\n%s\n", locator);
    if (status == STATUS_OK) status = survey_init(source, &survey);
    if (status == STATUS_OK) {
        const struct source_info *info = source_info(source);
        static const char *const axes[] = {"features", "channels, length", "channels, height, width",
                                           "channels, depth, height, width"};
        char shape[SHAPE_TEXT];
        shape_text(info->shape, shape);
        fprintf(out, "  samples %" PRId64 " of %s (%s)\n", info->samples, shape, axes[info->shape.rank]);
        inspect_print_channels(out, info, &survey);
        inspect_print_missing(out, path, info, &survey);
        tally_print(&survey.tally, info, out);
    } else {
        fprintf(out, "  problem: %s\n", status_text());
    }
    survey_free(&survey);
    source_close(&source);
    return status == STATUS_DATA ? STATUS_OK : status;
}

enum status inspect_data(const char *path, const struct source_options *names, FILE *out)
{
    struct h5 *f = NULL;
    struct listing *l = NULL;
    if (locators_are_many(path) || names->samples != SAMPLES_AXIS) {
        enum status status = inspect_group(path, "", names, &f, out);
        h5_close(&f);
        return status;
    }
    TRY(h5_open(&f, path, names->allow_external));
    enum status status = mem_alloc(&l, 1, sizeof *l, "list of datasets");
    if (status == STATUS_OK) {
        l->out = out;
        l->x = names->x;
        fprintf(out, "%s\n", path);
        status = h5_visit(f, "/", inspect_list_dataset, l);
    }
    if (status == STATUS_OK && l->datasets == 0) fprintf(out, "  no dataset\n");
    fflush(out); /* what follows reads all samples */
    if (status == STATUS_OK && names->x) status = inspect_group(path, "", names, &f, out);
    if (status == STATUS_OK && !names->x && l->group_count == 0) inspect_print_hint(l);
    for (int i = 0; status == STATUS_OK && i < l->group_count; i++)
        status = inspect_group(path, l->groups[i], names, &f, out); /* one process, with one limit of time */
    h5_close(&f);
    mem_free(&l);
    return status;
}
