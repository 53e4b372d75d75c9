/* vec_math_probe.h - the functions of src/math/vec/math.h over arrays, once for every level
 * (vec_math_probe.c). */
#ifndef VEC_MATH_PROBE_H
#define VEC_MATH_PROBE_H

#include <stdint.h>

/* count: a multiple of 16. */
typedef void vec_math_function(int64_t count, const float *x, float *y);

enum { PROBE_EXP, PROBE_EXPM1, PROBE_LOG, PROBE_LOG1P, PROBE_SIGMOID, PROBE_TANH, PROBES };

#endif
