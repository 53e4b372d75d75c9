/* loader.c - measures reading a set from its file into the window, and gathering samples into lanes. */
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/system/clock.h"
#include "data/dataset/dataset.h"
#include "math/kernels.h"
#include "core/mem.h"
#include "data/order.h"
#include "data/batch.h"
#include "bench/private.h"

#define LOADS         3
#define ROUNDS        9
#define ROUND_SAMPLES 16384 /* of a rank */
#define READ_BYTES    ((size_t)1 << 20)

struct way_in {
    const struct kernels *kernels;
    struct comm *comm;
    struct dataset *data;
    struct normal normal;
    bool allow_external; /* of the file behind the locator */
    struct batch batch;
    struct order order;
    int64_t position;  /* in the order */
    int64_t batches;   /* of a round */
    float *input;      /* [F][N] */
    size_t copy_bytes; /* of one sample: half of what it moves as it is gathered */
    const void **rows; /* of a batch, in the set */
    char *buffer;      /* for reading, and for copies of a batch */
};

/* The next batch of the epoch; when it ends, it begins again. */
static void bench_loader_choose_samples(struct way_in *w)
{
    int64_t samples = dataset_info(w->data)->samples;
    for (int64_t i = 0; i < w->batch.live[0]; i++, w->position++)
        w->batch.samples[i] = order_at(&w->order, w->position % samples);
}

static void bench_loader_gather_batches(void *self)
{
    struct way_in *w = self;
    for (int64_t b = 0; b < w->batches; b++) {
        bench_loader_choose_samples(w);
        batch_load(&w->batch, w->data, &w->normal, w->input);
    }
}

/* From the same places, but not beyond the end. */
static void bench_loader_copy_batches(void *self)
{
    struct way_in *w = self;
    const struct dataset_rows rows = {.features = w->rows};
    dataset_take(w->data, &(int64_t){0}, 1, &rows);
    const char *last = (const char *)w->rows[0] +
                       (size_t)(dataset_info(w->data)->samples * dataset_feature_bytes(w->data)) -
                       w->copy_bytes;
    for (int64_t b = 0; b < w->batches; b++) {
        bench_loader_choose_samples(w);
        dataset_take(w->data, w->batch.samples, w->batch.live[0], &rows);
        for (int64_t i = 0; i < w->batch.live[0]; i++) {
            const char *from = w->rows[i];
            memcpy(w->buffer + (size_t)i * w->copy_bytes, from < last ? from : last, w->copy_bytes);
        }
    }
}

/* Bytes of the file behind a locator, read as cat reads; 0 if there is none. */
static double bench_loader_read_file(const char *locator, char *buffer)
{
    char path[4096];
    struct stat facts;
    snprintf(path, sizeof path, "%s", locator);
    char *group = strrchr(path, ':');
    if (stat(path, &facts) != 0 && group) *group = '\0';
    int file = stat(path, &facts) == 0 && S_ISREG(facts.st_mode) ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    double bytes = 0;
    ssize_t length;
    while ((length = read(file, buffer, READ_BYTES)) > 0) bytes += (double)length;
    close(file);
    return bytes;
}

/* The time between two moments at which all ranks meet. */
static double bench_loader_time_since(struct comm *comm, double start)
{
    comm_barrier(comm);
    return clock_seconds() - start;
}

static double bench_loader_wait_all(struct comm *comm)
{
    comm_barrier(comm);
    return clock_seconds();
}

/* Loading and reading in turns, with whatever the system keeps of the file in memory. */
static enum status bench_loader_time_loads(struct way_in *w, const char *locator, struct bench_loader *r)
{
    char *buffer = NULL;
    const struct source_options options = {.allow_external = w->allow_external};
    TRY(comm_agree(w->comm, mem_alloc(&buffer, READ_BYTES, 1, "buffer")));
    enum status status = STATUS_OK;
    r->load_seconds = r->read_seconds = INFINITY;
    for (int i = 0; i < LOADS && status == STATUS_OK; i++) {
        double start = bench_loader_wait_all(w->comm);
        if (comm_rank(w->comm) == 0) r->file_bytes = bench_loader_read_file(locator, buffer);
        r->read_seconds = fmin(r->read_seconds, bench_loader_time_since(w->comm, start));
        dataset_destroy(&w->data);
        start = bench_loader_wait_all(w->comm);
        status = dataset_load(&w->data, w->comm, locator, &options, &(struct dataset_labels){0});
        r->load_seconds = fmin(r->load_seconds, bench_loader_time_since(w->comm, start));
    }
    mem_free(&buffer);
    return status;
}

static enum status bench_loader_prepare(struct way_in *w, struct bench_loader *r)
{
    const struct source_info *info = dataset_info(w->data);
    int64_t features = shape_features(info->shape), lanes = r->batch, ranks = comm_size(w->comm);
    r->samples = info->samples;
    r->sample_bytes = (double)(features * feature_bytes(info->type));
    r->input_bytes = (double)features * sizeof *w->input;
    r->window_bytes = (double)dataset_bytes(w->data);
    w->copy_bytes = (size_t)((r->sample_bytes + r->input_bytes) / 2);
    w->order = order_make(1, 1, info->samples, true);
    w->position = info->samples * comm_rank(w->comm) / ranks;
    w->batches = (ROUND_SAMPLES + r->batch - 1) / r->batch;
    TRY(mem_alloc(&w->input, (size_t)(features * lanes), sizeof *w->input, "input"));
    TRY(mem_alloc(&w->buffer, (size_t)r->batch * w->copy_bytes, 1, "copies"));
    TRY(mem_alloc(&w->rows, (size_t)r->batch, sizeof *w->rows, "rows"));
    const struct batch_spec spec = {.kernels = w->kernels,
                                    .lanes = lanes,
                                    .leaves = 1,
                                    .width = dataset_width(w->data),
                                    .positions = dataset_positions(w->data)};
    TRY(batch_init(&w->batch, &spec));
    w->batch.live[0] = r->batch;
    return STATUS_OK;
}

static void bench_loader_time_batches(struct way_in *w, double *of_rank, struct bench_loader *r)
{
    double samples = (double)(w->batches * r->batch);
    for (int i = 0; i < ROUNDS; i++) {
        r->gathered =
            fmax(r->gathered, bench_round(w->comm, of_rank, bench_loader_gather_batches, w, samples).sum);
        r->copied = fmax(r->copied, bench_round(w->comm, of_rank, bench_loader_copy_batches, w, samples).sum);
    }
}

static enum status bench_loader_measure(struct way_in *w, const char *locator, struct bench_loader *r)
{
    double *of_rank = NULL;
    TRY(bench_loader_time_loads(w, locator, r));
    TRY(normal_init(&w->normal, w->comm, w->data, NORMALIZE_AUTO));
    TRY(comm_agree(w->comm, bench_loader_prepare(w, r)));
    TRY(comm_agree(w->comm,
                   mem_alloc(&of_rank, (size_t)comm_size(w->comm), sizeof *of_rank, "rates of the ranks")));
    bench_loader_time_batches(w, of_rank, r);
    mem_free(&of_rank);
    return STATUS_OK;
}

enum status bench_loader(struct comm *comm, const char *locator, int64_t batch, bool allow_external,
                         struct bench_loader *result)
{
    struct way_in w = {.comm = comm, .allow_external = allow_external};
    *result = (struct bench_loader){.batch = batch};
    TRY(comm_agree(comm, kernels_select(&w.kernels, "auto")));
    enum status status = bench_loader_measure(&w, locator, result);
    batch_free(&w.batch);
    mem_free(&w.input);
    mem_free(&w.buffer);
    mem_free(&w.rows);
    normal_free(&w.normal);
    dataset_destroy(&w.data);
    return status;
}
