/* storms.c - storms:train and storms:test, maps of weather with a class at each pixel, drawn when they are read. */
#include "data/source/generated/kind.h"

#include "data/drawn/storms.h"

static struct shape storms_source_shape(int64_t side)
{
    return shape_2d(STORMS_CHANNELS, side, storms_width(side));
}

static int storms_source_labels(int64_t side, int64_t dims[1 + SHAPE_AXES])
{
    dims[0] = side;
    dims[1] = storms_width(side);
    return 2;
}

static void storms_source_draw(int64_t side, uint64_t sample, void *features, void *labels)
{
    storms_draw(side, sample, features, labels);
}

static enum status storms_source_open(struct source *s, const char *rest, const struct source_options *names)
{
    (void)names;
    static const struct drawn_kind kind = {
        .train = 4000,
        .test = 500,
        .side = 96,
        .side_min = STORMS_HEIGHT_MIN,
        .side_max = STORMS_HEIGHT_MAX,
        .side_step = 2,
        .shape = storms_source_shape,
        .type = FEATURE_U8,
        .integers = true,
        .label_dims = storms_source_labels,
        .names = STORMS_CLASSES,
        .label_names = storms_class_names,
        .draw = storms_source_draw,
    };
    return drawn_open(s, rest, &kind);
}

const struct source_ops source_storms = {
    .prefix = "storms:",
    .open = storms_source_open,
    .read = drawn_read,
    .close = drawn_close,
};
