/* registry.c - the table of all schedules, warm-up and observation. */
#include "optim/schedule.h"

#include <math.h>
#include <string.h>

#define SCHEDULE(name) extern const struct schedule_ops schedule_##name;
#include "optim/schedules/list.h"
#undef SCHEDULE

#define SCHEDULE(name) &schedule_##name,
static const struct schedule_ops *const registry[] = {
#include "optim/schedules/list.h"
    NULL};
#undef SCHEDULE

const struct schedule_ops *const *schedule_registry(void)
{
    return registry;
}

const struct schedule_ops *schedule_find(const char *name)
{
    for (int i = 0; registry[i]; i++)
        if (strcmp(registry[i]->name, name) == 0) return registry[i];
    return NULL;
}

const char *const schedule_units[] = {"epoch", "step", NULL};

double schedule_count_units(const struct schedule_time *at, double unit)
{
    return floor(unit != 0 ? at->step : at->step / (double)at->steps_per_epoch);
}

static struct schedule_time schedule_find_time(const struct schedule_ops *ops, const struct arg_values *args,
                                               const struct schedule_point *at)
{
    double step = (double)at->step, total = (double)at->total_steps, warmup_epochs = args->of[0];
    double warmup =
        warmup_epochs > 0 ? warmup_epochs * (double)at->steps_per_epoch : ops->warmup_share * total;
    if (warmup > total) warmup = total;
    if (ops->warmup_share == 0) warmup = floor(warmup);
    if (step + 1 > warmup) return (struct schedule_time){step - warmup, total - warmup, at->steps_per_epoch};
    return (struct schedule_time){step, warmup, at->steps_per_epoch, .warming = true};
}

double schedule_rate(const struct schedule_ops *ops, const struct arg_values *args,
                     const struct schedule_state *state, double base_lr, const struct schedule_point *at)
{
    struct schedule_time time = schedule_find_time(ops, args, at);
    if (!time.warming) return ops->rate(args, state, base_lr, &time);
    return ops->warmup ? ops->warmup(args, base_lr, &time) : base_lr * (time.step + 1) / time.steps;
}

bool schedule_cycles_momentum(const struct schedule_ops *ops, const struct arg_values *args)
{
    return ops->momentum && args->of[ops->cycle_arg] != 0;
}

double schedule_momentum(const struct schedule_ops *ops, const struct arg_values *args,
                         const struct schedule_point *at)
{
    struct schedule_time time = schedule_find_time(ops, args, at);
    return ops->momentum(args, &time);
}

void schedule_observe(const struct schedule_ops *ops, const struct arg_values *args,
                      struct schedule_state *state, double metric, bool higher_is_better)
{
    if (!ops->observe) return;
    double after = (double)++state->epochs - args->of[0];
    if (after > 0) ops->observe(args, state, after <= 1, metric, higher_is_better);
}
