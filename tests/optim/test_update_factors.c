/* Factors per tensor, frozen tensors, limits of rows and the average of an update: against runs without them, and
 * the same bits however the vector is cut into ranges. */
#include <math.h>

#include "check.h"
#include "kernels.h"
#include "vector.h"

#define STEPS 3
#define BOUND 1.0

/* What a test sets, tensor by tensor. */
struct setup {
    const char *optim;
    double lr, max_norm, move; /* move: of the average in every step but the first, which copies */
    double clip_norm, clip_value;
};

static void run(const struct setup *s, const struct layout *l, struct vector *v)
{
    const struct optim_ops *optim = optim_find(s->optim);
    struct arg_values args = {0};
    struct update u;
    arg_values_defaults(optim->args, &args);
    args.of[optim->decay_arg] = 0.1;
    create_vector(v, l, optim->slots + 1);
    struct update_spec spec = {.kernels = kernels,
                               .optim = optim,
                               .args = &args,
                               .clip_norm = s->clip_norm,
                               .clip_value = s->clip_value,
                               .max_norm = s->max_norm,
                               .averages = true,
                               .tensors = l->tensors,
                               .tensor_count = l->tensor_count,
                               .vector = {v, visit_all, count_merged, visit_all}};
    CHECK_STATUS(update_init(&u, &spec), STATUS_OK);
    for (int64_t step = 0; step < STEPS; step++) {
        fill(l, (uint64_t)step, 1, v->gradient);
        double move = s->move > 0 && step == 0 ? 1 : s->move;
        update_apply(&u, &(struct update_step){
                             .lr = s->lr, .number = step, .divisor = 3, .samples = 40, .average_move = move});
    }
    update_free(&u);
}

static void destroy_all(struct vector *v, int count)
{
    for (int i = 0; i < count; i++) destroy_vector(&v[i]);
}

/* Tensors of rows that are shorter than a cell, longer than several, single elements, or the whole tensor; every
 * second one has none. */
static void set_rows(struct layout *l)
{
    for (int64_t t = 0; t < l->tensor_count; t += 2) {
        int64_t rows = t == 0 ? 6 : l->counts[t] % 7 == 0 ? 7 : l->counts[t] % 37 == 0 ? 37 : l->counts[t];
        l->tensors[t].rows = rows;
        l->tensors[t].row_floats = l->counts[t] / rows;
    }
}

static void freeze_some(struct layout *l)
{
    l->tensors[2].role = UPDATE_FROZEN;
    l->tensors[5].role = UPDATE_FROZEN;
    l->tensors[6].role = UPDATE_STATISTIC;
    l->tensors[6].momentum = 0.1;
}

static void set_factors(struct layout *l)
{
    for (int64_t t = 0; t < l->tensor_count; t++) {
        l->tensors[t].decayed = t % 2 == 0;
        l->tensors[t].lr_factor = t % 3 == 0 ? 0.5 : 1;
        l->tensors[t].decay_factor = t % 4 == 0 ? 0 : 2;
    }
}

static void change_all(struct layout *l)
{
    set_rows(l), set_factors(l), freeze_some(l);
}

/* The same bits for every cut, of parameters, slots and average. */
static void check_cuts(const char *optim, const int64_t *sizes, size_t count)
{
    static const int64_t cells[] = {1, 3, 4, 1000};
    struct layout l = lay_out(sizes, count);
    change_all(&l);
    struct setup s = {optim, 0.1, 0.7, 0.25, 1, 0.05};
    struct vector v[8];
    for (int i = 0; i < 8; i++) {
        v[i] = (struct vector){.cells = cells[i / 2], .reversed = i % 2};
        run(&s, &l, &v[i]);
        size_t bytes = (size_t)l.floats * sizeof(float);
        CHECK(memcmp(v[0].params, v[i].params, bytes) == 0);
        for (int k = 0; k < UPDATE_SLOTS; k++)
            CHECK(!v[0].slots[k] || memcmp(v[0].slots[k], v[i].slots[k], bytes) == 0);
    }
    destroy_all(v, 8);
}

/* A step with a limit is the step without, then rows that are too long are scaled; others keep their bits. */
static void check_max_norm(const int64_t *sizes, size_t count)
{
    struct layout l = lay_out(sizes, count);
    set_rows(&l);
    struct vector v[2] = {{.cells = 3}, {.cells = 2, .reversed = true}};
    struct update u[2];
    const struct optim_ops *optim = optim_find("sgd");
    struct arg_values args = {0};
    int scaled = 0, kept = 0;
    arg_values_defaults(optim->args, &args);
    for (int limited = 0; limited < 2; limited++) {
        create_vector(&v[limited], &l, optim->slots);
        struct update_spec spec = {.kernels = kernels,
                                   .optim = optim,
                                   .args = &args,
                                   .max_norm = limited ? BOUND : 0,
                                   .tensors = l.tensors,
                                   .tensor_count = l.tensor_count,
                                   .vector = {&v[limited], visit_all, count_merged, visit_all}};
        CHECK_STATUS(update_init(&u[limited], &spec), STATUS_OK);
        fill(&l, 0, 1, v[limited].gradient);
        update_apply(&u[limited], &(struct update_step){.lr = 2, .divisor = 3, .samples = 40});
        update_free(&u[limited]);
    }
    for (int64_t t = 0; t < l.tensor_count; t++) {
        int64_t length = l.tensors[t].rows ? l.tensors[t].row_floats : l.counts[t];
        for (int64_t at = 0; at < l.counts[t]; at += length) {
            const float *plain = v[0].params + l.tensors[t].first + at,
                        *mine = v[1].params + l.tensors[t].first + at;
            double norm = 0;
            for (int64_t i = 0; i < length; i++) norm += (double)plain[i] * (double)plain[i];
            norm = sqrt(norm);
            bool too_long = l.tensors[t].rows && norm > BOUND;
            for (int64_t i = 0; too_long && i < length; i++) /* the factor and the product are rounded */
                CHECK_NEAR(mine[i], plain[i] * (BOUND / (norm + 1e-7)), 2 * 6e-8 * fabs((double)plain[i]));
            if (!too_long) CHECK(memcmp(mine, plain, (size_t)length * sizeof *mine) == 0);
            scaled += too_long;
            kept += !too_long;
        }
    }
    CHECK(scaled > 3 && kept > 3);
    destroy_all(v, 2);
}

/* Frozen tensors stay, in whatever gradient, and change no norm and no other weight. */
static void check_frozen(const char *optim)
{
    struct layout l = lay_out(small, sizeof small / sizeof *small);
    freeze_some(&l);
    struct setup s = {.optim = optim, .lr = 0.1, .clip_norm = 1};
    struct vector v[2] = {{.cells = 2}, {.cells = 1}};
    run(&s, &l, &v[0]);
    for (int64_t i = 0; i < l.floats; i++) {
        bool frozen = (i >= l.tensors[2].first && i < l.tensors[3].first) ||
                      (i >= l.tensors[5].first && i < l.tensors[6].first);
        bool gap = true;
        for (int64_t t = 0; t < l.tensor_count; t++)
            gap = gap && (i < l.tensors[t].first || i >= l.tensors[t].first + l.counts[t]);
        if (!gap) CHECK((v[0].params[i] == 0.2f * mix(FIRST_VALUES, i)) == frozen);
    }
    /* as if they were not there: gradients that are 0, in a vector where they are weights */
    struct layout other = l;
    other.tensors[2].role = other.tensors[5].role = UPDATE_WEIGHT;
    other.tensors[2].lr_factor = other.tensors[5].lr_factor = 0;
    other.tensors[2].decay_factor = other.tensors[5].decay_factor = 0;
    other.counts[2] = other.counts[5] = 0; /* fill leaves them out */
    run(&s, &other, &v[1]);
    for (int64_t t = 0; t < l.tensor_count; t++)
        if (t != 2 && t != 5)
            CHECK(memcmp(v[0].params + l.tensors[t].first, v[1].params + l.tensors[t].first,
                         (size_t)l.tensors[t].count * sizeof(float)) == 0);
    destroy_all(v, 2);
}

/* A tensor with factors moves as all do with the rate and the decay of the product. */
static void check_factors(const char *optim)
{
    struct layout l = lay_out(small, sizeof small / sizeof *small), all = l;
    for (int64_t t = 0; t < l.tensor_count; t++) l.tensors[t].decayed = all.tensors[t].decayed = true;
    l.tensors[2].lr_factor = 0.25;
    l.tensors[2].decay_factor = 0;
    for (int64_t t = 0; t < l.tensor_count; t++) all.tensors[t].decay_factor = 0;
    struct setup s = {.optim = optim, .lr = 0.4}, slow = {.optim = optim, .lr = 0.1};
    struct vector v[3] = {{.cells = 2}, {.cells = 2}, {.cells = 2}};
    run(&s, &l, &v[0]);
    run(&slow, &all, &v[1]);
    for (int64_t t = 0; t < l.tensor_count; t++) all.tensors[t].decay_factor = 1;
    run(&s, &all, &v[2]);
    for (int64_t t = 0; t < l.tensor_count; t++)
        CHECK(memcmp(v[0].params + l.tensors[t].first, v[t == 2 ? 1 : 2].params + l.tensors[t].first,
                     (size_t)l.tensors[t].count * sizeof(float)) == 0);
    destroy_all(v, 3);
}

/* The average of weights that do not move is what they are; that of others follows its definition; statistics
 * are copied. */
static void check_average(void)
{
    struct layout l = lay_out(small, sizeof small / sizeof *small);
    freeze_some(&l);
    struct vector v[STEPS] = {{.cells = 3}, {.cells = 3}, {.cells = 3}};
    struct setup still = {.optim = "sgd", .lr = 0, .move = 0.1}, s = {.optim = "sgd", .lr = 0.1, .move = 0.3};
    l.tensors[6].role = UPDATE_WEIGHT;
    run(&still, &l, &v[0]);
    CHECK(memcmp(v[0].params, v[0].slots[1], (size_t)l.floats * sizeof(float)) == 0);
    freeze_some(&l);
    run(&s, &l, &v[1]);
    s.lr = 0.05;
    run(&s, &l, &v[2]);
    for (int i = 1; i < 3; i++) {
        int64_t first = l.tensors[6].first;
        CHECK(memcmp(v[i].params + first, v[i].slots[1] + first, (size_t)l.counts[6] * sizeof(float)) == 0);
        CHECK(memcmp(v[i].params, v[i].slots[1], (size_t)l.floats * sizeof(float)) != 0);
    }
    destroy_all(v, 3);
}

/* The statistics of the average become the mean of those of several gradients; nothing else moves. */
static void check_statistics(void)
{
    struct layout l = lay_out(small, sizeof small / sizeof *small);
    freeze_some(&l);
    struct vector v[2] = {{.cells = 3}, {.cells = 1, .reversed = true}};
    struct setup s = {.optim = "sgd", .lr = 0.1, .move = 0.3};
    const int64_t first = l.tensors[6].first, count = l.counts[6];
    for (int k = 0; k < 2; k++) {
        run(&s, &l, &v[k]);
        struct arg_values args = {0};
        struct update u;
        const struct optim_ops *optim = optim_find("sgd");
        arg_values_defaults(optim->args, &args);
        struct update_spec spec = {.kernels = kernels,
                                   .optim = optim,
                                   .args = &args,
                                   .averages = true,
                                   .tensors = l.tensors,
                                   .tensor_count = l.tensor_count,
                                   .vector = {&v[k], visit_all, count_merged, visit_all}};
        size_t bytes = (size_t)l.floats * sizeof(float);
        float *before[2];
        for (int i = 0; i < 2; i++) {
            CHECK_STATUS(mem_alloc(&before[i], (size_t)l.floats, sizeof(float), "test"), STATUS_OK);
            memcpy(before[i], i ? v[k].slots[1] : v[k].params, bytes);
        }
        CHECK_STATUS(update_init(&u, &spec), STATUS_OK);
        CHECK(update_has_statistics(&u));
        for (int step = 0; step < STEPS; step++) {
            fill(&l, (uint64_t)step, 40, v[k].gradient);
            update_apply_statistics(&u, 1.0 / (step + 1), 40);
        }
        update_free(&u);
        CHECK(memcmp(before[0], v[k].params, bytes) == 0);
        for (int64_t i = 0; i < count; i++) {
            double mean = 0;
            for (int step = 0; step < STEPS; step++) mean += (double)mix((uint64_t)step, first + i) / STEPS;
            CHECK_NEAR(v[k].slots[1][first + i], mean, 3 * 6e-8);
            before[1][first + i] = v[k].slots[1][first + i];
        }
        CHECK(memcmp(before[1], v[k].slots[1], bytes) == 0);
        mem_free(&before[0]), mem_free(&before[1]);
    }
    CHECK(memcmp(v[0].slots[1], v[1].slots[1], (size_t)l.floats * sizeof(float)) == 0);
    destroy_all(v, 2);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    static const char *const optims[] = {"sgd", "adamw", "rmsprop", "lamb", "lars", "nadam", "adadelta"};
    for (size_t i = 0; i < sizeof optims / sizeof *optims; i++) {
        CHECK_CASE_OF(optims[i], check_cuts(optims[i], small, sizeof small / sizeof *small));
        CHECK_CASE_OF(optims[i], check_cuts(optims[i], large, sizeof large / sizeof *large));
        CHECK_CASE_OF(optims[i], check_frozen(optims[i]));
        CHECK_CASE_OF(optims[i], check_factors(optims[i]));
    }
    CHECK_CASE(check_max_norm(small, sizeof small / sizeof *small));
    CHECK_CASE(check_max_norm(large, sizeof large / sizeof *large));
    CHECK_CASE(check_average());
    CHECK_CASE(check_statistics());
    CHECK(mem_alive() == 0);
    return check_result();
}
