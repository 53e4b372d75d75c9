/* multiply_adds.c - as many multiply-adds as the processor can do: in registers, in enough chains that none waits
 * for the one before. */
#include "math/vec/vec.h"

#define CHAINS (VEC_REGISTERS == 32 ? 24 : 12)

float LEVEL(multiply_adds)(int64_t count, float factor)
{
    vec sum[CHAINS], factors = vec_all(factor), step = vec_all(1.0f - factor);
    VEC_EACH (i, CHAINS) sum[i] = vec_all((float)i);
    for (int64_t turn = 0; turn < count / (CHAINS * VW); turn++) {
        VEC_EACH (i, CHAINS) sum[i] = sum[i] * factors + step;
    }
    vec all = {0};
    for (int i = 0; i < CHAINS; i++) all += sum[i];
    return all[0];
}
