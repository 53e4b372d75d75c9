/* sample_file.h - what the tests of the HDF5 source share: a small file of every shape and type, in a
 * folder of its own. */
#ifndef SAMPLE_FILE_H
#define SAMPLE_FILE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "io/h5/h5.h"
#include "core/mem.h"
#include "data/source/source.h"

#define MAX_VALUES 4096

static const struct source_options usual;
static char folder[] = "/tmp/test_source.XXXXXX", path[64];

/* The file lies in `path`. */
static inline void sample_begin(void)
{
    CHECK(mkdtemp(folder) != NULL);
    snprintf(path, sizeof path, "%s/set.h5", folder);
}

static inline int sample_end(void)
{
    unlink(path);
    CHECK(rmdir(folder) == 0); /* nothing else was left in it */
    CHECK(mem_alive() == 0);
    return check_result();
}

/* A file to be: features and labels and what is odd about them. */
struct sample_file {
    const char *x_name, *y_name; /* NULL = images, labels; "" = leave out */
    enum h5_type x_type, y_type;
    int rank;
    int64_t dims[5];
    int64_t label_dims[2]; /* label_dims[1] 0 = rank 1; {0, 0} = (N,) */
    const char *layout;
};

static union {
    uint8_t u8[MAX_VALUES];
    int64_t i64[MAX_VALUES];
    float f32[MAX_VALUES];
    double f64[MAX_VALUES];
} x, y, back;

static inline void set(void *array, enum h5_type type, int64_t i, double value)
{
    switch (type) {
    case H5_TYPE_U8:
        ((uint8_t *)array)[i] = (uint8_t)value;
        return;
    case H5_TYPE_I64:
        ((int64_t *)array)[i] = (int64_t)value;
        return;
    case H5_TYPE_F32:
        ((float *)array)[i] = (float)value;
        return;
    case H5_TYPE_F64:
        ((double *)array)[i] = value;
        return;
    }
}

/* Element i of features and labels, until a test changes some. */
static inline double feature_of(int64_t i)
{
    return (double)(i * 7 % 251);
}

static inline int64_t label_of(int64_t i)
{
    return i * 5 % 11;
}

static inline void fill(const struct sample_file *s)
{
    for (int64_t i = 0; i < MAX_VALUES; i++) {
        set(&x, s->x_type, i, feature_of(i));
        set(&y, s->y_type, i, (double)label_of(i));
    }
}

/* A file to which the caller may add before it commits. */
static inline struct h5_writer *begin(const struct sample_file *s)
{
    struct h5_writer *w;
    const char *x_name = s->x_name ? s->x_name : "images", *y_name = s->y_name ? s->y_name : "labels";
    const int64_t *label_dims = s->label_dims[0] || s->label_dims[1] ? s->label_dims : s->dims;
    CHECK_STATUS(h5_create(&w, path, true), STATUS_OK);
    if (x_name[0]) CHECK_STATUS(h5_write(w, x_name, s->x_type, s->rank, s->dims, &x), STATUS_OK);
    if (s->layout) CHECK_STATUS(h5_write_attr_text(w, x_name, "layout", s->layout), STATUS_OK);
    if (y_name[0])
        CHECK_STATUS(h5_write(w, y_name, s->y_type, s->label_dims[1] ? 2 : 1, label_dims, &y), STATUS_OK);
    return w;
}

static inline void write_file(const struct sample_file *s)
{
    struct h5_writer *w = begin(s);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
}

/* Opening the file or, if that works, reading all of it must fail and say so. */
static inline void check_refused(const struct sample_file *s, const char *part)
{
    struct source *source;
    int32_t labels[64];
    write_file(s);
    enum status status = source_open(&source, path, &usual);
    if (status == STATUS_OK)
        status =
            source_read(source, 0, s->dims[0], &(struct source_rows){.features = &back, .labels = labels});
    CHECK(status == STATUS_DATA && says(part) && says(path));
    source_close(&source);
}

#endif
