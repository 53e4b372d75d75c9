/* inspect.c - prints what an HDF5 file holds and what its samples and labels are. */
#include "data/inspect/inspect.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "data/source/find.h"
#include "data/inspect/survey.h"
#include "io/h5/h5.h"
#include "core/mem.h"
#include "core/utf8.h"

#define GROUPS_MAX   64
#define CHANNELS_MAX 4

struct listing {
    FILE *out;
    int datasets;
    int group_count;
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
        fprintf(out, " %s(%d)%s", filter->name, filter->id, filter->available ? "" : " NOT AVAILABLE HERE");
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
    if (!find_is_features(name) || l->group_count == GROUPS_MAX) return;
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

static enum status inspect_group(const char *path, const char *group, bool allow_external, FILE *out)
{
    char locator[2 * FIND_NAME_SIZE];
    struct source *source = NULL;
    struct survey survey = {0};
    const struct source_options names = {
        .weights = "weights", .weights_optional = true, .allow_external = allow_external};
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
        tally_print(&survey.tally, info, out);
    } else {
        fprintf(out, "  problem: %s\n", status_text());
    }
    survey_free(&survey);
    source_close(&source);
    return status == STATUS_DATA ? STATUS_OK : status;
}

enum status inspect_data(const char *path, bool allow_external, FILE *out)
{
    struct h5 *f = NULL;
    struct listing *l = NULL;
    TRY(h5_open(&f, path, allow_external));
    enum status status = mem_alloc(&l, 1, sizeof *l, "list of datasets");
    if (status == STATUS_OK) {
        l->out = out;
        fprintf(out, "%s\n", path);
        status = h5_visit(f, "/", inspect_list_dataset, l);
    }
    if (status == STATUS_OK && l->datasets == 0) fprintf(out, "  no dataset\n");
    h5_close(&f);
    fflush(out); /* what follows reads all samples */
    for (int i = 0; status == STATUS_OK && i < l->group_count; i++)
        status = inspect_group(path, l->groups[i], allow_external, out);
    mem_free(&l);
    return status;
}
