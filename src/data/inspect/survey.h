/* survey.h - one pass over a source: what its labels are, and the moments and range of each channel. */
#ifndef DATA_INSPECT_SURVEY_H
#define DATA_INSPECT_SURVEY_H

#include "data/inspect/tally.h"
#include "data/source/source.h"

struct survey {
    struct tally tally;
    float *mean, *std, *min, *max; /* [C] */
};

/* Reads the whole source. */
enum status survey_init(struct source *source, struct survey *out);
void survey_free(struct survey *s);

#endif
