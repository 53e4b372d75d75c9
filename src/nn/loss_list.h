/* loss_list.h - every loss: LOSS(x) stands for `loss_x` in src/nn/loss_x.c. A new one is its file and its
 * line here. No include guard: loss_registry.c reads the list twice. */
/* clang-format off */
LOSS(cross_entropy)
