/* list.h - every schedule: SCHEDULE(x) stands for `schedule_x` in a file x.c below src/optim/schedules. A new
 * one is its file and its line here. No include guard: registry.c reads the list twice. */
/* clang-format off */
SCHEDULE(constant)
SCHEDULE(step)
SCHEDULE(multi_step)
SCHEDULE(exponential)
SCHEDULE(linear)
SCHEDULE(polynomial)
SCHEDULE(cosine)
SCHEDULE(cosine_restarts)
SCHEDULE(cyclic)
SCHEDULE(onecycle)
SCHEDULE(reduce_on_plateau)
