/* test_archive.c - files of weights of other programs, made by hand: good ones, and malformed ones of every kind. */
#include <fcntl.h>
#include <unistd.h>

#include "check.h"
#include "core/mem.h"
#include "io/archive/archive.h"
#include "pickle_text.h"
#include "zip_file.h"

static char path[64];

static void write_file(const void *data, size_t size)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(file >= 0 && write(file, data, size) == (ssize_t)size && close(file) == 0);
}

/* Opens the file and reads all that can be read; only a refusal of the data is an answer. */
static enum status read_file(void)
{
    struct archive *a = NULL;
    enum status status = archive_open(&a, path);
    for (int64_t i = 0; status == STATUS_OK && i < archive_count(a); i++) {
        const struct archive_entry *e = archive_entry(a, i);
        float *values;
        if (*e->problem || e->elements > 4096) continue;
        CHECK_STATUS(mem_alloc(&values, (size_t)e->elements + 1, sizeof *values, "values"), STATUS_OK);
        status = archive_read(a, i, values);
        mem_free(&values);
    }
    archive_close(&a);
    CHECK(status == STATUS_OK || status == STATUS_DATA);
    CHECK(mem_alive() == 0);
    return status;
}

static void check_values(const char *name, int count, const float *expected)
{
    struct archive *a = NULL;
    bool found = false;
    float values[64] = {0};
    CHECK_STATUS(archive_open(&a, path), STATUS_OK);
    for (int64_t i = 0; a && i < archive_count(a); i++) {
        const struct archive_entry *e = archive_entry(a, i);
        if (strcmp(e->name, name) != 0) continue;
        found = true;
        CHECK(e->elements == count && !*e->problem);
        CHECK_STATUS(archive_read(a, i, values), STATUS_OK);
        CHECK(memcmp(values, expected, (size_t)count * sizeof *values) == 0);
    }
    CHECK(found);
    archive_close(&a);
}

static void check_type(const char *name, enum archive_type type, const char *problem)
{
    struct archive *a = NULL;
    bool found = false;
    CHECK_STATUS(archive_open(&a, path), STATUS_OK);
    for (int64_t i = 0; a && i < archive_count(a); i++) {
        const struct archive_entry *e = archive_entry(a, i);
        if (strcmp(e->name, name) != 0) continue;
        found = true;
        CHECK(e->type == type && strstr(e->problem, problem));
    }
    CHECK(found);
    archive_close(&a);
}

/* No prefix of a good file and no change of one byte does harm. */
static void check_damage(const uint8_t *good, size_t size)
{
    uint8_t bad[sizeof((struct zip_bytes *)0)->bytes];
    for (size_t i = 0; i < size; i++) {
        write_file(good, i);
        CHECK_STATUS(read_file(), STATUS_DATA);
    }
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit += 3) {
            memcpy(bad, good, size);
            bad[i] ^= (uint8_t)(1 << bit);
            write_file(bad, size);
            (void)read_file();
        }
}

/* ---- safetensors ---- */

static size_t make_safetensors(uint8_t *to, const char *header, const void *data, size_t bytes)
{
    size_t size = 0;
    zip_put(to, &size, strlen(header), 8);
    memcpy(to + size, header, strlen(header));
    memcpy(to + size + strlen(header), data, bytes);
    return size + strlen(header) + bytes;
}

#define TENSOR(type, shape, from, to)                                                                        \
    "{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" #from "," #to "]}"

static void test_safetensors(void)
{
    static const uint16_t data[] = {0x3c00, 0xc000, 0x0001, 0xfbff, 0x3f80, 0xc000};
    uint8_t file[1024];
    size_t size = make_safetensors(
        file,
        "{\"__metadata__\":{\"format\":\"pt\"},\"h\":" TENSOR("F16", "[2,2]", 0, 8) ",\"b\":" TENSOR(
            "BF16", "[2]", 8,
            12) ",\"f\":" TENSOR("F32", "[]", 8, 12) ",\"i\":" TENSOR("I8", "[3]", 0,
                                                                      3) ",\"q\":" TENSOR("F8_E4M3", "[3]", 0,
                                                                                          3) "}",
        data, sizeof data);
    write_file(file, size);
    check_values("h", 4, (const float[]){1, -2, 0x1p-24f, -65504});
    check_values("b", 2, (const float[]){1, -2});
    check_type("i", ARCHIVE_INTEGER, "holds I8, not floating-point");
    check_type("q", ARCHIVE_OTHER, "holds F8_E4M3, which is not read");
    check_damage(file, size);
}

static void test_safetensors_refused(void)
{
    static const struct {
        const char *header, *text;
    } cases[] = {
        {"{\"a\":" TENSOR("F32", "[2]", 0, 16) "}", "length of its values does not fit its shape"},
        {"{\"a\":" TENSOR("F32", "[8]", 0, 32) "}", "outside of the file"},
        {"{\"a\":" TENSOR("F32", "[2]", 16, 8) "}", "outside of the file"},
        {"{\"a\":" TENSOR("F32", "[2]", -8, 0) "}", "outside of the file"},
        {"{\"a\":" TENSOR("F32", "[-2]", 0, 8) "}", "no file can hold"},
        {"{\"a\":" TENSOR("F32", "[2.0]", 0, 8) "}", "no shape of at most 8 whole numbers"},
        {"{\"a\":" TENSOR("F32", "[1,1,1,1,1,1,1,1,1]", 0, 4) "}", "no shape of at most 8 whole numbers"},
        {"{\"a\":" TENSOR("F32", "[4294967296,4294967296]", 0, 8) "}", "no file can hold"},
        {"{\"a\":" TENSOR("F32", "2", 0, 8) "}", "no shape of at most 8"},
        {"{\"a\":{\"dtype\":3,\"shape\":[],\"data_offsets\":[0,4]}}", "has no dtype"},
        {"{\"a\":[]}", "no shape of at most 8"},
        {"{\"a\":1", "its header"},
        {"{\"a\":1,\"a\":1}", "its header"},
    };
    static const float data[4] = {1, 2, 3, 4};
    uint8_t file[1024];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(file, make_safetensors(file, cases[i].header, data, sizeof data));
        CHECK_STATUS(read_file(), STATUS_DATA);
        CHECK(says(cases[i].text));
    }
    size_t size = 0;
    zip_put(file, &size, UINT64_C(1) << 40, 8);
    zip_put(file, &size, '{', 8);
    write_file(file, size);
    CHECK_STATUS(read_file(), STATUS_DATA);
    CHECK(says("header is longer than the file"));
}

/* ---- NumPy ---- */

static size_t make_npy(uint8_t *to, int version, const char *header, const void *data, size_t bytes)
{
    size_t size = 6;
    memcpy(to, "\x93NUMPY", 6);
    zip_put(to, &size, (uint64_t)version, 2);
    zip_put(to, &size, strlen(header), version == 1 ? 2 : 4);
    memcpy(to + size, header, strlen(header));
    size += strlen(header);
    memcpy(to + size, data, bytes);
    return size + bytes;
}

static void add_npy(struct zip_bytes *z, const char *name, int version, const char *header, const void *data,
                    size_t bytes)
{
    uint8_t member[2048];
    zip_add(z, name, member, make_npy(member, version, header, data, bytes));
}

static void test_npz(void)
{
    static const double wide[] = {1, 2, 3, 4, 5, 6};
    static const float narrow[] = {7, 8};
    static const uint8_t big[] = {0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0};
    struct zip_bytes *z = calloc(1, sizeof *z);
    add_npy(z, "f.weight.npy", 1, "{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }\n", wide,
            sizeof wide);
    add_npy(z, "c.npy", 2, "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", narrow,
            sizeof narrow);
    add_npy(z, "t.npy", 1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (), }", narrow, 4);
    add_npy(z, "b.npy", 1, "{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }\n", big, sizeof big);
    zip_end(z);
    write_file(z->bytes, z->size);
    check_values("b", 2, (const float[]){1, -2});
    check_type("t", ARCHIVE_INTEGER, "not floating-point");
    check_values("f.weight", 6, (const float[]){1, 3, 5, 2, 4, 6});
    check_values("c", 2, narrow);
    check_damage(z->bytes, z->size);
    free(z);
}

static void test_npz_refused(void)
{
    static const struct {
        const char *header, *text;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "does not fit its shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "no file can hold"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1), }",
         "not as NumPy writes it"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", "not as NumPy writes it"},
        {"{'descr': '<f4', 'fortran_order': 3, 'shape': (2,), }", "not as NumPy writes it"},
        {"{'descr': '<f4', 'shape': (2,), }", "not as NumPy writes it"},
        {"{'descr': [[[', 'shape': (2,), }", "not as NumPy writes it"},
        {"{'descr': '<f4", "not as NumPy writes it"},
        {"__import__('os')", "not as NumPy writes it"},
        {"", "not as NumPy writes it"},
    };
    static const float data[] = {1, 2};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct zip_bytes *z = calloc(1, sizeof *z);
        add_npy(z, "a.npy", 1, cases[i].header, data, sizeof data);
        zip_end(z);
        write_file(z->bytes, z->size);
        CHECK_STATUS(read_file(), STATUS_DATA);
        CHECK(says(cases[i].text));
        free(z);
    }
}

/* ---- PyTorch ---- */

static void write_torch(const char *pickle, size_t pickle_size, size_t data_bytes)
{
    static const float data[] = {1, 2, 3, 4, 5, 6};
    struct zip_bytes *z = calloc(1, sizeof *z);
    zip_add(z, "net/data.pkl", pickle, pickle_size);
    zip_add(z, "net/byteorder", "little", 6);
    zip_add(z, "net/data/0", data, data_bytes);
    zip_end(z);
    write_file(z->bytes, z->size);
    free(z);
}

static void test_torch(void)
{
    static const char rows[] = PICKLE_OF("\x06", "K\x03K\x01\x86"),
                      columns[] = PICKLE_OF("\x06", "K\x01K\x02\x86"),
                      gaps[] = PICKLE_OF("\x06", "K\x00K\x01\x86"),
                      more[] = PICKLE_OF("\x07", "K\x03K\x01\x86"),
                      less[] = PICKLE_OF("\x05", "K\x03K\x01\x86");
    struct archive *a = NULL;
    write_torch(rows, sizeof rows - 1, 24);
    check_values("w", 6, (const float[]){1, 2, 3, 4, 5, 6});
    write_torch(columns, sizeof columns - 1, 24);
    check_values("w", 6, (const float[]){1, 3, 5, 2, 4, 6});
    write_torch(gaps, sizeof gaps - 1, 24);
    CHECK_STATUS(archive_open(&a, path), STATUS_OK);
    CHECK(a && strstr(archive_entry(a, 0)->problem, "contiguous"));
    archive_close(&a);
    write_torch(more, sizeof more - 1, 24);
    CHECK_STATUS(read_file(), STATUS_DATA);
    CHECK(says("outside of what the file holds"));
    write_torch(less, sizeof less - 1, 24);
    CHECK_STATUS(read_file(), STATUS_DATA);
    write_torch(rows, sizeof rows - 1, 20);
    CHECK_STATUS(read_file(), STATUS_DATA);

    struct zip_bytes *z = calloc(1, sizeof *z);
    static const float data[6] = {1, 2, 3, 4, 5, 6};
    zip_add(z, "net/data.pkl", rows, sizeof rows - 1);
    zip_add(z, "net/data/0", data, sizeof data);
    zip_end(z);
    check_damage(z->bytes, z->size);
    free(z);
}

static void test_others(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *text;
    } cases[] = {
        {"", 0, "holds no weights that this program can read"},
        {"PK\5\6", 4, "truncated or damaged"},
        {"\x80\x02\x8a\x0al\xfc\x9c\x46\xf9 j\xa8P\x19.", 14, "holds no weights that this program can read"},
        {"\x89HDF\r\n\x1a\n", 8, "is truncated"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file(cases[i].bytes, cases[i].size);
        CHECK_STATUS(read_file(), STATUS_DATA);
        if (i < 3) CHECK(says(cases[i].text));
    }
    CHECK(unlink(path) == 0);
    CHECK_STATUS(read_file(), STATUS_DATA);
    write_file("", 0);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    snprintf(path, sizeof path, "/tmp/ddp_train_archive.%d", (int)getpid());
    write_file("", 0);
    CHECK_CASE(test_safetensors());
    CHECK_CASE(test_safetensors_refused());
    CHECK_CASE(test_npz());
    CHECK_CASE(test_npz_refused());
    CHECK_CASE(test_torch());
    CHECK_CASE(test_others());
    unlink(path);
    return check_result();
}
