/* list.h - every loss: LOSS(x) stands for `loss_x` in a file x.c below src/nn/losses. A new one is its
 * file and its line here. No include guard: registry.c reads the list twice. */
/* clang-format off */
LOSS(cross_entropy)
LOSS(nll)
LOSS(bce_with_logits)
LOSS(bce)
LOSS(dice)
LOSS(focal)
LOSS(multi_margin)
LOSS(hinge)
LOSS(soft_margin)
LOSS(mse)
LOSS(l1)
LOSS(smooth_l1)
LOSS(huber)
LOSS(poisson_nll)
LOSS(kl_div)
