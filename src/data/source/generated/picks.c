/* picks.c - picks:train and picks:test, recordings with probabilities of arrivals, drawn when they are read. */
#include "data/source/generated/kind.h"

#include "data/drawn/picks.h"

static struct shape picks_source_shape(int64_t side)
{
    return shape_of(PICKS_CHANNELS, 1, &side);
}

static int picks_source_labels(int64_t side, int64_t dims[1 + SHAPE_AXES])
{
    dims[0] = PICKS_CLASSES;
    dims[1] = side;
    return 2;
}

static void picks_source_draw(int64_t side, uint64_t sample, void *features, void *labels)
{
    picks_draw(side, sample, features, labels);
}

static enum status picks_source_open(struct source *s, const char *rest, const struct source_options *names)
{
    (void)names;
    static const struct drawn_kind kind = {
        .train = 8000,
        .test = 1000,
        .side = 3000,
        .side_min = PICKS_LENGTH_MIN,
        .side_max = PICKS_LENGTH_MAX,
        .side_step = 4,
        .shape = picks_source_shape,
        .type = FEATURE_F32,
        .integers = false,
        .label_dims = picks_source_labels,
        .names = PICKS_CLASSES,
        .label_names = picks_class_names,
        .draw = picks_source_draw,
    };
    return drawn_open(s, rest, &kind);
}

const struct source_ops source_picks = {
    .prefix = "picks:",
    .open = picks_source_open,
    .read = drawn_read,
    .close = drawn_close,
};
