#include "nn/metric_table.h"

struct metric_table metric_table(const struct scores *s)
{
    int64_t classes;
    const int64_t *confusion = scores_confusion(s, &classes);
    struct metric_table t = {.samples = scores_samples(s), .hits = scores_correct(s)};
    for (int64_t k = 0; k < classes; k++) {
        metric_wide labelled = 0, predicted = 0;
        for (int64_t i = 0; i < classes; i++) {
            labelled += confusion[k * classes + i];
            predicted += confusion[i * classes + k];
        }
        t.chance += labelled * predicted;
        t.labelled_squares += labelled * labelled;
        t.predicted_squares += predicted * predicted;
    }
    return t;
}
