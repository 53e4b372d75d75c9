/* survey.h - one pass over a source: what its labels are, and the moments and range of each channel. */
#ifndef DATA_SOURCE_SURVEY_H
#define DATA_SOURCE_SURVEY_H

#include "data/source/tally.h"
#include "data/source/source.h"

struct survey {
    struct tally tally;
    float *mean, *std, *min, *max; /* [C] */
};

/* `out` is zeroed before; survey_free releases it after success and after failure. */
enum status survey_make(struct source *source, struct survey *out);
void survey_free(struct survey *s);

#endif
