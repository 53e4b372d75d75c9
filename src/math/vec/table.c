/* table.c - the table of one level. */
#include "math/vec/vec.h"

#define LEVEL_TEXT_(x) #x
#define LEVEL_TEXT(x)  LEVEL_TEXT_(x)

#define TABLE(name, way)                                                                                     \
    extern const struct kernels LEVEL(name);                                                                 \
    const struct kernels LEVEL(name) = {                                                                     \
        .level = LEVEL_TEXT(KERNEL_LEVEL), .number = VEC_JOIN(KERNELS, KERNEL_LEVEL), .products = way,
#define KERNEL(type, name, parameters) .name = LEVEL(name),
/* clang-format off */
TABLE(kernels, PRODUCTS_AUTO)
#include "math/kernel_list.h"
};
TABLE(kernels_blas, PRODUCTS_BLAS)
#include "math/kernel_list.h"
};
TABLE(kernels_bf16, PRODUCTS_BF16)
#include "math/kernel_list.h"
};
