/* survey.h - one pass over a source: how many samples each class has, and the moments and range of each
 * channel. */
#ifndef DDP_DATA_SURVEY_H
#define DDP_DATA_SURVEY_H

#include "ddp/source.h"

struct survey {
    int64_t classes; /* class names or largest label + 1, whichever is more, at most SURVEY_CLASSES */
    int32_t largest_label;
    int64_t *counts;               /* [SURVEY_CLASSES] */
    float *mean, *std, *min, *max; /* [C] */
};

#define SURVEY_CLASSES 65536

/* `out` is zeroed before; survey_free releases it after success and after failure. */
enum status survey_make(struct source *source, struct survey *out);
void survey_free(struct survey *s);

#endif
