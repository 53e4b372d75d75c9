#include "ddp/metric.h"

static double score(const struct metric_class *c)
{
    return c->labelled ? (double)c->hits / (double)c->labelled : 0;
}

static double value(const int64_t *confusion, int64_t classes)
{
    return metric_macro(confusion, classes, score);
}

extern const struct metric_ops metric_recall;
const struct metric_ops metric_recall = {"recall", "hits / labels of a class, macro average", value};
