/* idx.c - converts IDX files (MNIST) to HDF5. */
#include "data/convert/idx.h"

#include <inttypes.h>
#include <string.h>

#include "data/source/names.h"
#include "io/gz.h"
#include "io/h5/h5.h"
#include "core/mem.h"

/* A file starts with two zero bytes, the type of its elements (8 = uint8), its rank, and its dimensions as
 * big-endian 32-bit numbers. */
#define IDX_UINT8   0x08
#define CHUNK_BYTES (128 << 10)
#define LABEL_BLOCK 4096

struct input {
    struct gz *file;
    const char *path;
    int64_t dims[3];
};

static enum status idx_read_header(struct input *in, int rank, const char *what)
{
    unsigned char head[4], dim[4];
    TRY(gz_read(in->file, head, sizeof head));
    if (head[0] != 0 || head[1] != 0 || head[2] == 0 || head[3] == 0)
        return status_fail(STATUS_DATA, "%s: is not an IDX file (it starts with %02x %02x %02x %02x)",
                           in->path, head[0], head[1], head[2], head[3]);
    if (head[2] != IDX_UINT8)
        return status_fail(STATUS_DATA,
                           "%s: holds elements of IDX type 0x%02x; only uint8 (0x08) can be converted",
                           in->path, head[2]);
    if (head[3] != rank)
        return status_fail(STATUS_DATA,
                           "%s: has %d dimensions where %s have %d; are images and labels swapped?", in->path,
                           head[3], what, rank);
    for (int i = 0; i < rank; i++) {
        TRY(gz_read(in->file, dim, sizeof dim));
        in->dims[i] = (int64_t)dim[0] << 24 | dim[1] << 16 | dim[2] << 8 | dim[3];
        if (in->dims[i] == 0)
            return status_fail(STATUS_DATA, "%s: holds no sample (a dimension is 0)", in->path);
    }
    return STATUS_OK;
}

/* Before a file as large as the header says is made. */
static enum status idx_check_length(const struct input *in, int rank)
{
    int64_t bytes = 1;
    bool fits = true;
    for (int i = 0; fits && i < rank; i++) fits = !__builtin_mul_overflow(bytes, in->dims[i], &bytes);
    if (fits && bytes <= gz_max_bytes(in->file)) return STATUS_OK;
    return status_fail(
        STATUS_DATA,
        "%s: is truncated, or damaged: its header declares more bytes than so short a file holds", in->path);
}

static enum status idx_copy_images(struct input *in, struct h5_rows *rows, int64_t samples_at_once,
                                   uint8_t *buffer)
{
    int64_t size = in->dims[1] * in->dims[2];
    for (int64_t at = 0, n; at < in->dims[0]; at += n) {
        n = in->dims[0] - at < samples_at_once ? in->dims[0] - at : samples_at_once;
        TRY(gz_read(in->file, buffer, (size_t)(n * size)));
        TRY(h5_rows_write(rows, n, buffer));
    }
    return gz_expect_end(in->file);
}

static enum status idx_convert_images(struct input *in, struct h5_writer *w)
{
    const int64_t dims[4] = {in->dims[0], 1, in->dims[1], in->dims[2]};
    int64_t size;
    if (__builtin_mul_overflow(dims[2], dims[3], &size) || size > INT32_MAX)
        return status_fail(STATUS_DATA,
                           "%s: has images of %" PRId64 " x %" PRId64 " bytes, which is too much", in->path,
                           dims[2], dims[3]);
    int64_t at_once = size < CHUNK_BYTES ? CHUNK_BYTES / size : 1;
    struct h5_rows *rows = NULL;
    uint8_t *buffer = NULL;
    TRY(mem_alloc(&buffer, (size_t)(at_once * size), 1, "images"));
    enum status status = h5_rows_create(&rows, w, "images", H5_TYPE_U8, 4, dims, at_once, 0);
    if (status == STATUS_OK) status = idx_copy_images(in, rows, at_once, buffer);
    h5_rows_close(&rows);
    mem_free(&buffer);
    return status;
}

static enum status idx_copy_labels(struct input *in, struct h5_rows *rows, int64_t classes)
{
    uint8_t block[LABEL_BLOCK];
    for (int64_t at = 0, n; at < in->dims[0]; at += n) {
        n = in->dims[0] - at < LABEL_BLOCK ? in->dims[0] - at : LABEL_BLOCK;
        TRY(gz_read(in->file, block, (size_t)n));
        for (int64_t i = 0; classes > 0 && i < n; i++)
            if (block[i] >= classes)
                return status_fail(STATUS_DATA,
                                   "%s: sample %" PRId64 " has label %d, but there are only %" PRId64
                                   " class names",
                                   in->path, at + i, block[i], classes);
        TRY(h5_rows_write(rows, n, block));
    }
    return gz_expect_end(in->file);
}

static enum status idx_convert_labels(struct input *in, struct h5_writer *w, const char *const *names,
                                      int64_t classes)
{
    struct h5_rows *rows = NULL;
    TRY(h5_rows_create(&rows, w, "labels", H5_TYPE_U8, 1, in->dims, 0, 0));
    enum status status = idx_copy_labels(in, rows, classes);
    h5_rows_close(&rows);
    TRY(status);
    return classes > 0 ? h5_write_attr_texts(w, "labels", "class_names", names, classes) : STATUS_OK;
}

static enum status idx_convert_both(struct input *images, struct input *labels, struct h5_writer *w,
                                    const char *const *names, int64_t classes)
{
    TRY(gz_open(&images->file, images->path));
    TRY(gz_open(&labels->file, labels->path));
    TRY(idx_read_header(images, 3, "images"));
    TRY(idx_read_header(labels, 1, "labels"));
    if (images->dims[0] != labels->dims[0])
        return status_fail(STATUS_DATA, "%s: holds %" PRId64 " images, but %s %" PRId64 " labels",
                           images->path, images->dims[0], labels->path, labels->dims[0]);
    TRY(idx_check_length(images, 3));
    TRY(idx_check_length(labels, 1));
    TRY(idx_convert_labels(labels, w, names, classes));
    return idx_convert_images(images, w);
}

enum status idx_convert(const char *images, const char *labels, const char *out, const char *class_names,
                        bool overwrite)
{
    struct input x = {.path = images}, y = {.path = labels};
    struct h5_writer *w = NULL;
    char **names = NULL;
    int64_t classes = 0;
    if (class_names && class_names[0]) TRY(names_split(class_names, &names, &classes));
    enum status status = h5_create(&w, out, overwrite);
    if (status == STATUS_OK) status = idx_convert_both(&x, &y, w, (const char *const *)names, classes);
    gz_close(&x.file);
    gz_close(&y.file);
    mem_free(&names);
    if (status == STATUS_OK) return h5_commit(&w);
    h5_discard(&w);
    return status;
}
