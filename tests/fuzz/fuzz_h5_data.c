/* Data sets: an HDF5 file as a source of samples, whole and by group, and as `inspect` sees it. */
#include "data/config.h"
#include "data/inspect/inspect.h"
#include "data/source/source.h"
#include "fuzz_h5.h"

#define ROWS      16
#define BYTES_MAX ((int64_t)4 << 20) /* of what is read at once; a larger set is opened only */

static FILE *nowhere;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    nowhere = fopen("/dev/null", "w");
    FUZZ_CHECK(nowhere);
    fuzz_h5_begin();
    return 0;
}

static void read_rows(struct source *s, int64_t first, int64_t count)
{
    const struct source_info *info = source_info(s);
    int64_t features = shape_features(info->shape), width = info->label_width > 0 ? info->label_width : 1;
    struct source_rows rows = {0};
    bool index = info->has_labels && info->label_integers && info->label_width <= 1;
    if (features > BYTES_MAX / 4 / count || width > BYTES_MAX / 4 / count) return;
    size_t weights = (size_t)(count * info->weight_width); /* at most as many as labels */
    rows.features = malloc((size_t)(count * features * feature_bytes(info->type)));
    if (index) rows.labels = malloc((size_t)count * sizeof *rows.labels);
    if (info->has_labels) rows.targets = malloc((size_t)(count * width) * sizeof *rows.targets);
    if (info->has_weights) rows.weights = malloc(weights * sizeof *rows.weights);
    (void)fuzz_answer(source_read(s, first, count, &rows));
    free(rows.features);
    free(rows.labels);
    free(rows.targets);
    free(rows.weights);
}

static void read_source(const char *locator, const struct source_options *names)
{
    struct source *s = NULL;
    if (fuzz_answer(source_open(&s, locator, names))) {
        const struct source_info *info = source_info(s);
        int64_t samples = info->samples, count = samples < ROWS ? samples : ROWS;
        FUZZ_CHECK(samples > 0 && info->class_count >= 0);
        for (int64_t i = 0; i < info->class_count; i++)
            FUZZ_CHECK(strlen(info->class_names[i]) < (size_t)INT32_MAX);
        read_rows(s, 0, count);
        if (samples > count) read_rows(s, samples - count, count);
    }
    source_close(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_file file = fuzz_file(data, size);
    char group[64];
    snprintf(group, sizeof group, "%s:train[::2]", file.path);
    read_source(file.path,
                &(struct source_options){.weights = "w", .weights_optional = true, .labels_optional = true});
    read_source(group, &(struct source_options){.y = "y"});
    read_source(file.path, &(struct source_options){.samples = SAMPLES_OBJECTS, .labels_optional = true});
    read_source(file.path, &(struct source_options){.x = "x/a", .y = "x/b", .labels_optional = true});
    (void)fuzz_answer(inspect_data(file.path, &(struct source_options){.allow_external = false}, nowhere));
    fuzz_close(&file);
    fuzz_h5_end();
    return 0;
}
