/* survey.h - one pass over a source: what its labels are, and the moments and range of each channel. */
#ifndef DATA_INSPECT_SURVEY_H
#define DATA_INSPECT_SURVEY_H

#include "data/inspect/tally.h"
#include "data/source/source.h"

struct survey {
    struct tally tally;
    float *mean, *std, *min, *max; /* [C]: of the values that are there; NaN and infinities where none is */
    int64_t *missing;              /* [C]: NaN and fill values, of a source that marks them (source.h) */
    int64_t first_missing;         /* number of the first sample with any, in its file; -1 = none */
};

/* Reads the whole source. */
enum status survey_init(struct source *source, struct survey *out);
void survey_free(struct survey *s);

#endif
