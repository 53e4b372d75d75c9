/* transpose.h - transposes and weaves blocks of words in registers. */
#ifndef MATH_VEC_TRANSPOSE_H
#define MATH_VEC_TRANSPOSE_H

#include "math/vec/vec.h"

/* Interleave the lower, and the upper halves of two rows. */
#if VW == 16
#define VEC_LOW  0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define VEC_HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#elif VW == 8
#define VEC_LOW  0, 8, 1, 9, 2, 10, 3, 11
#define VEC_HIGH 4, 12, 5, 13, 6, 14, 7, 15
#else
#define VEC_LOW  0, 4, 1, 5
#define VEC_HIGH 2, 6, 3, 7
#endif
#ifdef __clang__
#define vec_interleave(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define vec_interleave(a, b, ...) __builtin_shuffle(a, b, (veci){__VA_ARGS__})
#endif

/* Weaves `rows` vectors, a power of two that the compiler knows: word i of row r becomes word i * rows + r of all
 * of them, in log2(rows) rounds, each of which interleaves row i with row i + rows / 2. */
VEC_INLINE void vec_weave(int rows, vecu *block)
{
    VEC_UNROLL
    for (int round = 1; round < rows; round *= 2) {
        vecu woven[VW];
        VEC_UNROLL
        for (int i = 0; i < rows / 2; i++) {
            woven[2 * i] = vec_interleave(block[i], block[i + rows / 2], VEC_LOW);
            woven[2 * i + 1] = vec_interleave(block[i], block[i + rows / 2], VEC_HIGH);
        }
        VEC_EACH (i, rows) block[i] = woven[i];
    }
}

/* Transposes VW rows of VW words. */
VEC_INLINE void vec_transpose_block(vecu block[VW])
{
    vec_weave(VW, block);
}

/* block[j][i] = from[i][j] for i, j < VW, rows of any alignment. */
VEC_INLINE void vec_load_transposed(const float *from, int64_t from_row, vecu block[VW])
{
#if VW == 8
    /* Rows i and i + 4 side by side: so no round crosses the halves of a register, which takes an
     * instruction more. */
    typedef float half __attribute__((vector_size(16), may_alias, aligned(4)));
    VEC_UNROLL
    for (int j = 0; j < VW; j += 4) {
        __m256 row[4], turned[4];
        VEC_EACH (i, 4)
            row[i] = _mm256_insertf128_ps(
                _mm256_castps128_ps256((__m128) * (const half *)(from + i * from_row + j)),
                (__m128) * (const half *)(from + (i + 4) * from_row + j), 1);
        VEC_EACH (i, 2) {
            turned[i] = _mm256_unpacklo_ps(row[i], row[i + 2]);
            turned[i + 2] = _mm256_unpackhi_ps(row[i], row[i + 2]);
        }
        VEC_UNROLL
        for (int i = 0; i < 4; i += 2) {
            block[j + i] = (vecu)_mm256_unpacklo_ps(turned[i], turned[i + 1]);
            block[j + i + 1] = (vecu)_mm256_unpackhi_ps(turned[i], turned[i + 1]);
        }
    }
#else
    VEC_EACH (i, VW) block[i] = (vecu)vec_load_any(from + i * from_row);
    vec_transpose_block(block);
#endif
}

/* to[j][i] = from[i][j] for i, j < VW; rows of `from` from `rows` on count as zeros. */
VEC_INLINE void vec_transpose(const float *from, int64_t from_row, int64_t rows, float *to, int64_t to_row)
{
    vecu block[VW];
    for (int i = 0; i < VW; i++) block[i] = i < rows ? (vecu)vec_load(from + i * from_row) : (vecu){0};
    vec_transpose_block(block);
    VEC_EACH (i, VW) vec_store(to + i * to_row, (vec)block[i]);
}

/* The same; most often there are VW rows, for which it is faster. */
VEC_INLINE void vec_transpose_rows(const float *from, int64_t from_row, int64_t rows, float *to,
                                   int64_t to_row)
{
    if (rows >= VW)
        vec_transpose(from, from_row, VW, to, to_row);
    else
        vec_transpose(from, from_row, rows, to, to_row);
}

/* to[j][i] = from[i][j] for i, j < 16; rows of `from` from `rows` on count as zeros. */
VEC_INLINE void vec_transpose16(const float *from, int64_t from_row, int64_t rows, float *to, int64_t to_row)
{
    for (int64_t i = 0; i < 16; i += VW)
        for (int64_t j = 0; j < 16; j += VW)
            vec_transpose_rows(from + i * from_row + j, from_row, rows - i, to + j * to_row + i, to_row);
}

/* to[j][i] = from[i][j] for i < `filled` and j < `columns`, all at most VW; elements of `from` from row
 * `rows` on count as zeros. Touches nothing else, and rows may have any alignment. */
VEC_INLINE void vec_transpose_part(const float *from, int64_t from_row, int64_t rows, int64_t columns,
                                   float *to, int64_t to_row, int64_t filled)
{
    vecu block[VW];
    for (int i = 0; i < VW; i++)
        block[i] = i < rows ? (vecu)vec_load_part(from + i * from_row, columns) : (vecu){0};
    vec_transpose_block(block);
    for (int i = 0; i < VW && i < columns; i++) {
        if (filled == VW)
            vec_store_any(to + i * to_row, (vec)block[i]);
        else
            vec_store_part(to + i * to_row, filled, (vec)block[i]);
    }
}

/* The sums of the 16 elements of each of VW rows, rows from `rows` on counting as zeros: halves are added
 * onto halves, in the order of vec_sum16, while two rows are interleaved into one. */
VEC_INLINE vec vec_sum16_rows(const float *from, int64_t rows)
{
    vec sum[VW];
    VEC_EACH (i, VW) {
        vec part[VEC_PARTS];
        VEC_EACH (p, VEC_PARTS) part[p] = i < rows ? vec_load(from + i * 16 + p * VW) : (vec){0};
        VEC_UNROLL
        for (int half = VEC_PARTS / 2; half; half /= 2)
            VEC_EACH (p, half) part[p] += part[p + half];
        sum[i] = part[0];
    }
    VEC_UNROLL
    for (int half = VW / 2; half; half /= 2)
        VEC_EACH (i, half)
            sum[i] = vec_interleave(sum[i], sum[i + half], VEC_LOW) +
                     vec_interleave(sum[i], sum[i + half], VEC_HIGH);
    return sum[0];
}

#endif
