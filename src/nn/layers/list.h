/* list.h - every kind of layer: LAYER(x) stands for `layer_x` in a file x.c below src/nn/layers. A new kind is its
 * file and its line here. No include guard: registry.c reads the list twice. */
/* clang-format off */
LAYER(conv2d)
LAYER(linear)
LAYER(relu)
LAYER(leaky_relu)
LAYER(elu)
LAYER(gelu)
LAYER(silu)
LAYER(softplus)
LAYER(sigmoid)
LAYER(tanh)
LAYER(hardtanh)
LAYER(softmax)
LAYER(log_softmax)
LAYER(maxpool2d)
LAYER(avgpool2d)
LAYER(dropout)
