/* Optimizers and schedules against PyTorch (tests/reference). */
#include <string.h>

#include "check.h"
#include "ddp/optim.h"
#include "ddp/schedule.h"
#include "reference.h"

#define FLOAT_EPSILON 5.96e-8

/* Sets every argument the case has. */
static void read_args(const struct arg *table, const struct reference_case *c, double args[ARG_MAX])
{
    arg_defaults(table, args);
    for (int i = 0; table[i].name; i++)
        if (reference_find(c, table[i].name)) args[i] = reference_number(c, table[i].name);
}

/* Some steps of a handful of float32 operations on numbers of this size. */
static void check_optimizer(const struct reference_case *c)
{
    const struct optim_ops *ops = optim_find(c->name);
    const struct reference_array *params = reference_find(c, "params"), *grads = reference_find(c, "grads");
    double args[ARG_MAX];
    float w[64], g[64], slot[OPTIM_SLOTS][64] = {{0}};
    float *slots[OPTIM_SLOTS] = {slot[0], slot[1]};
    CHECK(ops != NULL);
    if (!ops) return;
    read_args(ops->args, c, args);
    for (int64_t i = 0; i < params->count; i++) w[i] = (float)params->values[i];
    for (int64_t step = 0; step < grads->dims[0]; step++) {
        /* gradients come as sums over 4 samples, which the scale undoes exactly */
        for (int64_t i = 0; i < params->count; i++) g[i] = 4 * (float)grads->values[step * params->count + i];
        struct optim_step s = optim_begin(ops, args, args[0], step, 4);
        /* in two slices: any cut gives the same */
        float *rest[OPTIM_SLOTS] = {slots[0] + 16, slots[1] + 16};
        ops->update(&s, 16, w, g, slots);
        ops->update(&s, params->count - 16, w + 16, g + 16, rest);
    }
    const struct reference_array *result = reference_find(c, "result");
    for (int64_t i = 0; i < result->count; i++)
        CHECK_NEAR(w[i], result->values[i],
                   FLOAT_EPSILON * (double)grads->dims[0] * 4 * (1 + fabs(result->values[i])));
}

static void check_schedule(const struct reference_case *c)
{
    const struct schedule_ops *ops = schedule_find(c->name);
    const struct reference_array *rates = reference_find(c, "rates");
    double lr = reference_number(c, "lr");
    struct arg_values args = {0};
    CHECK(ops != NULL);
    if (!ops) return;
    arg_values_defaults(ops->args, &args);
    read_args(ops->args, c, args.of);
    for (int64_t step = 0; step < rates->count; step++) {
        struct schedule_point at = {step, (int64_t)reference_number(c, "steps_per_epoch"), rates->count};
        /* the file has ten digits, PyTorch computes step by step in double */
        CHECK_NEAR(schedule_rate(ops, &args, NULL, lr, &at), rates->values[step],
                   1e-9 * lr + 1e-9 * rates->values[step]);
    }
}

static int check_file(const char *name, void (*check)(const struct reference_case *c))
{
    struct reference_case c;
    int cases = 0;
    FILE *f = reference_open(name);
    CHECK(f != NULL);
    if (!f) return 0;
    for (; reference_next(f, &c); cases++) {
        check(&c);
        reference_free(&c);
    }
    fclose(f);
    return cases;
}

int main(void)
{
    CHECK(check_file("optimizers.txt", check_optimizer) >= 12);
    CHECK(check_file("schedules.txt", check_schedule) >= 16);
    return check_result();
}
