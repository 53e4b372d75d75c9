/* blas.h - the BLAS door: one matrix product, row-major, one thread. The library is OpenBLAS unless the build was
 * given another one (BLA_VENDOR of CMake).
 *
 * A product of a fixed shape gives the same bits wherever it is computed on machines of one CPU type;
 * OpenBLAS chooses its kernels by CPU, so blas_core() is part of what a run reports. Local functions. */
#ifndef MATH_BLAS_H
#define MATH_BLAS_H

#include <stdbool.h>
#include <stdint.h>

/* Keeps OpenBLAS to one thread, whatever the environment says: one rank uses one core. */
void blas_start(void);

/* The name of the CPU kernels OpenBLAS chose, such as "SkylakeX". */
const char *blas_core(void);

/* Version and build options of OpenBLAS, the core among them. */
const char *blas_build(void);

/* OpenBLAS falls back to kernels of 2004 on a CPU it does not know, which costs a factor of four. Then this
 * is the name of the kernels that fit, for the environment variable OPENBLAS_CORETYPE, which OpenBLAS reads
 * only when a process starts; otherwise NULL. */
const char *blas_better_core(void);

/* C[m][n] = op(A) * op(B) + beta * C, where op transposes if asked; row-major, the rows of each matrix `..._row`
 * floats apart: A is [m][k] (transposed: [k][m]), B is [k][n] (transposed: [n][k]). Sizes below 2^31. */
struct blas_product {
    bool transpose_a, transpose_b;
    int64_t m, n, k;
    const float *a, *b;
    int64_t a_row, b_row;
    float beta;
    float *c;
    int64_t c_row;
};
void blas_multiply(const struct blas_product *p);

/* The same of contiguous matrices. */
void blas_gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float *a,
               const float *b, float beta, float *c);

#endif
