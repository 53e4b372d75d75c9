/* blas.c - the only file that calls OpenBLAS. */
#include "math/blas.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>
#include <string.h>

void blas_start(void)
{
    openblas_set_num_threads(1);
}

const char *blas_core(void)
{
    return openblas_get_corename();
}

const char *blas_build(void)
{
    return openblas_get_config();
}

const char *blas_better_core(void)
{
#if defined(__x86_64__)
    if (strcmp(openblas_get_corename(), "Prescott") != 0) return NULL;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return "SkylakeX";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
    return NULL;
}

void blas_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float *a,
               const float *b, float beta, float *c)
{
    assert(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX);
    cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n, (blasint)k, 1.0f, a,
                (blasint)(transpose_a ? m : k), b, (blasint)(transpose_b ? k : n), beta, c, (blasint)n);
}
