/* table.c - the table of one level. */
#include "math/vec/vec.h"

#define LEVEL_TEXT_(x) #x
#define LEVEL_TEXT(x)  LEVEL_TEXT_(x)

extern const struct kernels LEVEL(kernels);
const struct kernels LEVEL(kernels) = {
    .level = LEVEL_TEXT(KERNEL_LEVEL),
    .number = VEC_JOIN(KERNELS, KERNEL_LEVEL),
#define KERNEL(type, name, parameters) .name = LEVEL(name),
#include "math/kernel_list.h"
#undef KERNEL
};
