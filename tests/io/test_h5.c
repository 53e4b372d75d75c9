/* test_h5.c - what is written comes back; damaged or unexpected files are refused in one line. */
#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/h5/h5.h"
#include "core/mem.h"

static char folder[] = "/tmp/test_h5.XXXXXX";
static char path[64], other[64];

static int entries(const char *where)
{
    int count = 0;
    DIR *d = opendir(where);
    for (struct dirent *e; (e = readdir(d));) count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

static int files_in_folder(void)
{
    return entries(folder);
}

static unsigned char *load(const char *name, long *bytes)
{
    FILE *f = fopen(name, "rb");
    fseek(f, 0, SEEK_END);
    *bytes = ftell(f);
    rewind(f);
    unsigned char *data = malloc((size_t)*bytes);
    CHECK(fread(data, 1, (size_t)*bytes, f) == (size_t)*bytes);
    fclose(f);
    return data;
}

static void save(const char *name, const void *data, long bytes)
{
    FILE *f = fopen(name, "wb");
    CHECK(fwrite(data, 1, (size_t)bytes, f) == (size_t)bytes);
    fclose(f);
}

static void write_sample(const char *name)
{
    struct h5_writer *w;
    CHECK_STATUS(h5_create(&w, name, true), STATUS_OK);
    float matrix[2 * 3] = {0, 1, 2, 3, 4, 5};
    CHECK_STATUS(h5_write(w, "model/0.linear/weight", H5_TYPE_F32, 2, (int64_t[]){2, 3}, matrix), STATUS_OK);
    double reals[3] = {1.5, 1e300, -2};
    CHECK_STATUS(h5_write(w, "reals", H5_TYPE_F64, 1, (int64_t[]){3}, reals), STATUS_OK);
    int64_t integers[2] = {INT64_MIN, INT64_MAX};
    CHECK_STATUS(h5_write(w, "integers", H5_TYPE_I64, 1, (int64_t[]){2}, integers), STATUS_OK);
    CHECK_STATUS(h5_write(w, "empty", H5_TYPE_F32, 2, (int64_t[]){0, 3}, matrix), STATUS_OK);
    CHECK_STATUS(h5_write(w, "one", H5_TYPE_F32, 0, NULL, &matrix[5]), STATUS_OK);
    CHECK_STATUS(h5_write_text(w, "config", "a: 1\nb: \xc3\xbc\n"), STATUS_OK);
    CHECK_STATUS(h5_write_texts(w, "lists/names", (const char *[]){"a", "", "\xc3\xbc"}, 3), STATUS_OK);
    CHECK_STATUS(h5_write_group(w, "bare/group"), STATUS_OK);
    CHECK_STATUS(h5_write_group(w, "bare"), STATUS_OK);
    CHECK_STATUS(h5_write_attr_text(w, "/", "format", "test"), STATUS_OK);
    CHECK_STATUS(h5_write_attr_int64(w, "/", "step", -7), STATUS_OK);
    CHECK_STATUS(h5_write_attr_uint64(w, "/", "hash", UINT64_MAX), STATUS_OK);
    CHECK_STATUS(h5_write_attr_double(w, "reals", "scale", 0.1), STATUS_OK);
    CHECK_STATUS(h5_write_attr_texts(w, "reals", "names", (const char *[]){"x", "", "long name"}, 3),
                 STATUS_OK);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    CHECK(w == NULL);
    h5_discard(&w);
}

static void count_datasets(void *self, const char *name, const struct h5_info *info)
{
    CHECK(info != NULL && name[0] != '/');
    (*(int *)self)++;
}

static bool is(struct h5 *f, const char *name, enum h5_object expected)
{
    enum h5_object what;
    CHECK_STATUS(h5_find(f, name, &what), STATUS_OK);
    return what == expected;
}

static bool has(struct h5 *f, const char *object, const char *attr)
{
    bool found;
    CHECK_STATUS(h5_has_attr(f, object, attr, &found), STATUS_OK);
    return found;
}

static void test_round_trip(void)
{
    write_sample(path);
    CHECK(files_in_folder() == 1);
    struct h5 *f;
    CHECK_STATUS(h5_open(&f, path, false), STATUS_OK);
    float matrix[6];
    CHECK_STATUS(h5_read(f, "model/0.linear/weight", H5_TYPE_F32, 6, matrix), STATUS_OK);
    CHECK(matrix[0] == 0 && matrix[5] == 5);
    CHECK_STATUS(h5_read(f, "one", H5_TYPE_F32, 1, matrix), STATUS_OK);
    CHECK(matrix[0] == 5);
    CHECK_STATUS(h5_read(f, "empty", H5_TYPE_F32, 0, matrix), STATUS_OK);
    CHECK_STATUS(h5_read(f, "reals", H5_TYPE_F32, 3, matrix), STATUS_OK);
    CHECK(matrix[0] == 1.5f && isinf(matrix[1]) && matrix[2] == -2);
    int64_t integers[2];
    CHECK_STATUS(h5_read(f, "integers", H5_TYPE_I64, 2, integers), STATUS_OK);
    CHECK(integers[0] == INT64_MIN && integers[1] == INT64_MAX);

    char *text;
    CHECK_STATUS(h5_read_text(f, "config", &text), STATUS_OK);
    CHECK(strcmp(text, "a: 1\nb: \xc3\xbc\n") == 0);
    mem_free(&text);
    CHECK_STATUS(h5_attr_text(f, "/", "format", &text), STATUS_OK);
    CHECK(strcmp(text, "test") == 0);
    mem_free(&text);
    char **names;
    int64_t count, step;
    CHECK_STATUS(h5_attr_texts(f, "reals", "names", &names, &count), STATUS_OK);
    CHECK(count == 3 && !strcmp(names[0], "x") && !strcmp(names[1], "") && !strcmp(names[2], "long name"));
    mem_free(&names);
    CHECK_STATUS(h5_read_texts(f, "lists/names", &names, &count), STATUS_OK);
    CHECK(count == 3 && !strcmp(names[0], "a") && !strcmp(names[1], "") && !strcmp(names[2], "\xc3\xbc"));
    mem_free(&names);
    uint64_t hash;
    double scale;
    CHECK_STATUS(h5_attr_int64(f, "/", "step", &step), STATUS_OK);
    CHECK_STATUS(h5_attr_uint64(f, "/", "hash", &hash), STATUS_OK);
    CHECK_STATUS(h5_attr_doubles(f, "reals", "scale", 1, &scale), STATUS_OK);
    CHECK(step == -7 && hash == UINT64_MAX && scale == 0.1);

    CHECK(is(f, "bare/group", H5_OBJECT_GROUP) && is(f, "/", H5_OBJECT_GROUP));
    CHECK(is(f, "reals", H5_OBJECT_DATASET) && is(f, "no/such", H5_OBJECT_NONE));
    CHECK(has(f, "reals", "scale") && !has(f, "/", "scale") && !has(f, "nowhere", "x"));
    int datasets = 0;
    CHECK_STATUS(h5_visit(f, "/", count_datasets, &datasets), STATUS_OK);
    CHECK(datasets == 7);
    h5_close(&f);
    CHECK(f == NULL);
}

/* The same data give the same bytes, which checkpoints are compared by. */
static void test_deterministic(void)
{
    long bytes[2];
    write_sample(path);
    sleep(1);
    write_sample(other);
    unsigned char *a = load(path, &bytes[0]), *b = load(other, &bytes[1]);
    CHECK(bytes[0] == bytes[1] && memcmp(a, b, (size_t)bytes[0]) == 0);
    free(a);
    free(b);
}

static void test_refusals(void)
{
    struct h5 *f;
    struct h5_data *d;
    CHECK_STATUS(h5_open(&f, path, false), STATUS_OK);
    int64_t step;
    uint64_t hash;
    double numbers[2];
    char *text;
    CHECK_STATUS(h5_attr_int64(f, "/", "hash", &step), STATUS_DATA);
    CHECK(says("18446744073709551615"));
    CHECK_STATUS(h5_attr_uint64(f, "/", "step", &hash), STATUS_DATA);
    CHECK(says("-7"));
    CHECK_STATUS(h5_attr_int64(f, "/", "format", &step), STATUS_DATA);
    CHECK_STATUS(h5_attr_int64(f, "reals", "scale", &step), STATUS_DATA);
    CHECK_STATUS(h5_attr_int64(f, "/", "nothing", &step), STATUS_DATA);
    CHECK(says("nothing"));
    CHECK_STATUS(h5_attr_doubles(f, "reals", "scale", 2, numbers), STATUS_DATA);
    CHECK_STATUS(h5_attr_text(f, "reals", "names", &text), STATUS_DATA);
    CHECK(text == NULL && says("3 texts"));
    CHECK_STATUS(h5_attr_text(f, "/", "step", &text), STATUS_DATA);
    CHECK_STATUS(h5_read_text(f, "reals", &text), STATUS_DATA);
    CHECK_STATUS(h5_read_text(f, "bare", &text), STATUS_DATA);
    CHECK_STATUS(h5_read(f, "reals", H5_TYPE_F64, 2, numbers), STATUS_DATA);
    CHECK(says("3 values where 2"));
    CHECK_STATUS(h5_read(f, "reals", H5_TYPE_I64, 3, numbers), STATUS_DATA);
    CHECK(says("float64"));
    CHECK_STATUS(h5_read(f, "config", H5_TYPE_F32, 1, numbers), STATUS_DATA);
    CHECK_STATUS(h5_data_open(&d, f, "bare"), STATUS_DATA);
    CHECK(d == NULL && says("no dataset 'bare'"));
    CHECK_STATUS(h5_data_open(&d, f, "reals"), STATUS_OK);
    double out[3];
    CHECK_STATUS(h5_data_read(d, 2, 2, H5_TYPE_F64, out), STATUS_DATA);
    CHECK_STATUS(h5_data_read(d, -1, 1, H5_TYPE_F64, out), STATUS_DATA);
    CHECK_STATUS(h5_data_read(d, 1, INT64_MAX, H5_TYPE_F64, out), STATUS_DATA);
    CHECK_STATUS(h5_data_read(d, 3, 0, H5_TYPE_F64, out), STATUS_OK);
    CHECK_STATUS(h5_data_read_every(d, 0, 2, 2, H5_TYPE_F64, out), STATUS_OK);
    CHECK_STATUS(h5_data_read_every(d, 1, 2, 2, H5_TYPE_F64, out), STATUS_DATA);
    CHECK_STATUS(h5_data_read_every(d, 3, 2, 1, H5_TYPE_F64, out), STATUS_DATA);
    CHECK_STATUS(h5_data_read_every(d, 2, INT64_MAX, 1, H5_TYPE_F64, out), STATUS_OK);
    CHECK_STATUS(h5_data_read_every(d, 0, INT64_MAX, 2, H5_TYPE_F64, out), STATUS_DATA);
    CHECK_STATUS(h5_data_read(d, 1, 2, H5_TYPE_F64, out), STATUS_OK);
    CHECK(out[0] == 1e300 && out[1] == -2);
    h5_data_close(&d);
    h5_close(&f);

    CHECK_STATUS(h5_open(&f, "/nowhere/file.h5", false), STATUS_DATA);
    CHECK(f == NULL && says("no such file"));
    CHECK_STATUS(h5_open(&f, folder, false), STATUS_DATA);
    CHECK(says("is a folder"));
    save(other, "P5 28 28 255\n", 13);
    CHECK_STATUS(h5_open(&f, other, false), STATUS_DATA);
    CHECK(says("not an HDF5 file"));
    save(other, "", 0);
    CHECK_STATUS(h5_open(&f, other, false), STATUS_DATA);
    CHECK(says("is empty"));
}

/* Rows of any shape, chunk and compression, written in pieces and read in other pieces. */
static void sweep_rows(int rank, const int64_t *dims, int64_t chunk_rows, int gzip)
{
    int64_t row = 1;
    for (int i = 1; i < rank; i++) row *= dims[i];
    float *data = malloc((size_t)(dims[0] * row) * sizeof *data),
          *back = malloc((size_t)(dims[0] * row) * sizeof *back);
    for (int64_t i = 0; i < dims[0] * row; i++) data[i] = (float)(i % 1009) - 3.5f;
    struct h5_writer *w;
    struct h5_rows *r;
    CHECK_STATUS(h5_create(&w, other, true), STATUS_OK);
    CHECK_STATUS(h5_rows_create(&r, w, "a/b", H5_TYPE_F32, rank, dims, chunk_rows, gzip), STATUS_OK);
    for (int64_t at = 0, n; at < dims[0]; at += n) {
        n = dims[0] - at < 7 ? dims[0] - at : 7;
        CHECK_STATUS(h5_rows_write(r, n, data + at * row), STATUS_OK);
    }
    h5_rows_close(&r);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);

    struct h5 *f;
    struct h5_data *d;
    CHECK_STATUS(h5_open(&f, other, false), STATUS_OK);
    CHECK_STATUS(h5_data_open(&d, f, "a/b"), STATUS_OK);
    const struct h5_info *info = h5_data_info(d);
    CHECK(info->rank == rank && info->elements == dims[0] * row && info->kind == H5_KIND_REAL &&
          info->bytes == 4);
    CHECK(info->is_chunked == (chunk_rows > 0) && info->filter_count == (gzip > 0));
    for (int64_t at = 0, n; at < dims[0]; at += n) {
        n = dims[0] - at < 5 ? dims[0] - at : 5;
        CHECK_STATUS(h5_data_read(d, at, n, H5_TYPE_F32, back + at * row), STATUS_OK);
    }
    CHECK(memcmp(data, back, (size_t)(dims[0] * row) * sizeof *data) == 0);
    h5_data_close(&d);
    h5_close(&f);
    free(data);
    free(back);
}

static void test_rows(void)
{
    static const int64_t shapes[][4] = {
        {1, 1, 1, 1}, {2, 1, 28, 28}, {31, 3, 5, 7}, {17, 1, 1, 13}, {101, 2, 2, 2}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (int rank = 1; rank <= 4; rank++)
            for (int gzip = 0; gzip <= 1; gzip++)
                for (int64_t chunk = gzip; chunk <= 64; chunk = chunk * 8 + 1)
                    sweep_rows(rank, shapes[s], chunk, gzip);
}

static void test_atomic(void)
{
    int before = files_in_folder();
    struct h5_writer *w;
    CHECK_STATUS(h5_create(&w, path, false), STATUS_CONFIG);
    CHECK(w == NULL && says("exists"));
    CHECK_STATUS(h5_create(&w, path, true), STATUS_OK);
    CHECK(files_in_folder() == before + 1);
    CHECK_STATUS(h5_write_text(w, "t", "text"), STATUS_OK);
    CHECK_STATUS(h5_write_text(w, "t", "twice"), STATUS_OTHER);
    h5_discard(&w);
    CHECK(w == NULL && files_in_folder() == before);
    struct h5 *f; /* the old file is untouched */
    CHECK_STATUS(h5_open(&f, path, false), STATUS_OK);
    CHECK(is(f, "t", H5_OBJECT_NONE) && is(f, "reals", H5_OBJECT_DATASET));
    h5_close(&f);
    CHECK_STATUS(h5_create(&w, "/nowhere/x.h5", false), STATUS_OTHER);
    CHECK(w == NULL && says("/nowhere/x.h5"));
    CHECK_STATUS(h5_create(&w, folder, true), STATUS_CONFIG);
    CHECK(w == NULL && says("regular file"));
}

/* A full disk, played by a limit on the size of files: the writer fails and leaves nothing behind. */
static void test_full_disk(int64_t chunk_rows)
{
    struct rlimit old, tight;
    int before = files_in_folder(), open_before = entries("/proc/self/fd");
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    tight = old;
    tight.rlim_cur = 100000;
    setrlimit(RLIMIT_FSIZE, &tight);
    struct h5_writer *w;
    static float zeros[100000];
    CHECK_STATUS(h5_create(&w, path, true), STATUS_OK);
    struct h5_rows *r;
    CHECK_STATUS(h5_rows_create(&r, w, "big", H5_TYPE_F32, 1, (int64_t[]){100000}, chunk_rows, 0), STATUS_OK);
    enum status status = h5_rows_write(r, 100000, zeros);
    h5_rows_close(&r);
    if (status == STATUS_OK)
        status = h5_commit(&w);
    else
        h5_discard(&w);
    setrlimit(RLIMIT_FSIZE, &old);
    CHECK(status == STATUS_OTHER && says(path) && says("File too large"));
    CHECK(files_in_folder() == before && entries("/proc/self/fd") == open_before);
    struct h5 *f; /* the old file is untouched */
    CHECK_STATUS(h5_open(&f, path, false), STATUS_OK);
    CHECK(is(f, "reals", H5_OBJECT_DATASET));
    h5_close(&f);
}

/* Wherever a file is cut, opening it says so. */
static void test_truncated(void)
{
    long bytes;
    unsigned char *data = load(path, &bytes);
    struct h5 *f;
    for (long cut = 1; cut < bytes; cut += cut < 128 ? 1 : 97) {
        save(other, data, cut);
        CHECK_STATUS(h5_open(&f, other, false), STATUS_DATA);
        CHECK(says(other));
    }
    save(other, data, bytes - 1);
    CHECK_STATUS(h5_open(&f, other, false), STATUS_DATA);
    CHECK(says("truncated"));
    free(data);
}

/* An unknown filter: gzip, with its number in the file changed. */
static void test_missing_filter(void)
{
    sweep_rows(2, (int64_t[]){31, 5}, 4, 1);
    long bytes;
    unsigned char *data = load(other, &bytes);
    unsigned char *name = memmem(data, (size_t)bytes, "deflate", 8);
    CHECK(name != NULL);
    name[-8] = 0x39, name[-7] = 0x30; /* id 12345, little-endian, eight bytes before its name */
    save(other, data, bytes);
    free(data);
    struct h5 *f;
    struct h5_data *d;
    CHECK_STATUS(h5_open(&f, other, false), STATUS_OK);
    CHECK_STATUS(h5_data_open(&d, f, "a/b"), STATUS_DATA);
    CHECK(d == NULL && says("filter 12345") && says("h5repack"));
    h5_close(&f);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/a.h5", folder);
    snprintf(other, sizeof other, "%s/b.h5", folder);
    write_sample(path);
    CHECK_CASE(test_round_trip());
    CHECK_CASE(test_deterministic());
    CHECK_CASE(test_refusals());
    CHECK_CASE(test_rows());
    CHECK_CASE(test_atomic());
    CHECK_CASE(test_truncated());
    CHECK_CASE(test_missing_filter());
    CHECK_CASE(test_full_disk(0));
    CHECK_CASE(test_full_disk(20000)); /* fails when the chunks are written, at the close */
    unlink(path);
    unlink(other);
    CHECK(rmdir(folder) == 0);
    CHECK(mem_alive() == 0);
    return check_result();
}
