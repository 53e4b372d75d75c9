/* rows.h - for the programs of this folder: a file of rows, and everything a model gives for them. */
#ifndef TESTS_API_ROWS_H
#define TESTS_API_ROWS_H

#include <ddp_train.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (condition) break;                                                                                \
        fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, ddp_error_text());                \
        exit(1);                                                                                             \
    } while (0)

struct rows {
    char *bytes;
    int64_t count, row_bytes;
};

struct answers {
    float *outputs, *probabilities;
    void *predictions;
    size_t output_bytes, prediction_bytes;
};

static inline void *rows_allocate(size_t bytes)
{
    void *block = calloc(bytes ? bytes : 1, 1);
    CHECK(block);
    return block;
}

/* All rows of a file without a header. */
static inline struct rows rows_read(const struct ddp_model *m, const char *path)
{
    struct rows r = {0};
    FILE *file = fopen(path, "rb");
    CHECK(file && fseek(file, 0, SEEK_END) == 0);
    size_t bytes = (size_t)ftell(file);
    rewind(file);
    r.bytes = rows_allocate(bytes);
    CHECK(fread(r.bytes, 1, bytes, file) == bytes);
    fclose(file);
    r.row_bytes = ddp_get_feature_count(m) * (ddp_get_feature_type(m) == DDP_UINT8 ? 1 : 4);
    r.count = (int64_t)bytes / r.row_bytes;
    return r;
}

/* Runs all rows in calls of `chunk` rows, into memory of its own. */
static inline struct answers rows_run(struct ddp_model *m, const struct rows *r, int64_t chunk)
{
    int64_t k = ddp_get_output_count(m), features = ddp_get_feature_count(m);
    enum ddp_task task = ddp_get_task(m);
    int64_t places = ddp_get_position_count(m);
    k *= places;
    size_t cells = (size_t)(r->count * k);
    struct answers a = {.output_bytes = cells * sizeof(float)};
    a.prediction_bytes = task == DDP_CLASSES  ? (size_t)(r->count * places) * sizeof(int64_t)
                         : task == DDP_LABELS ? cells
                                              : cells * sizeof(float);
    a.outputs = rows_allocate(a.output_bytes);
    a.probabilities = ddp_has_probabilities(m) ? rows_allocate(a.output_bytes) : NULL;
    a.predictions = rows_allocate(a.prediction_bytes);
    for (int64_t first = 0; first < r->count; first += chunk) {
        int64_t n = r->count - first < chunk ? r->count - first : chunk;
        const void *rows = r->bytes + first * r->row_bytes;
        struct ddp_results to = {.outputs = a.outputs + first * k};
        if (a.probabilities) to.probabilities = a.probabilities + first * k;
        if (task == DDP_CLASSES) to.classes = (int64_t *)a.predictions + first * places;
        if (task == DDP_LABELS) to.labels = (uint8_t *)a.predictions + first * k;
        if (task == DDP_VALUES) to.values = (float *)a.predictions + first * k;
        enum ddp_status status = ddp_get_feature_type(m) == DDP_UINT8
                                     ? ddp_run_uint8(m, n, features, rows, &to)
                                     : ddp_run_float32(m, n, features, rows, &to);
        CHECK(status == DDP_OK);
    }
    return a;
}

static inline int answers_equal(const struct answers *a, const struct answers *b)
{
    return memcmp(a->outputs, b->outputs, a->output_bytes) == 0 &&
           memcmp(a->predictions, b->predictions, a->prediction_bytes) == 0 &&
           (!a->probabilities || memcmp(a->probabilities, b->probabilities, a->output_bytes) == 0);
}

static inline void answers_free(struct answers *a)
{
    free(a->outputs);
    free(a->probabilities);
    free(a->predictions);
}

/* Outputs, probabilities if there are any, and predictions, one behind the other. */
static inline void answers_write(const struct answers *a, const char *path)
{
    FILE *file = fopen(path, "wb");
    CHECK(file && fwrite(a->outputs, 1, a->output_bytes, file) == a->output_bytes);
    if (a->probabilities) CHECK(fwrite(a->probabilities, 1, a->output_bytes, file) == a->output_bytes);
    CHECK(fwrite(a->predictions, 1, a->prediction_bytes, file) == a->prediction_bytes && fclose(file) == 0);
}

#endif
