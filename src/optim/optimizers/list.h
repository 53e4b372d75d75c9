/* list.h - every optimizer: OPTIM(x) stands for `optim_x` in a file x.c below src/optim/optimizers. A new one
 * is its file and its line here. No include guard: registry.c reads the list twice. */
/* clang-format off */
OPTIM(sgd)
OPTIM(adam)
OPTIM(adamw)
OPTIM(amsgrad)
OPTIM(radam)
OPTIM(nadam)
OPTIM(rmsprop)
OPTIM(adagrad)
OPTIM(adadelta)
OPTIM(lars)
OPTIM(lamb)
