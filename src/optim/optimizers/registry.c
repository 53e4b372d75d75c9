/* registry.c - the table of all optimizers, and the start of a step. */
#include "optim/optim.h"

#include <string.h>

#define OPTIM(name) extern const struct optim_ops optim_##name;
#include "optim/optimizers/list.h"
#undef OPTIM

#define OPTIM(name) &optim_##name,
static const struct optim_ops *const registry[] = {
#include "optim/optimizers/list.h"
    NULL};
#undef OPTIM

const struct optim_ops *const *optim_registry(void)
{
    return registry;
}

const struct optim_ops *optim_find(const char *name)
{
    for (int i = 0; registry[i]; i++)
        if (strcmp(registry[i]->name, name) == 0) return registry[i];
    return NULL;
}

struct optim_step optim_begin(const struct kernels *kernels, const struct optim_ops *ops, const double *args,
                              double lr, int64_t step, double weight)
{
    struct optim_step s = {.ops = ops,
                           .kernels = kernels,
                           .args = args,
                           .lr = lr,
                           .step = step,
                           .grad_scale = (float)(1 / weight)};
    if (ops->derive) ops->derive(&s);
    return s;
}
