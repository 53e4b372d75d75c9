#include "ddp/metric.h"

static double score(const struct metric_class *c)
{
    return c->predicted ? (double)c->hits / (double)c->predicted : 0;
}

static double value(const int64_t *confusion, int64_t classes)
{
    return metric_macro(confusion, classes, score);
}

extern const struct metric_ops metric_precision;
const struct metric_ops metric_precision = {"precision", "hits / predictions of a class, macro average",
                                            value};
