#include "ddp/schedule.h"

#include <math.h>
#include <string.h>

#define SCHEDULE(name) extern const struct schedule_ops schedule_##name;
#include "optim/schedule_list.h"
#undef SCHEDULE

#define SCHEDULE(name) &schedule_##name,
static const struct schedule_ops *const registry[] = {
#include "optim/schedule_list.h"
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

double schedule_rate(const struct schedule_ops *ops, const double *args, double base_lr,
                     const struct schedule_point *at)
{
    double step = (double)at->step, total = (double)at->total_steps;
    double warmup = args[0] > 0 ? args[0] * (double)at->steps_per_epoch : ops->warmup_share * total;
    if (warmup > total) warmup = total;
    if (!ops->warmup) warmup = floor(warmup);
    if (step + 1 > warmup)
        return ops->rate(args, base_lr, step - warmup, total - warmup, at->steps_per_epoch);
    return ops->warmup ? ops->warmup(args, base_lr, step, warmup) : base_lr * (step + 1) / warmup;
}
