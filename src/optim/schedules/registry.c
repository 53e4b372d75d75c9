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

double schedule_rate(const struct schedule_ops *ops, const struct arg_values *args,
                     const struct schedule_state *state, double base_lr, const struct schedule_point *at)
{
    double step = (double)at->step, total = (double)at->total_steps, warmup_epochs = args->of[0];
    double warmup =
        warmup_epochs > 0 ? warmup_epochs * (double)at->steps_per_epoch : ops->warmup_share * total;
    if (warmup > total) warmup = total;
    if (!ops->warmup) warmup = floor(warmup);
    if (step + 1 > warmup) {
        struct schedule_time after = {step - warmup, total - warmup, at->steps_per_epoch};
        return ops->rate(args, state, base_lr, &after);
    }
    return ops->warmup ? ops->warmup(base_lr, step, warmup) : base_lr * (step + 1) / warmup;
}

void schedule_observe(const struct schedule_ops *ops, const struct arg_values *args,
                      struct schedule_state *state, double metric, bool higher_is_better)
{
    if (!ops->observe) return;
    double after = (double)++state->epochs - args->of[0];
    if (after > 0) ops->observe(args, state, after <= 1, metric, higher_is_better);
}
