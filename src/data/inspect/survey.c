/* survey.c - reads a whole source once for its statistics. */
#include "data/inspect/survey.h"

#include <math.h>

#include "core/mem.h"
#include "data/measure/moments.h"

#define READ_BYTES (4 << 20)

/* What one pass needs. */
struct pass_buffers {
    int64_t rows; /* samples read at a time, at most a block of moments */
    void *features;
    float *targets;        /* [rows][K] */
    float *weights;        /* NULL if the source has none */
    float *shift;          /* [C] the first value that each channel has */
    double *block, *total; /* [2C] moments of one read, and of all */
};

static float survey_value_at(const struct source_info *info, const void *features, int64_t at)
{
    return info->type == FEATURE_U8 ? (float)((const uint8_t *)features)[at] : ((const float *)features)[at];
}

static void survey_find_range(const struct source_info *info, const void *features, int64_t count,
                              struct survey *s)
{
    int64_t plane = shape_positions(info->shape);
    for (int64_t n = 0, at = 0; n < count; n++)
        for (int64_t c = 0; c < info->shape.c; c++) {
            float min = s->min[c], max = s->max[c];
            for (int64_t end = at + plane; at < end; at++) {
                float value = survey_value_at(info, features, at);
                if (value < min) min = value;
                if (value > max) max = value;
            }
            s->min[c] = min;
            s->max[c] = max;
        }
}

/* The first value that a channel has in the first `count` samples sets the shift of its moments. */
static void survey_start(const struct source_info *info, struct pass_buffers *b, int64_t count,
                         struct survey *s)
{
    int64_t plane = shape_positions(info->shape), features = shape_features(info->shape);
    for (int64_t c = 0; c < info->shape.c; c++) {
        float first = NAN;
        for (int64_t i = 0; isnan(first) && i < count * plane; i++)
            first = survey_value_at(info, b->features, i / plane * features + c * plane + i % plane);
        b->shift[c] = isnan(first) ? 0 : first;
        s->min[c] = INFINITY;
        s->max[c] = -INFINITY;
    }
}

/* Counts what is missing in samples from `at` on, and puts the shift there, which adds nothing to the moments. */
static void survey_fill(const struct source *source, const struct pass_buffers *b, int64_t at, int64_t count,
                        struct survey *s)
{
    const struct source_info *info = source_info(source);
    int64_t plane = shape_positions(info->shape), features = shape_features(info->shape);
    float *x = b->features;
    for (int64_t i = 0; info->type == FEATURE_F32 && i < count * features; i++) {
        int64_t c = i % features / plane;
        if (!isnan(x[i])) continue;
        if (s->first_missing < 0) s->first_missing = source_number(source, at + i / features);
        x[i] = b->shift[c];
        s->missing[c]++;
    }
}

/* What is missing has added nothing to the moments, and does not count. */
static void survey_leave_out(const struct source_info *info, const struct pass_buffers *b, struct survey *s)
{
    int64_t channels = info->shape.c, all = info->samples * shape_positions(info->shape);
    for (int64_t c = 0; c < channels; c++) {
        const double block[] = {b->total[c], b->total[channels + c]};
        int64_t known = all - s->missing[c];
        if (s->missing[c] == 0) continue;
        s->mean[c] = s->std[c] = NAN;
        if (known > 0)
            moments_finish(FEATURE_F32, shape_flat(1), known, &b->shift[c], block, 1, &s->mean[c],
                           &s->std[c]);
    }
}

static enum status survey_walk(struct source *source, struct pass_buffers *b, struct survey *s)
{
    const struct source_info *info = source_info(source);
    const struct source_rows rows = {.features = b->features, .targets = b->targets, .weights = b->weights};
    for (int64_t at = 0, n; at < info->samples; at += n) {
        n = info->samples - at < b->rows ? info->samples - at : b->rows;
        TRY(source_read(source, at, n, &rows));
        if (at == 0) survey_start(info, b, n, s);
        survey_find_range(info, b->features, n, s);
        survey_fill(source, b, at, n, s);
        moments_block(info->type, info->shape, b->features, n, b->shift, b->block);
        for (int64_t i = 0; i < moments_block_doubles(info->shape.c); i++) b->total[i] += b->block[i];
        tally_add(&s->tally, n, b->targets, b->weights);
    }
    moments_finish(info->type, info->shape, info->samples, b->shift, b->total, 1, s->mean, s->std);
    survey_leave_out(info, b, s);
    tally_end(&s->tally, info);
    return STATUS_OK;
}

static enum status survey_reserve(const struct source_info *info, struct pass_buffers *b, struct survey *s)
{
    int64_t size = shape_features(info->shape) * feature_bytes(info->type), channels = info->shape.c;
    b->rows = size < READ_BYTES ? READ_BYTES / size : 1;
    if (b->rows > MOMENTS_BLOCK) b->rows = MOMENTS_BLOCK;
    TRY(mem_alloc(&b->features, (size_t)b->rows, (size_t)size, "samples"));
    TRY(tally_init(&s->tally, info));
    TRY(mem_alloc(&b->targets, (size_t)(b->rows * s->tally.width), sizeof *b->targets, "labels"));
    size_t weights = info->has_weights ? (size_t)(b->rows * info->weight_width) : 0;
    TRY(mem_alloc(&b->weights, weights, sizeof *b->weights, "weights"));
    TRY(mem_alloc(&b->shift, (size_t)channels, sizeof *b->shift, "moments"));
    TRY(mem_alloc(&b->block, (size_t)moments_block_doubles(channels), sizeof *b->block, "moments"));
    TRY(mem_alloc(&b->total, (size_t)moments_block_doubles(channels), sizeof *b->total, "moments"));
    TRY(mem_alloc(&s->missing, (size_t)channels, sizeof *s->missing, "counts of missing values"));
    TRY(mem_alloc(&s->mean, (size_t)channels, sizeof *s->mean, "moments"));
    TRY(mem_alloc(&s->std, (size_t)channels, sizeof *s->std, "moments"));
    TRY(mem_alloc(&s->min, (size_t)channels, sizeof *s->min, "ranges"));
    return mem_alloc(&s->max, (size_t)channels, sizeof *s->max, "ranges");
}

enum status survey_init(struct source *source, struct survey *out)
{
    const struct source_info *info = source_info(source);
    struct pass_buffers b = {0};
    *out = (struct survey){.first_missing = -1};
    enum status status = survey_reserve(info, &b, out);
    if (status == STATUS_OK) status = survey_walk(source, &b, out);
    mem_free(&b.features);
    mem_free(&b.targets);
    mem_free(&b.weights);
    mem_free(&b.shift);
    mem_free(&b.block);
    mem_free(&b.total);
    if (status != STATUS_OK) survey_free(out);
    return status;
}

void survey_free(struct survey *s)
{
    tally_free(&s->tally);
    mem_free(&s->missing);
    mem_free(&s->mean);
    mem_free(&s->std);
    mem_free(&s->min);
    mem_free(&s->max);
}
