#include "ddp/metric.h"

#include <string.h>

#define METRIC(name) extern const struct metric_ops metric_##name;
#include "nn/metric_list.h"
#undef METRIC

#define METRIC(name) &metric_##name,
static const struct metric_ops *const registry[] = {
#include "nn/metric_list.h"
    NULL};
#undef METRIC

const struct metric_ops *const *metric_registry(void)
{
    return registry;
}

const struct metric_ops *metric_find(const char *name)
{
    for (int i = 0; registry[i]; i++)
        if (strcmp(registry[i]->name, name) == 0) return registry[i];
    return NULL;
}

double metric_macro(const int64_t *confusion, int64_t classes, double (*score)(const struct metric_class *c))
{
    double sum = 0;
    int64_t present = 0;
    for (int64_t k = 0; k < classes; k++) {
        struct metric_class c = {.hits = confusion[k * classes + k]};
        for (int64_t i = 0; i < classes; i++) {
            c.labelled += confusion[k * classes + i];
            c.predicted += confusion[i * classes + k];
        }
        if (c.labelled + c.predicted == 0) continue;
        present++;
        sum += score(&c);
    }
    return present ? sum / (double)present : 0;
}
