/* kernels.c - which level of the kernels a run takes. */
#include "math/kernels.h"

#include <string.h>

#define LEVEL_TABLE(level, prefix) extern const struct kernels prefix##level;
KERNELS_EACH_LEVEL(LEVEL_TABLE, kernels_)
KERNELS_EACH_LEVEL(LEVEL_TABLE, kernels_blas_)
KERNELS_EACH_LEVEL(LEVEL_TABLE, kernels_bf16_)
#undef LEVEL_TABLE

#define LEVEL_TABLE(level, prefix) &prefix##level,
static const struct kernels *const levels[][KERNELS_LEVELS] = {
    [PRODUCTS_AUTO] = {KERNELS_EACH_LEVEL(LEVEL_TABLE, kernels_)},
    [PRODUCTS_BLAS] = {KERNELS_EACH_LEVEL(LEVEL_TABLE, kernels_blas_)},
    [PRODUCTS_BF16] = {KERNELS_EACH_LEVEL(LEVEL_TABLE, kernels_bf16_)},
};
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
        const struct kernels *k = levels[PRODUCTS_AUTO][i];
        if (!any && strcmp(level, k->level) != 0) continue;
        if (kernels_fit_cpu(k->level)) {
            *out = k;
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
    return levels[products][k->number];
}

bool kernels_have_bf16(const struct kernels *k)
{
    return strcmp(k->level, "v3") == 0 || strcmp(k->level, "v4") == 0;
}

bool kernels_hasten_bf16(const struct kernels *k)
{
#if defined(__x86_64__)
    return strcmp(k->level, "v4") == 0 && __builtin_cpu_supports("avx512bf16");
#else
    (void)k;
    return false;
#endif
}

enum status kernels_start(const struct kernels **out, const char *level, enum products products)
{
    TRY(kernels_select(out, level));
    if (products == PRODUCTS_BF16 && !kernels_have_bf16(*out))
        return status_fail(STATUS_CONFIG, "train.precision: bf16 takes the level v3 or v4 (run.isa), not %s",
                           (*out)->level);
    *out = kernels_with_products(*out, products);
    return STATUS_OK;
}
