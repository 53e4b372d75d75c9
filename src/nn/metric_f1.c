#include "ddp/metric.h"

static double score(const struct metric_class *c)
{
    return 2 * (double)c->hits / (double)(c->labelled + c->predicted);
}

static double value(const int64_t *confusion, int64_t classes)
{
    return metric_macro(confusion, classes, score);
}

extern const struct metric_ops metric_f1;
const struct metric_ops metric_f1 = {"f1", "2 hits / (labels + predictions) of a class, macro average",
                                     value};
