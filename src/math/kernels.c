/* kernels.c - which level of the kernels a run takes. */
#include "math/kernels.h"

#include <string.h>

#define LEVEL_TABLE(level, prefix) extern const struct kernels prefix##level;
KERNELS_EACH_LEVEL(LEVEL_TABLE, kernels_)
KERNELS_EACH_LEVEL(LEVEL_TABLE, kernels_blas_)
#undef LEVEL_TABLE

#define LEVEL_TABLE(level, prefix) &prefix##level,
static const struct kernels *const levels[KERNELS_LEVELS] = {KERNELS_EACH_LEVEL(LEVEL_TABLE, kernels_)};
static const struct kernels *const blas_levels[KERNELS_LEVELS] = {
    KERNELS_EACH_LEVEL(LEVEL_TABLE, kernels_blas_)};
#undef LEVEL_TABLE

/* Returns whether the CPU has the features that stand for a level. */
static bool kernels_fit_cpu(const char *level)
{
#if defined(__x86_64__)
    if (strcmp(level, "v4") == 0)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    if (strcmp(level, "v3") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi2");
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("ssse3");
#else
    return strcmp(level, "base") == 0;
#endif
}

enum status kernels_select(const struct kernels **out, const char *level)
{
    *out = NULL;
    bool any = strcmp(level, "auto") == 0;
    for (int i = KERNELS_LEVELS - 1; i >= 0; i--) {
        if (!any && strcmp(level, levels[i]->level) != 0) continue;
        if (kernels_fit_cpu(levels[i]->level)) {
            *out = levels[i];
            return STATUS_OK;
        }
        if (!any)
            return status_fail(STATUS_CONFIG, "run.isa: this CPU does not have the level %s; use auto",
                               level);
    }
    return status_fail(STATUS_CONFIG, "run.isa: '%s' is no level of this build; use auto", level);
}

const struct kernels *kernels_with_products(const struct kernels *k, enum products products)
{
    return products == PRODUCTS_BLAS ? blas_levels[k->number] : levels[k->number];
}
