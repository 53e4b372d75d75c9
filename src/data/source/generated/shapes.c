/* shapes.c - shapes:train and shapes:test, images with a class at each pixel, drawn when they are read. */
#include "data/source/generated/kind.h"

#include "data/drawn/shapes.h"

static struct shape shapes_source_shape(int64_t side)
{
    return shape_2d(1, side, side);
}

static int shapes_source_labels(int64_t side, int64_t dims[1 + SHAPE_AXES])
{
    dims[0] = side;
    dims[1] = side;
    return 2;
}

static void shapes_source_draw(int64_t side, uint64_t sample, void *features, void *labels)
{
    shapes_draw(side, sample, features, labels);
}

static enum status shapes_source_open(struct source *s, const char *rest, const struct source_options *names)
{
    (void)names;
    static const struct drawn_kind kind = {
        .train = 8000,
        .test = 1000,
        .side = 64,
        .side_min = SHAPES_SIDE_MIN,
        .side_max = SHAPES_SIDE_MAX,
        .side_step = 2,
        .shape = shapes_source_shape,
        .type = FEATURE_U8,
        .integers = true,
        .label_dims = shapes_source_labels,
        .names = SHAPES_CLASSES,
        .label_names = shapes_class_names,
        .draw = shapes_source_draw,
    };
    return drawn_open(s, rest, &kind);
}

const struct source_ops source_shapes = {
    .prefix = "shapes:",
    .open = shapes_source_open,
    .read = drawn_read,
    .close = drawn_close,
};
