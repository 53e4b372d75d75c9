/* kind.h - what the sources have in common whose samples are drawn: NAME:SPLIT or NAME:SPLIT:SIDE. */
#ifndef DATA_SOURCE_GENERATED_KIND_H
#define DATA_SOURCE_GENERATED_KIND_H

#include "data/source/ops.h"

struct drawn_kind {
    int64_t train, test; /* samples; those of the test set are numbered after the others */
    int64_t side, side_min, side_max, side_step; /* the default, limits, and what a side is a multiple of */
    struct shape (*shape)(int64_t side);
    enum feature_type type;
    bool integers; /* labels are class indices, else real numbers */
    int (*label_dims)(int64_t side, int64_t dims[1 + SHAPE_AXES]); /* returns their rank; NULL: 0 */
    int64_t names;
    const char *const *(*label_names)(void); /* [names] */

    /* labels: int32_t or float, as many as label_dims says. */
    void (*draw)(int64_t side, uint64_t sample, void *features, void *labels);
};

/* The functions of a source_ops. */
enum status drawn_open(struct source *s, const char *rest, const struct drawn_kind *kind);
enum status drawn_read(struct source *s, struct range part, const struct source_rows *rows);
void drawn_close(struct source *s);

#endif
