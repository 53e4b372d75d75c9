/* measure.c - measures a training set, each rank its blocks. */
#include "data/measure/measure.h"

#include <assert.h>
#include <math.h>

#include "core/mem.h"
#include "data/measure/moments.h"

/* The shift against cancellation is the first sample's mean of each channel. */
static void measure_first_means(const struct measure *m, float *shift)
{
    if (m->type != FEATURE_F32) return;
    const float *x = m->at(m->self, 0);
    assert(shift); /* a sample has channels */
    int64_t plane = shape_positions(m->shape);
    for (int64_t c = 0; c < m->shape.c; c++) {
        double sum = 0;
        for (int64_t i = 0; i < plane; i++) sum += (double)x[c * plane + i];
        shift[c] = (float)(sum / (double)plane);
    }
}

/* Adds one sample to the table. */
typedef void measure_add(const struct measure *m, int64_t sample, const float *shift, double *table);

static void measure_add_moments(const struct measure *m, int64_t sample, const float *shift, double *table)
{
    moments_add(m->type, m->shape, m->at(m->self, sample), shift,
                table + sample / MOMENTS_BLOCK * moments_block_doubles(m->shape.c));
}

/* A block's table: sums of all channels, then how many numbers are known. */
static void measure_add_known(const struct measure *m, int64_t sample, const float *shift, double *table)
{
    (void)shift;
    int64_t channels = m->shape.c, plane = shape_positions(m->shape);
    double *block = table + sample / MOMENTS_BLOCK * 2 * channels;
    const float *x = m->at(m->self, sample);
    for (int64_t k = 0; k < channels * plane; k++) {
        if (isnan(x[k])) continue;
        block[k / plane] += (double)x[k];
        block[channels + k / plane]++;
    }
}

/* The table is [ranks][2][channels]. */
static void measure_add_range(const struct measure *m, int64_t sample, const float *shift, double *table)
{
    (void)shift;
    int64_t channels = m->shape.c, plane = shape_positions(m->shape);
    double *low = table + 2 * channels * comm_rank(m->comm), *high = low + channels;
    const float *x = m->at(m->self, sample);
    for (int64_t c = 0; c < channels; c++)
        for (int64_t i = 0; i < plane; i++) {
            double value = (double)x[c * plane + i];
            low[c] = value < low[c] ? value : low[c];
            high[c] = value > high[c] ? value : high[c];
        }
}

static enum status measure_fill(const struct measure *m, measure_add *add, const float *shift, double *table)
{
    int64_t first, end;
    dataset_part(m->data, comm_size(m->comm), comm_rank(m->comm), &first, &end);
    TRY(dataset_stream(m->data, first, end, 1));
    for (int64_t i = first; i < end; i++) add(m, i, shift, table);
    return dataset_status(m->data);
}

enum status measure_moments(const struct measure *m, float *mean, float *std)
{
    int64_t samples = dataset_info(m->data)->samples, blocks = moments_blocks(samples);
    int64_t doubles = blocks * moments_block_doubles(m->shape.c);
    double *table = NULL;
    float *shift = NULL;
    enum status status = mem_alloc(&table, (size_t)doubles, sizeof *table, "moments");
    if (status == STATUS_OK) status = mem_alloc(&shift, (size_t)m->shape.c, sizeof *shift, "moments");
    status = comm_agree(m->comm, status);
    if (status == STATUS_OK) {
        measure_first_means(m, shift);
        status = comm_agree(m->comm, measure_fill(m, measure_add_moments, shift, table));
    }
    if (status == STATUS_OK) {
        comm_merge_doubles(m->comm, table, doubles);
        moments_finish(m->type, m->shape, samples, shift, table, blocks, mean, std);
    }
    mem_free(&table);
    mem_free(&shift);
    return status;
}

enum status measure_known_means(const struct measure *m, float *mean)
{
    int64_t channels = m->shape.c, blocks = moments_blocks(dataset_info(m->data)->samples);
    double *table = NULL;
    enum status status =
        comm_agree(m->comm, mem_alloc(&table, (size_t)(blocks * 2 * channels), sizeof *table, "moments"));
    if (status == STATUS_OK) status = comm_agree(m->comm, measure_fill(m, measure_add_known, NULL, table));
    if (status == STATUS_OK) comm_merge_doubles(m->comm, table, blocks * 2 * channels);
    for (int64_t c = 0; status == STATUS_OK && c < channels; c++) {
        double sum = 0, count = 0;
        for (int64_t b = 0; b < blocks; b++) {
            sum += table[b * 2 * channels + c];
            count += table[(b * 2 + 1) * channels + c];
        }
        mean[c] = (float)(sum / count);
    }
    mem_free(&table);
    return status;
}

enum status measure_range(const struct measure *m, float *low, float *high)
{
    int ranks = comm_size(m->comm);
    int64_t channels = m->shape.c, doubles = 2 * channels * ranks;
    double *table = NULL;
    enum status status = comm_agree(m->comm, mem_alloc(&table, (size_t)doubles, sizeof *table, "ranges"));
    if (status == STATUS_OK) {
        double *mine = table + 2 * channels * comm_rank(m->comm);
        for (int64_t c = 0; c < channels; c++) mine[c] = INFINITY, mine[channels + c] = -INFINITY;
        status = comm_agree(m->comm, measure_fill(m, measure_add_range, NULL, table));
    }
    if (status == STATUS_OK) comm_merge_doubles(m->comm, table, doubles);
    for (int64_t c = 0; status == STATUS_OK && c < channels; c++) {
        double smallest = INFINITY, largest = -INFINITY;
        for (int rank = 0; rank < ranks; rank++) {
            smallest = fmin(smallest, table[2 * channels * rank + c]);
            largest = fmax(largest, table[(2 * rank + 1) * channels + c]);
        }
        low[c] = (float)smallest;
        high[c] = (float)largest;
    }
    mem_free(&table);
    return status;
}
