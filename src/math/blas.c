/* blas.c - the only file that calls BLAS: OpenBLAS, or another one that the build was given (DDP_BLAS_VENDOR). */
#include "math/blas.h"

#include <assert.h>
#include <cblas.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#ifdef DDP_BLAS_VENDOR

/* Most libraries look there when they are called for the first time. */
void blas_start(void)
{
    static const char *const threads[] = {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS",
                                          "OPENBLAS_NUM_THREADS"};
    for (size_t i = 0; i < sizeof threads / sizeof threads[0]; i++) setenv(threads[i], "1", 1);
}

const char *blas_core(void)
{
    return DDP_BLAS_VENDOR;
}

const char *blas_build(void)
{
    return DDP_BLAS_VENDOR;
}

const char *blas_better_core(void)
{
    return NULL;
}

#else

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

#endif

void blas_multiply(const struct blas_product *p)
{
    assert(p->m <= INT_MAX && p->n <= INT_MAX && p->k <= INT_MAX);
    assert(p->a_row <= INT_MAX && p->b_row <= INT_MAX && p->c_row <= INT_MAX);
    cblas_sgemm(CblasRowMajor, p->transpose_a ? CblasTrans : CblasNoTrans,
                p->transpose_b ? CblasTrans : CblasNoTrans, (int)p->m, (int)p->n, (int)p->k, 1.0f, p->a,
                (int)p->a_row, p->b, (int)p->b_row, p->beta, p->c, (int)p->c_row);
}

void blas_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float *a,
               const float *b, float beta, float *c)
{
    blas_multiply(&(struct blas_product){.transpose_a = transpose_a,
                                         .transpose_b = transpose_b,
                                         .m = m,
                                         .n = n,
                                         .k = k,
                                         .a = a,
                                         .b = b,
                                         .a_row = transpose_a ? m : k,
                                         .b_row = transpose_b ? k : n,
                                         .beta = beta,
                                         .c = c,
                                         .c_row = n});
}
