/* clip.h - a model whose outputs are limited (train.clip_logits), as torch.nn.Hardtanh: the
 * gradient is 0 at the bound. Local functions. */
#ifndef NN_CLIP_H
#define NN_CLIP_H

#include <stdint.h>

/* y = x limited to -bound .. bound; NaN stays NaN. */
void clip_forward(int64_t count, float bound, const float *x, float *y);

/* Sets dy to 0 where y is at the bound. */
void clip_backward(int64_t count, float bound, const float *y, float *dy);

#endif
