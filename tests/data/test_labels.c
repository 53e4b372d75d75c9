/* test_labels.c - labels and weights of HDF5 files: every type and shape, and every refusal. */
#include "sample_file.h"

/* The maximum class index is INT32_MAX - 1; one beyond is refused, not cut to fit. */
static void test_refused_indices(void)
{
    const struct sample_file floats = {
        .x_type = H5_TYPE_F32, .y_type = H5_TYPE_I64, .rank = 2, .dims = {13, 4}};
    fill(&floats);
    y.i64[5] = INT32_MAX;
    check_refused(&floats, "sample 5 has label 2147483647");
    y.i64[5] = (int64_t)1 << 32; /* not to be cut to 0 */
    check_refused(&floats, "label 4294967296");
    fill(&floats);
    struct source *source;
    int32_t labels[13];
    y.i64[12] = INT32_MAX - 1;
    write_file(&floats);
    CHECK_STATUS(source_open(&source, path, &usual), STATUS_OK);
    CHECK_STATUS(source_read(source, 0, 13, &(struct source_rows){.features = &back, .labels = labels}),
                 STATUS_OK);
    CHECK(labels[12] == INT32_MAX - 1 && labels[3] == label_of(3));
    CHECK_STATUS(source_read(source, 13, 0, &(struct source_rows){.features = &back, .labels = labels}),
                 STATUS_OK);
    source_close(&source);
}

#define WIDE 130 /* a few rows fill the block in which integers are read */

/* Labels of every type and shape, as class indices where they are integers, and as numbers. */
static void check_labels(enum h5_type type, int64_t width)
{
    struct sample_file s = {
        .x_type = H5_TYPE_F32, .y_type = type, .rank = 2, .dims = {31, 4}, .label_dims = {31, width}};
    struct source *source;
    static float targets[31 * WIDE];
    int32_t labels[31];
    bool integers = type == H5_TYPE_U8 || type == H5_TYPE_I64, is_index = integers && width <= 1;
    int64_t columns = width ? width : 1;
    fill(&s);
    if (!integers)
        for (int64_t i = 0; i < 31 * columns; i++) set(&y, type, i, (double)label_of(i) - 0.5);
    write_file(&s);
    CHECK_STATUS(source_open(&source, path, &usual), STATUS_OK);
    if (!source) return;
    const struct source_info *info = source_info(source);
    CHECK(info->label_width == width && info->label_integers == integers && !info->has_weights);
    CHECK(strstr(info->label_where, "set.h5: labels") != NULL);
    for (int64_t first = 0, n; first < 31; first += n) {
        n = 31 - first < 20 ? 31 - first : 20;
        struct source_rows rows = {.targets = targets, .labels = is_index ? labels : NULL};
        CHECK_STATUS(source_read(source, first, n, &rows), STATUS_OK);
        int wrong = 0;
        for (int64_t i = 0; i < n * columns; i++)
            wrong += targets[i] != (float)label_of(first * columns + i) - (integers ? 0 : 0.5f);
        for (int64_t i = 0; is_index && i < n; i++) wrong += labels[i] != label_of(first + i);
        CHECK(wrong == 0);
    }
    source_close(&source);
}

static void test_labels(void)
{
    static const int64_t widths[] = {0, 1, 2, 3, WIDE};
    for (int i = 0; i < 5; i++) {
        int64_t width = widths[i];
        check_labels(H5_TYPE_U8, width);
        check_labels(H5_TYPE_I64, width);
        check_labels(H5_TYPE_F32, width);
        check_labels(H5_TYPE_F64, width);
    }
    struct sample_file s = {
        .x_type = H5_TYPE_F32, .y_type = H5_TYPE_F32, .rank = 2, .dims = {13, 4}, .label_dims = {13, 2}};
    struct source *source;
    float targets[26];
    fill(&s);
    y.f32[2 * 9 + 1] = NAN;
    write_file(&s);
    CHECK_STATUS(source_open(&source, path, &usual), STATUS_OK);
    CHECK_STATUS(source_read(source, 0, 9, &(struct source_rows){.targets = targets}), STATUS_OK);
    CHECK_STATUS(source_read(source, 5, 8, &(struct source_rows){.targets = targets}), STATUS_DATA);
    CHECK(says("set.h5: labels: sample 9 holds NaN (column 1)"));
    source_close(&source);
}

static void write_weights(const char *name, enum h5_type type, int rank, const int64_t *dims, int64_t odd,
                          double value)
{
    struct sample_file s = {.x_type = H5_TYPE_F32, .y_type = H5_TYPE_I64, .rank = 2, .dims = {13, 4}};
    fill(&s);
    struct h5_writer *w = begin(&s);
    for (int64_t i = 0; i < 26; i++) set(&x, type, i, (double)(i % 3));
    if (odd >= 0) set(&x, type, odd, value);
    CHECK_STATUS(h5_write(w, name, type, rank, dims, &x), STATUS_OK);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
}

/* STATUS_OK if the file can be opened and its weights be read. */
static enum status try_weights(bool optional, float weights[13])
{
    struct source *source;
    const struct source_options names = {.weights = "w", .weights_optional = optional};
    enum status status = source_open(&source, path, &names);
    if (status == STATUS_OK && source_info(source)->has_weights)
        status = source_read(source, 0, 13, &(struct source_rows){.weights = weights});
    source_close(&source);
    return status;
}

static void test_weights(void)
{
    static const enum h5_type types[] = {H5_TYPE_U8, H5_TYPE_I64, H5_TYPE_F32, H5_TYPE_F64};
    const int64_t good[] = {13, 1}, wide[] = {13, 2}, few[] = {12};
    float weights[13] = {0};
    for (int t = 0; t < 4; t++)
        for (int rank = 1; rank <= 2; rank++) {
            write_weights("w", types[t], rank, good, -1, 0);
            CHECK_STATUS(try_weights(false, weights), STATUS_OK);
            int wrong = 0;
            for (int i = 0; i < 13; i++) wrong += weights[i] != (float)(i % 3);
            CHECK(wrong == 0);
        }
    write_weights("w", H5_TYPE_F32, 2, wide, -1, 0);
    CHECK(try_weights(false, weights) == STATUS_DATA &&
          says("w: has shape (13, 2); expected one weight a sample"));
    write_weights("w", H5_TYPE_F32, 1, few, -1, 0);
    CHECK(try_weights(false, weights) == STATUS_DATA && says("w: has 12 rows for 13 samples"));
    write_weights("w", H5_TYPE_F32, 1, good, 4, -0.5);
    CHECK(try_weights(true, weights) == STATUS_DATA && says("w: sample 4 has weight -0.5"));
    write_weights("w", H5_TYPE_F64, 1, good, 4, INFINITY);
    CHECK(try_weights(true, weights) == STATUS_DATA && says("w: sample 4 holds Inf"));
    write_weights("v", H5_TYPE_F32, 1, good, -1, 0);
    CHECK(try_weights(false, weights) == STATUS_DATA && says("no weights in the root") &&
          says("data.weights"));
    CHECK_STATUS(try_weights(true, weights), STATUS_OK);
    struct source *source;
    CHECK_STATUS(source_open(&source, "demo:train", &(struct source_options){.weights = "w"}), STATUS_DATA);
    CHECK(says("demo:train: has no weights"));
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    sample_begin();
    CHECK_CASE(test_refused_indices());
    CHECK_CASE(test_labels());
    CHECK_CASE(test_weights());
    return sample_end();
}
