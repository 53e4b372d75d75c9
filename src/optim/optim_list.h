/* optim_list.h - every optimizer: OPTIM(x) stands for `optim_x` in src/optim/optim_x.c. A new one is its file and
 * its line here. No include guard: optim_registry.c reads the list twice. */
/* clang-format off */
OPTIM(sgd)
OPTIM(adam)
OPTIM(adamw)
OPTIM(amsgrad)
OPTIM(rmsprop)
OPTIM(adagrad)
OPTIM(lars)
OPTIM(lamb)
