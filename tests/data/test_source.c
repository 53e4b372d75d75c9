/* test_source.c - features of HDF5 files: every shape and type, and one clear line for each refusal. */
#include "data/config.h"
#include "sample_file.h"

/* The feature f of sample n, whatever the order it is stored in. */
static double stored(const struct sample_file *s, struct shape shape, int64_t n, int64_t f)
{
    int64_t plane = shape_positions(shape), c = f / plane, at = f % plane;
    bool last = s->layout && s->layout[strlen(s->layout) - 1] == 'C';
    return feature_of(n * shape.c * plane + (last ? at * shape.c + c : f));
}

/* `layout` is that of the configuration. */
static void check_good_for(const struct sample_file *s, struct shape shape, int layout)
{
    const struct source_options options = {.layout = layout};
    fill(s);
    write_file(s);
    struct source *source;
    CHECK_STATUS(source_open(&source, path, &options), STATUS_OK);
    if (!source) return;
    const struct source_info *info = source_info(source);
    CHECK(info->samples == s->dims[0]);
    CHECK(shape_equal(info->shape, shape));
    CHECK(info->type == (s->x_type == H5_TYPE_U8 ? FEATURE_U8 : FEATURE_F32) && info->class_count == 0);
    int32_t labels[64];
    int64_t size = shape_features(shape);
    for (int64_t step = 1; step <= s->dims[0]; step += 3)
        for (int64_t first = 0, n; first < s->dims[0]; first += n) {
            n = s->dims[0] - first < step ? s->dims[0] - first : step;
            CHECK_STATUS(
                source_read(source, first, n, &(struct source_rows){.features = &back, .labels = labels}),
                STATUS_OK);
            int wrong = 0;
            for (int64_t i = 0; i < n * size; i++) {
                double got = info->type == FEATURE_U8 ? back.u8[i] : (double)back.f32[i];
                wrong += got != stored(s, shape, first + i / size, i % size);
            }
            for (int64_t i = 0; i < n; i++) wrong += labels[i] != label_of(first + i);
            CHECK(wrong == 0);
        }
    source_close(&source);
}

static void check_good(const struct sample_file *s, struct shape shape)
{
    check_good_for(s, shape, LAYOUT_AUTO);
}

static void test_shapes(void)
{
    static const enum h5_type types[] = {H5_TYPE_U8, H5_TYPE_I64, H5_TYPE_F32, H5_TYPE_F64};
    static const int64_t counts[] = {1, 2, 13, 31};
    for (int t = 0; t < 4; t++)
        for (int n = 0; n < 4; n++) {
            struct sample_file s = {.x_type = types[t], .y_type = t % 2 ? H5_TYPE_U8 : H5_TYPE_I64};
            s.dims[0] = counts[n];
            s.rank = 2, s.dims[1] = 7;
            check_good(&s, shape_flat(7));
            s.rank = 3, s.dims[2] = 5;
            check_good(&s, shape_2d(1, 7, 5));
            check_good_for(&s, shape_2d(1, 7, 5), LAYOUT_NCHW); /* channels first: as without it */
            check_good_for(&s, shape_of(7, 1, (int64_t[]){5}), LAYOUT_NCL);
            s.layout = "NCL";
            check_good(&s, shape_of(7, 1, (int64_t[]){5}));
            s.layout = "NLC";
            check_good(&s, shape_of(5, 1, (int64_t[]){7}));
            s.layout = NULL;
            s.rank = 4, s.dims[3] = 3;
            check_good(&s, shape_2d(7, 5, 3));
            s.layout = "NCHW";
            check_good(&s, shape_2d(7, 5, 3));
            s.layout = "NHWC";
            check_good(&s, shape_2d(3, 7, 5));
            s.layout = NULL, s.label_dims[0] = counts[n], s.label_dims[1] = 1;
            check_good(&s, shape_2d(7, 5, 3));
            s.rank = 5, s.dims[1] = 2, s.dims[4] = 4;
            check_good(&s, shape_of(2, 3, (int64_t[]){5, 3, 4}));
            s.layout = "NCDHW";
            check_good(&s, shape_of(2, 3, (int64_t[]){5, 3, 4}));
            s.layout = "NDHWC";
            check_good(&s, shape_of(4, 3, (int64_t[]){2, 5, 3}));
        }
}

static void test_names(void)
{
    static const char *const xs[] = {"images", "x", "X", "data", "features"};
    static const char *const ys[] = {"labels", "y", "label", "targets"};
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 4; j++) {
            struct sample_file s = {xs[i], ys[j], H5_TYPE_F32, H5_TYPE_I64, 2, {3, 4}, {0}, NULL};
            check_good(&s, shape_flat(4));
        }
    struct sample_file s = {"a/in", "a/out", H5_TYPE_U8, H5_TYPE_U8, 2, {3, 4}, {0}, NULL};
    struct source *source;
    char locator[80];
    fill(&s);
    write_file(&s);
    CHECK_STATUS(source_open(&source, path, &(struct source_options){.x = "a/in", .y = "a/out"}), STATUS_OK);
    source_close(&source);
    snprintf(locator, sizeof locator, "%s:a", path);
    CHECK_STATUS(source_open(&source, locator, &(struct source_options){.x = "in", .y = "out"}), STATUS_OK);
    source_close(&source);
    CHECK_STATUS(source_open(&source, locator, &usual), STATUS_DATA);
    CHECK(says("a/in (3, 4) uint8") && says("no features in group a"));
    CHECK_STATUS(source_open(&source, path, &(struct source_options){.x = "a/in"}), STATUS_DATA);
    CHECK(says("no labels in the root") && says("data.y"));
    CHECK_STATUS(source_open(&source, path, &(struct source_options){.x = "nothing"}), STATUS_DATA);
    CHECK(says("looked for nothing"));
    snprintf(locator, sizeof locator, "%s:b", path);
    CHECK_STATUS(source_open(&source, locator, &usual), STATUS_DATA);
    CHECK(source == NULL && says("no group 'b'"));
}

static void expect_names(struct h5_writer *w, const char *locator)
{
    struct source *source;
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    CHECK_STATUS(source_open(&source, locator, &usual), STATUS_OK);
    if (!source) return;
    const struct source_info *info = source_info(source);
    CHECK(info->class_count == 3);
    if (info->class_count == 3)
        CHECK(!strcmp(info->class_names[0], "cat") && !strcmp(info->class_names[2], "a bird"));
    source_close(&source);
}

static void test_class_names(void)
{
    static const char *const names[] = {"cat", "dog", "a bird"};
    struct sample_file s = {"g/x", "g/y", H5_TYPE_F32, H5_TYPE_I64, 2, {3, 4}, {0}, NULL};
    char locator[80];
    static const char *const places[] = {"g/y", "g", "/"};
    snprintf(locator, sizeof locator, "%s:g", path);
    fill(&s);
    for (int i = 0; i < 3; i++) {
        struct h5_writer *w = begin(&s);
        CHECK_STATUS(h5_write_attr_texts(w, places[i], "class_names", names, 3), STATUS_OK);
        expect_names(w, locator);
    }
    struct h5_writer *w = begin(&s);
    CHECK_STATUS(h5_write_attr_text(w, "/", "class_names", "cat,dog,a bird"), STATUS_OK);
    expect_names(w, locator);
    w = begin(&s);
    CHECK_STATUS(h5_write_text(w, "g/class_names", "cat,dog,a bird"), STATUS_OK);
    expect_names(w, locator);
}

static void test_refused_shapes(void)
{
    const struct sample_file good = {
        .x_type = H5_TYPE_F32, .y_type = H5_TYPE_I64, .rank = 2, .dims = {13, 4}};
    struct sample_file s = good;
    fill(&good);
    s.rank = 1;
    check_refused(&s, "shape (13,)");
    s = good, s.dims[0] = 0;
    check_refused(&s, "holds no sample");
    s = good, s.dims[1] = 0;
    check_refused(&s, "holds no sample");
    s = good, s.label_dims[0] = 12;
    check_refused(&s, "labels: has 12 rows for 13 samples");
    s = good, s.layout = "NHWC";
    check_refused(&s, "layout NHWC but shape (13, 4)");
    s = good, s.layout = "NCDHW";
    check_refused(&s, "layout NCDHW but shape (13, 4)");
    s = good, s.rank = 4, s.dims[2] = s.dims[3] = 2, s.layout = "NCL";
    check_refused(&s, "layout NCL but shape (13, 4, 2, 2)");
    s = good, s.rank = 4, s.dims[2] = s.dims[3] = 2, s.layout = "CHWN";
    check_refused(&s, "'CHWN'");
    s = good, s.x_name = "";
    check_refused(&s, "no features");
    s = good, s.y_name = "";
    check_refused(&s, "no labels");
    s = good, s.x_name = "pictures";
    check_refused(&s, "pictures (13, 4) float32");
}

static void test_refused_features(void)
{
    const struct sample_file floats = {
        .x_type = H5_TYPE_F32, .y_type = H5_TYPE_I64, .rank = 2, .dims = {13, 4}};
    struct sample_file doubles = floats;
    doubles.x_type = H5_TYPE_F64;
    fill(&floats);
    x.f32[4 * 7 + 2] = NAN;
    check_refused(&floats, "sample 7 holds NaN (feature 2)");
    x.f32[4 * 7 + 2] = -INFINITY;
    check_refused(&floats, "sample 7 holds Inf");
    fill(&doubles);
    x.f64[4 * 12] = 1e300;
    check_refused(&doubles, "sample 12 holds Inf, or a value beyond float32");
}

/* A range is the samples Python would give, whatever is stored how, and messages count in the file. */
static void check_range(const struct sample_file *s, const char *text, int64_t first, int64_t step,
                        int64_t count)
{
    char locator[96];
    struct source *source;
    int32_t labels[31];
    snprintf(locator, sizeof locator, "%s%s", path, text);
    CHECK_STATUS(source_open(&source, locator, &usual), STATUS_OK);
    if (!source) return;
    CHECK(source_info(source)->samples == count);
    for (int64_t at = 0, n; at < count; at += n) {
        n = count - at < 4 ? count - at : 4;
        CHECK_STATUS(source_read(source, at, n, &(struct source_rows){.features = &back, .labels = labels}),
                     STATUS_OK);
        int wrong = 0;
        for (int64_t i = 0; i < n; i++) {
            int64_t number = first + (at + i) * step;
            wrong += source_number(source, at + i) != number || labels[i] != label_of(number);
            for (int64_t f = 0; f < 12; f++)
                wrong += (double)back.f32[i * 12 + f] != stored(s, shape_2d(3, 2, 2), number, f);
        }
        CHECK(wrong == 0);
    }
    source_close(&source);
}

static void test_ranges(void)
{
    struct sample_file s = {.x_type = H5_TYPE_F32, .y_type = H5_TYPE_I64, .rank = 4, .dims = {31, 3, 2, 2}};
    for (int last = 0; last < 2; last++) {
        if (last) s.layout = "NHWC", s.dims[1] = s.dims[2] = 2, s.dims[3] = 3;
        fill(&s);
        write_file(&s);
        check_range(&s, "[0:16]", 0, 1, 16);
        check_range(&s, "[16:]", 16, 1, 15);
        check_range(&s, "[-5:]", 26, 1, 5);
        check_range(&s, "[:-5]", 0, 1, 26);
        check_range(&s, "[4::5]", 4, 5, 6);
        check_range(&s, "[1:30:7]", 1, 7, 5);
        check_range(&s, "[:]", 0, 1, 31);
        check_range(&s, "[::40]", 0, 40, 1);
    }
    x.f32[12 * 21 + 5] = NAN;
    write_file(&s);
    char locator[96];
    struct source *source;
    snprintf(locator, sizeof locator, "%s[1::5]", path);
    CHECK_STATUS(source_open(&source, locator, &usual), STATUS_OK);
    CHECK_STATUS(source_read(source, 0, 6, &(struct source_rows){.features = &back}), STATUS_DATA);
    CHECK(says("sample 21 holds NaN"));
    source_close(&source);
    CHECK_STATUS(source_open(&source, "synthetic:1x1x3:5:100[10:20:2]", &usual), STATUS_OK);
    CHECK(source_info(source)->samples == 5 && source_number(source, 4) == 18);
    source_close(&source);
    CHECK_STATUS(source_open(&source, "synthetic:1x1x3:5:100[100:]", &usual), STATUS_DATA);
    CHECK(says("synthetic:1x1x3:5:100: [100:] holds none of the 100 samples"));
    CHECK_STATUS(source_open(&source, "demo:test[5]", &usual), STATUS_DATA);
    CHECK(says("[5] is not a range such as"));
    char odd[80];
    snprintf(odd, sizeof odd, "%s/a[0:1]", folder);
    CHECK(rename(path, odd) == 0);
    CHECK_STATUS(source_open(&source, odd, &usual), STATUS_OK); /* the name of a file */
    CHECK(source_info(source)->samples == 31);
    source_close(&source);
    unlink(odd);
}

static void test_refused_files(void)
{
    const struct sample_file good = {
        .x_type = H5_TYPE_F32, .y_type = H5_TYPE_I64, .rank = 2, .dims = {13, 4}};
    struct source *source;
    fill(&good);
    write_file(&good);
    CHECK(truncate(path, 1500) == 0);
    CHECK_STATUS(source_open(&source, path, &usual), STATUS_DATA);
    CHECK(source == NULL && says("is truncated"));
    CHECK(truncate(path, 0) == 0);
    CHECK_STATUS(source_open(&source, path, &usual), STATUS_DATA);
    CHECK_STATUS(source_open(&source, "/nowhere/set.h5:train", &usual), STATUS_DATA);
    CHECK(says("/nowhere/set.h5: no such file"));
    CHECK_STATUS(source_open(&source, "", &usual), STATUS_DATA);
    char *long_name = malloc(5000);
    memset(long_name, 'x', 4999);
    long_name[4999] = '\0';
    CHECK_STATUS(source_open(&source, long_name, &usual), STATUS_DATA);
    free(long_name);
}

/* HDF5 reads zeros behind the end of a file that was cut while it was open, and says nothing: the check
 * does. */
static void test_cut_while_open(void)
{
    const struct sample_file s = {.x_type = H5_TYPE_F32, .y_type = H5_TYPE_I64, .rank = 2, .dims = {200, 16}};
    int32_t labels[200];
    struct source *source;
    fill(&s);
    write_file(&s);
    for (off_t length = 9000; length >= 0; length -= 1500) {
        CHECK_STATUS(source_open(&source, path, &usual), STATUS_OK);
        CHECK_STATUS(source_check(source), STATUS_OK);
        CHECK(truncate(path, length) == 0);
        struct source_rows rows = {.features = &back, .labels = labels};
        (void)source_read(source, 0, 200, &rows);
        CHECK_STATUS(source_check(source), STATUS_DATA);
        CHECK(says("set.h5: has shrunk during the run, from "));
        source_close(&source);
        write_file(&s);
    }
}

/* A colon may belong to the name of the file. */
static void test_colon(void)
{
    char odd[64], locator[80];
    struct source *source;
    struct sample_file s = {"g/x", "g/y", H5_TYPE_F32, H5_TYPE_I64, 2, {3, 4}, {0}, NULL};
    fill(&s);
    write_file(&s);
    snprintf(odd, sizeof odd, "%s/a:b", folder);
    CHECK(rename(path, odd) == 0);
    CHECK_STATUS(source_open(&source, odd, &(struct source_options){.x = "g/x", .y = "g/y"}), STATUS_OK);
    source_close(&source);
    snprintf(locator, sizeof locator, "%s:g", odd);
    CHECK_STATUS(source_open(&source, locator, &usual), STATUS_OK);
    source_close(&source);
    unlink(odd);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    sample_begin();
    CHECK_CASE(test_shapes());
    CHECK_CASE(test_names());
    CHECK_CASE(test_class_names());
    CHECK_CASE(test_refused_shapes());
    CHECK_CASE(test_refused_features());
    CHECK_CASE(test_ranges());
    CHECK_CASE(test_refused_files());
    CHECK_CASE(test_cut_while_open());
    CHECK_CASE(test_colon());
    return sample_end();
}
