/* vec_math_probe.c - the functions of vec/math.h over arrays; compiled once per level, as the kernels are. */
#include "math/vec_math_probe.h"

#include "math/vec/math.h"

#define PROBE(name)                                                                                          \
    static void probe_##name(int64_t count, const float *x, float *y)                                        \
    {                                                                                                        \
        for (int64_t i = 0; i < count; i += VW) vec_store(y + i, vec_##name(vec_load(x + i)));               \
    }
PROBE(exp)
PROBE(expm1)
PROBE(log)
PROBE(log1p)
PROBE(sigmoid)
PROBE(tanh)

extern vec_math_function *const LEVEL(vec_math_probe)[PROBES];
vec_math_function *const LEVEL(vec_math_probe)[PROBES] = {
    [PROBE_EXP] = probe_exp,     [PROBE_EXPM1] = probe_expm1,     [PROBE_LOG] = probe_log,
    [PROBE_LOG1P] = probe_log1p, [PROBE_SIGMOID] = probe_sigmoid, [PROBE_TANH] = probe_tanh,
};
