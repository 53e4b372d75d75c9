/* labelled_set.h - a file with every kind of labels and weights, and the sets of it that the tests of the
 * trainer load. */
#ifndef TESTS_DATA_LABELLED_SET_H
#define TESTS_DATA_LABELLED_SET_H

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "data/dataset/dataset.h"
#include "io/h5/h5.h"
#include "kernels.h"
#include "core/mem.h"
#include "folder.h"

#define SAMPLES 1300 /* three blocks of 512, so that three ranks read */
#define SIDE    3
#define SIZE    (2 * SIDE * SIDE)

static struct comm *comm;
static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 16];

static inline float feature(int64_t sample, int64_t f)
{
    return (float)(sample * 31 % 97) * 0.25f + (float)(f * f) + (f == 4 ? 0 : (float)(sample % (f + 2)));
}

/* Column k of the labels of a sample, for each kind. */
static inline double onehot(int64_t sample, int64_t k)
{
    return k == sample * 7 % 3;
}

static inline double probs(int64_t sample, int64_t k)
{
    double first = 0.1 * (double)(sample % 5); /* 0.4 is as much as the last one then */
    return k == 2 ? 0.8 - first : k ? 0.2 : first;
}

static inline double multilabel(int64_t sample, int64_t k)
{
    return (double)(sample / (k + 1) % 2);
}

static inline double sign(int64_t sample, int64_t k)
{
    return 2 * multilabel(sample, k) - 1;
}

static inline double values(int64_t sample, int64_t k)
{
    return 1000 * (double)k + 0.5 * (double)(sample * 13 % 101);
}

static inline double weight(int64_t sample, int64_t k)
{
    (void)k;
    return (double)(sample % 5) / 2;
}

typedef double column(int64_t sample, int64_t k);

static inline void write_rows(struct h5_writer *w, const char *name, int64_t width, column *at)
{
    double *rows = malloc((size_t)(SAMPLES * width) * sizeof *rows);
    for (int64_t i = 0; i < SAMPLES * width; i++) rows[i] = at(i / width, i % width);
    CHECK_STATUS(h5_write(w, name, H5_TYPE_F64, width > 1 ? 2 : 1, (const int64_t[]){SAMPLES, width}, rows),
                 STATUS_OK);
    free(rows);
}

static inline void write_set(void)
{
    struct h5_writer *w;
    float *x = malloc(SAMPLES * SIZE * sizeof *x);
    int64_t *labels = malloc(SAMPLES * sizeof *labels);
    for (int64_t i = 0; i < SAMPLES * SIZE; i++) x[i] = feature(i / SIZE, i % SIZE);
    for (int64_t i = 0; i < SAMPLES; i++) labels[i] = i * 7 % 3;
    CHECK_STATUS(h5_create(&w, path, true), STATUS_OK);
    CHECK_STATUS(h5_write(w, "x", H5_TYPE_F32, 4, (const int64_t[]){SAMPLES, 2, SIDE, SIDE}, x), STATUS_OK);
    CHECK_STATUS(h5_write(w, "y", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
    for (int64_t i = 0; i < SAMPLES; i++) labels[i] = i == 3 ? 255 : i == 9 ? -100 : i * 7 % 3;
    CHECK_STATUS(h5_write(w, "ignored", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
    labels[9] = 0;
    CHECK_STATUS(h5_write(w, "void", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
    for (int64_t i = 0; i < SAMPLES; i++) labels[i] = 255;
    CHECK_STATUS(h5_write(w, "unknown", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
    labels[5] = 1; /* the only label */
    CHECK_STATUS(h5_write(w, "single", H5_TYPE_I64, 1, (const int64_t[]){SAMPLES}, labels), STATUS_OK);
    memset(x, 0, SAMPLES * sizeof *x);
    CHECK_STATUS(h5_write(w, "nothing", H5_TYPE_F32, 1, (const int64_t[]){SAMPLES}, x), STATUS_OK);
    x[SAMPLES - 1] = 1; /* the only weight */
    CHECK_STATUS(h5_write(w, "last", H5_TYPE_F32, 1, (const int64_t[]){SAMPLES}, x), STATUS_OK);
    write_rows(w, "onehot", 3, onehot);
    write_rows(w, "probs", 3, probs);
    write_rows(w, "multilabel", 3, multilabel);
    write_rows(w, "sign", 3, sign);
    write_rows(w, "values", 2, values);
    write_rows(w, "w", 1, weight);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    free(x);
    free(labels);
}

static const struct arg without[] = {LOSS_REDUCTION_ARG, ARG_END};

#define ALL ((1u << TARGET_KINDS) - 1)

/* For a loss that takes these kinds of labels (bits) and has these arguments, the second, if any, with the
 * value `ignored`; fixed -1 = the kind is what the labels look like. */
static inline enum status load(struct dataset **d, const char *y, const char *weights, unsigned takes,
                               const struct arg *args, double ignored, int fixed)
{
    const struct loss_ops loss = {
        .name = "some", .args = args, .ignored_arg = args[1].name ? 1 : 0, .targets = takes};
    const struct arg_values loss_args = {.of = {0, ignored}};
    const struct source_options names = {.x = "x", .y = y, .weights = weights};
    const struct dataset_labels labels = {.loss = &loss,
                                          .loss_args = &loss_args,
                                          .fixed = fixed >= 0,
                                          .kind = fixed >= 0 ? (enum target_kind)fixed : TARGET_INDEX,
                                          .fixed_by = "data.labels is so"};
    *d = NULL;
    return dataset_load(d, comm, path, &names, &labels);
}

static inline const void *features_of(const struct dataset *d, int64_t sample)
{
    const void *features;
    dataset_take(d, &sample, 1, &(struct dataset_rows){.features = &features});
    return features;
}

static inline void set_begin(int *argc, char ***argv)
{
    CHECK_STATUS(comm_create(&comm, argc, argv), STATUS_OK);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    folder_make(comm, folder);
    snprintf(path, sizeof path, "%s/set.h5", folder);
    if (comm_rank(comm) == 0) write_set();
    comm_barrier(comm);
}

static inline int set_end(void)
{
    folder_remove(comm, folder);
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}

#endif
