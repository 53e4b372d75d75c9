/* schedule_list.h - every schedule: SCHEDULE(x) stands for `schedule_x` in src/optim/schedule_x.c. A new one is
 * its file and its line here. No include guard: schedule_registry.c reads the list twice. */
/* clang-format off */
SCHEDULE(constant)
SCHEDULE(step)
SCHEDULE(multi_step)
SCHEDULE(exponential)
SCHEDULE(linear)
SCHEDULE(polynomial)
SCHEDULE(cosine)
SCHEDULE(onecycle)
SCHEDULE(reduce_on_plateau)
