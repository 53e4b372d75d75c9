/* metric_list.h - every metric: METRIC(x) stands for `metric_x` in src/nn/metric_x.c. A new one is its file and
 * its line here. No include guard: metric_registry.c reads the list twice. */
/* clang-format off */
METRIC(accuracy)
METRIC(precision)
METRIC(recall)
METRIC(f1)
