#include "ddp/metric.h"

static double value(const int64_t *confusion, int64_t classes)
{
    int64_t hits = 0, all = 0;
    for (int64_t i = 0; i < classes * classes; i++) all += confusion[i];
    for (int64_t k = 0; k < classes; k++) hits += confusion[k * classes + k];
    return all ? (double)hits / (double)all : 0;
}

extern const struct metric_ops metric_accuracy;
const struct metric_ops metric_accuracy = {"accuracy", "correct predictions / samples", value};
