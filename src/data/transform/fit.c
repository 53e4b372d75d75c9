/* fit.c - measures a training set for the steps of a list, one after another. */
#include <assert.h>
#include <math.h>

#include "core/mem.h"
#include "data/moments.h"
#include "data/transform/transform.h"

/* One step that is being measured: a sample is taken through the steps before it, in 16 equal lanes. */
struct fit {
    struct comm *comm;
    const struct dataset *data;
    const struct kernels *kernels;
    const struct transforms *before;
    const float *missing; /* [channels] in place of NaN, or NULL */
    struct transform_facts facts;
    struct shape shape; /* of a sample, with the runs as channels */
    float *row, *lanes; /* [F], [F][16] */
    float *shift;       /* [runs] */
    double *table;
};

/* Returns the features of a sample after the steps before. */
static const float *fit_take(const struct fit *f, int64_t sample)
{
    const void *features;
    const struct source_info *info = dataset_info(f->data);
    int64_t count = shape_features(info->shape), plane = shape_positions(info->shape);
    dataset_take(f->data, &sample, 1, &(struct dataset_rows){.features = &features});
    for (int64_t i = 0; i < count; i++)
        f->lanes[i * 16] =
            info->type == FEATURE_U8 ? ((const uint8_t *)features)[i] : ((const float *)features)[i];
    for (int64_t i = 0; f->missing && i < count; i++)
        if (isnan(f->lanes[i * 16])) f->lanes[i * 16] = f->missing[i / plane];
    transforms_apply(f->before, f->kernels, count, 1, 16, 16, f->lanes);
    for (int64_t i = 0; i < count; i++) f->row[i] = f->lanes[i * 16];
    return f->row;
}

static void fit_add_range(const struct fit *f, const float *x, double *low, double *high)
{
    int64_t plane = shape_positions(f->shape);
    for (int64_t c = 0; c < f->facts.runs; c++)
        for (int64_t i = 0; i < plane; i++) {
            double value = (double)x[c * plane + i];
            low[c] = value < low[c] ? value : low[c];
            high[c] = value > high[c] ? value : high[c];
        }
}

/* Fills this rank's place of the table [ranks][2][runs]. */
static enum status fit_fill_range(struct fit *f, int64_t first, int64_t end)
{
    int64_t runs = f->facts.runs;
    double *low = f->table + 2 * runs * comm_rank(f->comm), *high = low + runs;
    for (int64_t c = 0; c < runs; c++) low[c] = INFINITY, high[c] = -INFINITY;
    TRY(dataset_stream(f->data, first, end, 1));
    for (int64_t i = first; i < end; i++) fit_add_range(f, fit_take(f, i), low, high);
    return dataset_status(f->data);
}

static void fit_finish_range(struct fit *f)
{
    int64_t runs = f->facts.runs;
    for (int64_t c = 0; c < runs; c++) {
        double low = INFINITY, high = -INFINITY;
        for (int rank = 0; rank < comm_size(f->comm); rank++) {
            low = fmin(low, f->table[2 * runs * rank + c]);
            high = fmax(high, f->table[2 * runs * rank + runs + c]);
        }
        f->facts.low[c] = (float)low;
        f->facts.high[c] = (float)high;
    }
}

/* Fills the blocks of this rank; the first sample's mean of each run is a shift against cancellation. */
static enum status fit_fill_moments(struct fit *f, int64_t first, int64_t end)
{
    int64_t plane = shape_positions(f->shape);
    const float *x = fit_take(f, 0);
    for (int64_t c = 0; c < f->facts.runs; c++) {
        double sum = 0;
        for (int64_t i = 0; i < plane; i++) sum += (double)x[c * plane + i];
        f->shift[c] = (float)(sum / (double)plane);
    }
    TRY(dataset_stream(f->data, first, end, 1));
    for (int64_t i = first; i < end; i++)
        moments_add(FEATURE_F32, f->shape, fit_take(f, i), f->shift,
                    f->table + i / MOMENTS_BLOCK * moments_block_doubles(f->facts.runs));
    return dataset_status(f->data);
}

static enum status fit_allocate(struct fit *f, int64_t doubles)
{
    size_t features = (size_t)shape_features(f->shape), runs = (size_t)f->facts.runs;
    float **of_runs[] = {&f->facts.mean, &f->facts.std, &f->facts.low, &f->facts.high, &f->shift};
    for (size_t i = 0; i < sizeof of_runs / sizeof *of_runs; i++)
        TRY(mem_alloc(of_runs[i], runs, sizeof(float), "transforms"));
    TRY(mem_alloc(&f->row, features, sizeof(float), "transforms"));
    TRY(mem_alloc(&f->lanes, features * 16, sizeof(float), "transforms"));
    return mem_alloc(&f->table, (size_t)doubles, sizeof(double), "transforms");
}

static void fit_free(struct fit *f)
{
    float **all[] = {&f->facts.mean, &f->facts.std, &f->facts.low, &f->facts.high,
                     &f->shift,      &f->row,       &f->lanes};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mem_free(all[i]);
    mem_free(&f->table);
}

/* Measures what the step needs. Collective. */
static enum status fit_measure(struct fit *f, enum transform_needs needs)
{
    int64_t samples = dataset_info(f->data)->samples, blocks = moments_blocks(samples), runs = f->facts.runs,
            first, end;
    int64_t doubles =
        needs == NEEDS_MOMENTS ? blocks * moments_block_doubles(runs) : 2 * runs * comm_size(f->comm);
    TRY(comm_agree(f->comm, fit_allocate(f, doubles)));
    if (needs == NEEDS_NOTHING) return STATUS_OK;
    dataset_part(f->data, comm_size(f->comm), comm_rank(f->comm), &first, &end);
    TRY(comm_agree(f->comm,
                   needs == NEEDS_MOMENTS ? fit_fill_moments(f, first, end) : fit_fill_range(f, first, end)));
    comm_merge_doubles(f->comm, f->table, doubles);
    if (needs == NEEDS_MOMENTS)
        moments_finish(FEATURE_F32, f->shape, samples, f->shift, f->table, blocks, f->facts.mean,
                       f->facts.std);
    else
        fit_finish_range(f);
    return STATUS_OK;
}

static enum status fit_finish(struct fit *f, struct transforms *t, const struct data_step *s)
{
    TRY(transforms_add(t, s->kind, f->facts.runs));
    const struct transform *step = &t->of[t->count - 1];
    TRY(step->ops->fit(s, &f->facts, step->a, step->b));
    if (transform_is_finite(step)) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "its numbers are beyond float32; scale the features before it");
}

static enum status transforms_fit_step(struct transforms *t, struct comm *comm, const struct dataset *d,
                                       const struct data_step *s, const float *missing)
{
    bool features;
    enum transform_needs needs = transform_find_needs(s, &features);
    struct shape shape = dataset_info(d)->shape;
    if (features) shape = shape_flat(shape_features(shape));
    struct transforms before = *t;
    struct fit f = {.comm = comm,
                    .data = d,
                    .before = &before,
                    .missing = missing,
                    .facts = {.runs = shape.c},
                    .shape = shape};
    enum status status = comm_agree(comm, kernels_select(&f.kernels, "auto"));
    if (status == STATUS_OK) status = fit_measure(&f, needs);
    if (status == STATUS_OK) status = comm_agree(comm, fit_finish(&f, t, s));
    fit_free(&f);
    return status;
}

enum status transforms_init(struct transforms *t, struct comm *comm, const struct dataset *d,
                            const struct data_steps *steps, const float *missing)
{
    *t = (struct transforms){.count = 0};
    for (int i = 0; i < steps->count; i++) {
        enum status status = transforms_fit_step(t, comm, d, &steps->of[i], missing);
        if (status == STATUS_OK) continue;
        transforms_free(t);
        return status_at(status, "data.transforms[%d]: %s", i, steps->of[i].kind->name);
    }
    return STATUS_OK;
}
