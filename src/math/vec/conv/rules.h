/* rules.h - which way each product of a convolution takes. */
#ifndef MATH_VEC_CONV_RULES_H
#define MATH_VEC_CONV_RULES_H

#include "math/vec/conv/conv.h"

const struct conv_way *LEVEL(rules_choose)(const struct window *c, enum conv_product product);

#endif
