/* table.c - the table of one level. */
#include "math/vec/vec.h"

#define LEVEL_TEXT_(x) #x
#define LEVEL_TEXT(x)  LEVEL_TEXT_(x)

extern const struct kernels LEVEL(kernels);
const struct kernels LEVEL(kernels) = {
    .level = LEVEL_TEXT(KERNEL_LEVEL),
    .conv_forward = LEVEL(conv_forward),
    .conv_backward_data = LEVEL(conv_backward_data),
    .conv_backward_weight = LEVEL(conv_backward_weight),
    .conv_scratch_floats = LEVEL(conv_scratch_floats),
    .linear_forward = LEVEL(linear_forward),
    .linear_backward_data = LEVEL(linear_backward_data),
    .linear_backward_weight = LEVEL(linear_backward_weight),
    .linear_scratch_floats = LEVEL(linear_scratch_floats),
    .maxpool_forward = LEVEL(maxpool_forward),
    .maxpool_backward = LEVEL(maxpool_backward),
    .avgpool_forward = LEVEL(avgpool_forward),
    .avgpool_backward = LEVEL(avgpool_backward),
    .relu_forward = LEVEL(relu_forward),
    .relu_backward = LEVEL(relu_backward),
    .activation_forward = LEVEL(activation_forward),
    .activation_backward = LEVEL(activation_backward),
    .softmax_forward = LEVEL(softmax_forward),
    .softmax_backward = LEVEL(softmax_backward),
    .log_softmax_forward = LEVEL(log_softmax_forward),
    .log_softmax_backward = LEVEL(log_softmax_backward),
    .sum_rows = LEVEL(sum_rows),
    .within = LEVEL(within),
    .add = LEVEL(add),
    .dropout_forward = LEVEL(dropout_forward),
    .dropout_backward = LEVEL(dropout_backward),
    .softmax = LEVEL(softmax),
    .softmax_target = LEVEL(softmax_target),
    .loss_terms = LEVEL(loss_terms),
    .gather_u8 = LEVEL(gather_u8),
    .gather_f32 = LEVEL(gather_f32),
};
