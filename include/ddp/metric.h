/* metric.h - scores as functions of integer counts, so that they are the same at any rank count.
 *
 * The evaluation fills one confusion matrix over all samples; a metric reads it and nothing else. Averages
 * are macro averages over the classes that occur (as a label or as a prediction), a class without a
 * denominator scores 0: sklearn.metrics with average='macro', zero_division=0. Local functions. */
#ifndef DDP_METRIC_H
#define DDP_METRIC_H

#include <stdint.h>

#define METRIC_MAX 16

struct metric_ops {
    const char *name;
    const char *help;
    /* confusion [K][K], rows are true classes, columns predicted ones. Returns 0 for an empty matrix. */
    double (*value)(const int64_t *confusion, int64_t classes);
};

const struct metric_ops *const *metric_registry(void);
const struct metric_ops *metric_find(const char *name);

/* The counts of one class, and how the macro metrics average over classes. */
struct metric_class {
    int64_t hits, labelled, predicted;
};
double metric_macro(const int64_t *confusion, int64_t classes, double (*score)(const struct metric_class *c));

#endif
