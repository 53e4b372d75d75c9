/* product.c - the register tiles of product.h: those of tile.c for columns side by side, which spend nothing on where
 * a column lies or whether it is whole. With few channels that takes a quarter of the time. */
#include "math/vec/conv/winograd/product.h"

VEC_INLINE void winograd_tile(const int M, const int J, const struct winograd_product *p, int64_t row,
                              const float *b, float *result)
{
    vec sum[TILE_MAX_M][TILE_MAX_J], weight[TILE_MAX_M], column[TILE_MAX_J];
    int64_t rows = p->rows - row;
    const float *a = p->a + row * p->terms;
    VEC_EACH (m, M)
        VEC_EACH (j, J) sum[m][j] = vec_all(p->bias && m < rows ? p->bias[row + m] : 0);
    for (int64_t s = 0; s < p->terms; s++, a += M, b += p->b_row) {
        if (J > M) { /* the shorter side of the tile waits in registers */
            VEC_EACH (m, M) weight[m] = vec_all(a[m]);
            VEC_EACH (j, J) {
                column[0] = vec_load(b + j * VW);
                VEC_EACH (m, M) sum[m][j] += weight[m] * column[0];
            }
        } else {
            VEC_EACH (j, J) column[j] = vec_load(b + j * VW);
            VEC_EACH (m, M) {
                weight[0] = vec_all(a[m]);
                VEC_EACH (j, J) sum[m][j] += weight[0] * column[j];
            }
        }
    }
    VEC_EACH (m, M) {
        if (m >= rows) break;
        VEC_EACH (j, J) vec_store(result + (row + m) * p->result_row + j * VW, sum[m][j]);
    }
}

/* A function for each tile, which takes all rows: see tile.c. */
typedef void winograd_function(const struct winograd_product *p, const float *b, float *result);

#define WINOGRAD_FUNCTION(M, J)                                                                              \
    static void winograd_rows_##M##_##J(const struct winograd_product *p, const float *b, float *result)     \
    {                                                                                                        \
        for (int64_t row = 0; row < p->rows; row += M) winograd_tile(M, J, p, row, b, result);               \
    }
TILE_SHAPES(WINOGRAD_FUNCTION)
TILE_PIECES(WINOGRAD_FUNCTION)

#define WINOGRAD_ENTRY(M, J) [M][J] = winograd_rows_##M##_##J,
static winograd_function *const winograd_tiles[TILE_MAX_M + 1][TILE_MAX_J + 1] = {
    TILE_SHAPES(WINOGRAD_ENTRY) TILE_PIECES(WINOGRAD_ENTRY)};

/* The next tile's registers where `left` are left: 4 are two times 2, because a tile of one register would wait for its
 * sums. */
static int64_t winograd_next_registers(struct tile_shape shape, int64_t left)
{
    int64_t next = shape.j == 3 && left == 4 ? 2 : left < shape.j ? left : shape.j;
    while (!winograd_tiles[shape.m][next]) next--;
    return next;
}

void LEVEL(winograd_multiply_point)(struct tile_shape shape, const struct winograd_product *p)
{
    for (int64_t j = 0, done; j < p->registers; j += done) {
        done = winograd_next_registers(shape, p->registers - j);
        winograd_tiles[shape.m][done](p, p->b + j * VW, p->result + j * VW);
    }
}
