/* test_idx.c - conversion of IDX files: what is read, what is refused; failures leave nothing. */
#include "check.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "io/h5/h5.h"
#include "data/convert/idx.h"
#include "data/inspect/inspect.h"
#include "core/mem.h"
#include "data/source/source.h"

static char folder[] = "/tmp/test_idx.XXXXXX", images[64], labels[64], out[64];

#define HEADER 16

struct idx {
    unsigned char bytes[1 << 17];
    size_t size;
};

static struct idx image_file, label_file;

static void put(struct idx *f, const int64_t *dims, int rank)
{
    memcpy(f->bytes, (unsigned char[]){0, 0, 8, (unsigned char)rank}, 4);
    f->size = 4;
    for (int i = 0; i < rank; i++)
        for (int shift = 24; shift >= 0; shift -= 8) f->bytes[f->size++] = (unsigned char)(dims[i] >> shift);
}

/* `count` images of h x w with pixel i of all = 13 i, and labels i % 10. */
static void make(int64_t count, int64_t h, int64_t w)
{
    put(&image_file, (int64_t[]){count, h, w}, 3);
    for (int64_t i = 0; i < count * h * w; i++) image_file.bytes[image_file.size++] = (unsigned char)(13 * i);
    put(&label_file, (int64_t[]){count}, 1);
    for (int64_t i = 0; i < count; i++) label_file.bytes[label_file.size++] = (unsigned char)(i % 10);
}

static void save(const char *path, const struct idx *f, const char *mode)
{
    gzFile file = gzopen(path, mode); /* "wbT" writes plain bytes */
    CHECK(gzwrite(file, f->bytes, (unsigned)f->size) == (int)f->size || f->size == 0);
    gzclose(file);
}

static void save_both(const char *mode)
{
    save(images, &image_file, mode);
    save(labels, &label_file, mode);
}

static int files_in_folder(void)
{
    int count = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e; (e = readdir(d));) count += e->d_name[0] != '.';
    closedir(d);
    return count;
}

static void check_good(int64_t count, int64_t h, int64_t w, const char *mode)
{
    make(count, h, w);
    save_both(mode);
    CHECK_STATUS(idx_convert(images, labels, out, "a,b,c,d,e,f,g,h,i,j", true), STATUS_OK);
    struct source *s;
    CHECK_STATUS(source_open(&s, out, &(struct source_options){0}), STATUS_OK);
    if (!s) return;
    const struct source_info *info = source_info(s);
    CHECK(info->samples == count && info->shape.c == 1 && info->shape.d[AXIS_H] == h &&
          info->shape.d[AXIS_W] == w);
    CHECK(info->type == FEATURE_U8 && info->class_count == 10 && strcmp(info->class_names[9], "j") == 0);
    unsigned char *back = malloc((size_t)(count * h * w));
    int32_t *classes = malloc((size_t)count * sizeof *classes);
    CHECK_STATUS(source_read(s, 0, count, &(struct source_rows){.features = back, .labels = classes}),
                 STATUS_OK);
    CHECK(memcmp(back, image_file.bytes + HEADER, (size_t)(count * h * w)) == 0);
    for (int64_t i = 0; i < count; i++) CHECK(classes[i] == i % 10);
    free(back);
    free(classes);
    source_close(&s);
}

static void check_bad(const char *names, const char *part)
{
    unlink(out);
    save_both("wbT");
    CHECK_STATUS(idx_convert(images, labels, out, names, false), STATUS_DATA);
    CHECK(says(part) && files_in_folder() == 2);
    save_both("wb6");
    CHECK_STATUS(idx_convert(images, labels, out, names, false), STATUS_DATA);
    CHECK(says(part) && files_in_folder() == 2);
}

static void test_bad_content(void)
{
    make(7, 5, 3);
    image_file.bytes[0] = 1;
    check_bad(NULL, "not an IDX file");
    make(7, 5, 3);
    image_file.bytes[2] = 0x0D;
    check_bad(NULL, "type 0x0d");
    make(7, 5, 3);
    image_file.bytes[3] = 1;
    check_bad(NULL, "swapped");
    make(7, 5, 3);
    label_file.bytes[7] = 6, label_file.size--;
    check_bad(NULL, "7 images");
    make(7, 5, 3);
    image_file.bytes[image_file.size++] = 0;
    check_bad(NULL, "longer than its header says");
    make(7, 5, 3);
    label_file.bytes[label_file.size++] = 0;
    check_bad(NULL, "longer than its header says");
    make(7, 5, 3);
    check_bad("a,b,c,d,e,f", "sample 6 has label 6");
    make(0, 5, 3);
    check_bad(NULL, "no sample");
    put(&image_file, (int64_t[]){7, 0xFFFFFFFF, 0xFFFFFFFF}, 3);
    put(&label_file, (int64_t[]){7}, 1);
    label_file.size += 7;
    check_bad(NULL, "bytes");
    make(7, 5, 3);
    size_t whole = image_file.size;
    for (image_file.size = 0; image_file.size < whole; image_file.size++) check_bad(NULL, "truncated");
    make(7, 5, 3);
    for (whole = label_file.size, label_file.size = 0; label_file.size < whole; label_file.size++)
        check_bad(NULL, "truncated");
}

/* A compressed file cut anywhere, or with a wrong checksum. */
static void test_bad_compression(void)
{
    unsigned char packed[1 << 16];
    make(31, 5, 7);
    unlink(out);
    save_both("wb9");
    FILE *f = fopen(images, "rb");
    size_t size = fread(packed, 1, sizeof packed, f);
    fclose(f);
    for (size_t cut = 0; cut < size; cut++) {
        f = fopen(images, "wb");
        CHECK(fwrite(packed, 1, cut, f) == cut);
        fclose(f);
        CHECK_STATUS(idx_convert(images, labels, out, NULL, false), STATUS_DATA);
        CHECK(says(images) && files_in_folder() == 2);
    }
    packed[size - 6] ^= 1;
    f = fopen(images, "wb");
    CHECK(fwrite(packed, 1, size, f) == size);
    fclose(f);
    CHECK_STATUS(idx_convert(images, labels, out, NULL, false), STATUS_DATA);
    CHECK(says("damaged") && files_in_folder() == 2);
    CHECK_STATUS(idx_convert("/nowhere/images", labels, out, NULL, false), STATUS_DATA);
    CHECK(says("no such file"));
    CHECK_STATUS(idx_convert(images, labels, "/nowhere/out.h5", NULL, false), STATUS_OTHER);
}

static void test_overwrite(void)
{
    make(7, 5, 3);
    save_both("wbT");
    unlink(out);
    CHECK_STATUS(idx_convert(images, labels, out, NULL, false), STATUS_OK);
    CHECK_STATUS(idx_convert(images, labels, out, NULL, false), STATUS_CONFIG);
    CHECK(says("--force"));
    CHECK_STATUS(idx_convert(images, labels, out, NULL, true), STATUS_OK);
    CHECK(files_in_folder() == 3);
}

static int prints(const char *text, const char *part)
{
    int good = strstr(text, part) != NULL;
    if (!good) fprintf(stderr, "expected '%s' in:\n%s\n", part, text);
    return good;
}

static void test_inspect(void)
{
    char *text = NULL;
    size_t size;
    make(20, 2, 2);
    for (size_t i = HEADER; i < image_file.size; i++) image_file.bytes[i] = i % 2 ? 10 : 20;
    save_both("wbT");
    CHECK_STATUS(idx_convert(images, labels, out, "a,b,c,d,e,f,g,h,i,last one", true), STATUS_OK);
    FILE *stream = open_memstream(&text, &size);
    CHECK_STATUS(inspect_data(out, &(struct source_options){.allow_external = false}, stream), STATUS_OK);
    fclose(stream);
    CHECK(prints(text, "(20, 1, 2, 2)") && prints(text, "uint8") && prints(text, "samples 20 of 1 x 2 x 2"));
    CHECK(prints(text, "9  last one                      2   10.00 %") &&
          prints(text, "             15              5"));
    free(text);

    struct h5_writer *w; /* what cannot be trained on is listed, with the reason */
    CHECK_STATUS(h5_create(&w, out, true), STATUS_OK);
    CHECK_STATUS(h5_write(w, "g/x", H5_TYPE_F32, 2, (int64_t[]){2, 2}, (float[]){1, 2, NAN, 4}), STATUS_OK);
    CHECK_STATUS(h5_write(w, "g/y", H5_TYPE_I64, 1, (int64_t[]){2}, (int64_t[]){0, 1}), STATUS_OK);
    CHECK_STATUS(h5_write(w, "data", H5_TYPE_F32, 0, NULL, (float[]){1}), STATUS_OK);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    stream = open_memstream(&text, &size);
    CHECK_STATUS(inspect_data(out, &(struct source_options){.allow_external = false}, stream), STATUS_OK);
    fclose(stream);
    CHECK(prints(text, "1 of 4 values are missing (NaN") && prints(text, "no labels") &&
          prints(text, "float32"));
    free(text);
    CHECK_STATUS(inspect_data(images, &(struct source_options){.allow_external = false}, stdout),
                 STATUS_DATA);
}

/* Facts about Fashion-MNIST as published: sum of all test pixels, first labels. */
static void test_real(void)
{
    const char *root = getenv("DDP_SOURCE_DIR");
    char x[1024], y[1024];
    if (!root) return;
    snprintf(x, sizeof x, "%s/../shared/data/fashion-mnist/t10k-images-idx3-ubyte.gz", root);
    snprintf(y, sizeof y, "%s/../shared/data/fashion-mnist/t10k-labels-idx1-ubyte.gz", root);
    if (access(x, R_OK) != 0) {
        fprintf(stderr, "no Fashion-MNIST here: not checked\n");
        return;
    }
    CHECK_STATUS(idx_convert(x, y, out, NULL, true), STATUS_OK);
    struct source *s;
    CHECK_STATUS(source_open(&s, out, &(struct source_options){0}), STATUS_OK);
    CHECK(source_info(s)->samples == 10000);
    static unsigned char pixels[1000 * 784];
    static int32_t classes[1000];
    static const int32_t first[] = {9, 2, 1, 1, 6, 1, 4, 6, 5, 7};
    int64_t sum = 0;
    for (int64_t at = 0; at < 10000; at += 1000) {
        CHECK_STATUS(source_read(s, at, 1000, &(struct source_rows){.features = pixels, .labels = classes}),
                     STATUS_OK);
        for (size_t i = 0; i < sizeof pixels; i++) sum += pixels[i];
        if (at == 0) CHECK(memcmp(classes, first, sizeof first) == 0);
    }
    CHECK(sum == 573469082);
    source_close(&s);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    if (!mkdtemp(folder)) return 1;
    snprintf(images, sizeof images, "%s/images", folder);
    snprintf(labels, sizeof labels, "%s/labels", folder);
    snprintf(out, sizeof out, "%s/out.h5", folder);
    static const int64_t counts[] = {1, 2, 13, 101};
    for (int i = 0; i < 4; i++)
        for (int compressed = 0; compressed <= 1; compressed++) {
            CHECK_CASE(check_good(counts[i], 28, 28, compressed ? "wb6" : "wbT"));
            CHECK_CASE(check_good(counts[i], 1, 1, compressed ? "wb6" : "wbT"));
            CHECK_CASE(check_good(counts[i], 17, 31, compressed ? "wb6" : "wbT"));
        }
    CHECK_CASE(check_good(2, 211, 233, "wb1"));
    CHECK_CASE(test_bad_content());
    CHECK_CASE(test_bad_compression());
    CHECK_CASE(test_overwrite());
    CHECK_CASE(test_inspect());
    CHECK_CASE(test_real());
    unlink(images);
    unlink(labels);
    unlink(out);
    CHECK(rmdir(folder) == 0);
    CHECK(mem_alive() == 0);
    return check_result();
}
