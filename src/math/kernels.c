#include "math/kernels.h"

#include <stdbool.h>
#include <string.h>

const struct kernels *kernels;

#if defined(__x86_64__)
extern const struct kernels kernels_v2, kernels_v3, kernels_v4;

/* Best first. */
static const struct kernels *const levels[] = {&kernels_v4, &kernels_v3, &kernels_v2};

/* The features that stand for a level. */
static bool cpu_has(const struct kernels *k)
{
    if (k == &kernels_v4)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
    if (k == &kernels_v3)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
               __builtin_cpu_supports("bmi2");
    return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("ssse3");
}
#else
extern const struct kernels kernels_base;
static const struct kernels *const levels[] = {&kernels_base};

static bool cpu_has(const struct kernels *k)
{
    return k == &kernels_base;
}
#endif

enum status kernels_select(const char *level)
{
    bool any = strcmp(level, "auto") == 0;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (!any && strcmp(level, levels[i]->level) != 0) continue;
        if (cpu_has(levels[i])) {
            kernels = levels[i];
            return STATUS_OK;
        }
        if (!any)
            return status_fail(STATUS_CONFIG, "run.isa: this CPU does not have the level %s; use auto",
                               level);
    }
    return status_fail(STATUS_CONFIG, "run.isa: '%s' is no level of this build; use auto", level);
}
