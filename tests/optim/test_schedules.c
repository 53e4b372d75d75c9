/* Schedules against PyTorch (tests/reference). */
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "optim/schedule.h"
#include "reference.h"

/* Sets every argument the case has. */
static void read_args(const struct arg *table, const struct reference_case *c, struct arg_values *args)
{
    arg_values_defaults(table, args);
    for (int i = 0; table[i].name; i++) {
        const struct reference_array *a = reference_find(c, table[i].name);
        if (a && table[i].kind == ARG_LIST) {
            CHECK_STATUS(arg_values_resize(args, i, a->count), STATUS_OK);
            for (int64_t k = 0; k < a->count; k++) args->list[i][k] = a->values[k];
        } else if (a) {
            args->of[i] = a->values[0];
        }
    }
}

static void check_schedule(const struct reference_case *c)
{
    const struct schedule_ops *ops = schedule_find(c->name);
    const struct reference_array *rates = reference_find(c, "rates"), *metrics = reference_find(c, "metrics"),
                                 *momenta = reference_find(c, "momenta");
    double lr = reference_number(c, "lr");
    int64_t per_epoch = (int64_t)reference_number(c, "steps_per_epoch");
    struct arg_values args = {0};
    struct schedule_state state = {0}, neutral = {0};
    CHECK(ops != NULL);
    if (!ops) return;
    read_args(ops->args, c, &args);
    CHECK(schedule_cycles_momentum(ops, &args) == (momenta != NULL));
    for (int64_t step = 0; step < rates->count; step++) {
        struct schedule_point at = {step, per_epoch, rates->count};
        /* the file has ten digits, PyTorch computes step by step in double */
        CHECK_NEAR(schedule_rate(ops, &args, &state, lr, &at), rates->values[step],
                   1e-9 * lr + 1e-9 * rates->values[step]);
        if (momenta) CHECK_NEAR(schedule_momentum(ops, &args, &at), momenta->values[step], 2e-9);
        if ((step + 1) % per_epoch == 0) {
            double metric = metrics ? metrics->values[step / per_epoch] : (double)step;
            schedule_observe(ops, &args, &state, metric, metrics && reference_number(c, "higher") != 0);
        }
    }
    CHECK((ops->observe != NULL) == (metrics != NULL));
    if (!metrics) CHECK(memcmp(&state, &neutral, sizeof state) == 0);
    arg_values_free(&args);
}

static void test_reference(void)
{
    struct reference_case c;
    int cases[16] = {0};
    int64_t longest[16] = {0};
    FILE *f = reference_open("schedules.txt");
    CHECK(f != NULL);
    while (f && reference_next(f, &c)) {
        for (int i = 0; schedule_registry()[i]; i++) {
            if (schedule_registry()[i] != schedule_find(c.name)) continue;
            cases[i]++;
            if (reference_find(&c, "rates")->count > longest[i])
                longest[i] = reference_find(&c, "rates")->count;
        }
        check_schedule(&c);
        reference_free(&c);
    }
    if (f) fclose(f);
    for (int i = 0; schedule_registry()[i]; i++) CHECK(cases[i] >= 3 && longest[i] >= 50);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_reference());
    CHECK(mem_alive() == 0);
    return check_result();
}
