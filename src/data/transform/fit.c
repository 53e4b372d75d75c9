/* fit.c - measures a training set for the steps of a list, one after another. */
#include <math.h>

#include "core/mem.h"
#include "data/measure/measure.h"
#include "data/transform/transform.h"

/* One step that is being measured: a sample is taken through the steps before it, in a single lane. */
struct fit {
    const struct dataset *data;
    const struct kernels *kernels;
    const struct transforms *before;
    const float *missing; /* [channels] in place of NaN, or NULL */
    struct transform_facts facts;
    struct shape shape; /* of a sample afterwards, with the runs as channels */
    float *row, *room;  /* [features], transforms_room */
};

/* Returns the features of a sample after the steps before. */
static const void *fit_take(void *self, int64_t sample)
{
    const struct fit *f = self;
    const struct source_info *info = dataset_info(f->data);
    const void *features;
    int64_t count = shape_features(info->shape), plane = shape_positions(info->shape);
    float *to = f->room ? f->room : f->row;
    dataset_take(f->data, &sample, 1, &(struct dataset_rows){.features = &features});
    for (int64_t i = 0; i < count; i++)
        to[i] = info->type == FEATURE_U8 ? ((const uint8_t *)features)[i] : ((const float *)features)[i];
    for (int64_t i = 0; f->missing && i < count; i++)
        if (isnan(to[i])) to[i] = f->missing[i / plane];
    if (f->room)
        transforms_move(f->before, f->kernels, 1, 1, f->room, 1, f->row);
    else
        transforms_apply(f->before, f->kernels, 1, 1, 1, f->row);
    return f->row;
}

static enum status fit_allocate(struct fit *f)
{
    size_t features = (size_t)shape_features(f->shape), runs = (size_t)f->facts.runs;
    float **of_runs[] = {&f->facts.mean, &f->facts.std, &f->facts.low, &f->facts.high};
    for (size_t i = 0; i < sizeof of_runs / sizeof *of_runs; i++)
        TRY(mem_alloc(of_runs[i], runs, sizeof(float), "transforms"));
    TRY(mem_alloc(&f->row, features, sizeof(float), "transforms"));
    return mem_alloc(&f->room, (size_t)transforms_room(f->before, 1), sizeof(float), "transforms");
}

static void fit_free(struct fit *f)
{
    float **all[] = {&f->facts.mean, &f->facts.std, &f->facts.low, &f->facts.high, &f->row, &f->room};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mem_free(all[i]);
}

/* Measures what the step needs. Collective. */
static enum status fit_measure(struct fit *f, struct comm *comm, enum transform_needs needs)
{
    const struct measure m = {comm, f->data, FEATURE_F32, f->shape, fit_take, f};
    TRY(comm_agree(comm, fit_allocate(f)));
    if (needs == NEEDS_MOMENTS) return measure_moments(&m, f->facts.mean, f->facts.std);
    return needs == NEEDS_RANGE ? measure_range(&m, f->facts.low, f->facts.high) : STATUS_OK;
}

static enum status fit_finish(const struct fit *f, const struct transform *to, const struct data_step *s)
{
    TRY(to->ops->fit(s, &f->facts, to->a, to->b));
    if (transform_is_finite(to)) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "its numbers are beyond float32; scale the features before it");
}

/* Makes lists of the arguments that name an attribute; `with` has the other arguments of the step. */
static enum status fit_read_attributes(struct comm *comm, const struct dataset *d, int64_t runs,
                                       const struct data_step *s, struct data_step *with)
{
    *with = *s;
    for (int slot = 0; slot < ARG_MAX; slot++) {
        int64_t found;
        if (!s->args.name[slot]) continue;
        double **list = &with->args.list[slot];
        TRY(comm_agree(comm, mem_alloc(list, (size_t)runs, sizeof **list, "attribute")));
        TRY(dataset_read_attribute(d, comm, s->args.name[slot], runs, *list, &found));
        with->args.of[slot] = (double)found;
    }
    return STATUS_OK;
}

static void fit_free_attributes(const struct data_step *s, struct data_step *with)
{
    for (int slot = 0; slot < ARG_MAX; slot++)
        if (s->args.name[slot]) mem_free(&with->args.list[slot]);
}

/* Measures the step behind those of t, for samples of this shape. */
static enum status transforms_fit_step(struct transforms *t, struct comm *comm, const struct dataset *d,
                                       const struct data_step *s, struct shape in, const float *missing)
{
    bool features;
    enum transform_needs needs = transform_find_needs(s, &features);
    const struct transform_ops *ops = (const struct transform_ops *)s->kind;
    if (ops->reshape) return comm_agree(comm, transforms_add(t, s, in, 0));
    struct transforms before = *t;
    struct shape shape = features ? shape_flat(shape_features(in)) : in;
    struct fit f = {
        .data = d, .before = &before, .missing = missing, .facts = {.runs = shape.c}, .shape = shape};
    struct data_step with;
    enum status status = fit_read_attributes(comm, d, shape.c, s, &with);
    if (status == STATUS_OK) status = comm_agree(comm, kernels_select(&f.kernels, "auto"));
    if (status == STATUS_OK) status = fit_measure(&f, comm, needs);
    if (status == STATUS_OK) status = comm_agree(comm, transforms_add(t, s, in, shape.c));
    if (status == STATUS_OK) status = comm_agree(comm, fit_finish(&f, &t->of[t->count - 1], &with));
    fit_free_attributes(s, &with);
    fit_free(&f);
    return status;
}

enum status transforms_init(struct transforms *t, struct comm *comm, const struct dataset *d,
                            const struct data_steps *steps, const float *missing)
{
    struct shape in = dataset_info(d)->shape;
    *t = (struct transforms){.count = 0};
    for (int i = 0; i < steps->count; i++) {
        enum status status = transforms_fit_step(t, comm, d, &steps->of[i], in, missing);
        if (status != STATUS_OK) {
            transforms_free(t);
            return status_at(status, "data.transforms[%d]: %s", i, steps->of[i].kind->name);
        }
        in = t->of[i].out;
    }
    return STATUS_OK;
}
