/* fields.c - fields:train and fields:test, points in a box as CosmoFlow's, drawn when they are read. */
#include "data/source/generated/kind.h"

#include "data/drawn/fields.h"

static struct shape fields_source_shape(int64_t side)
{
    return shape_of(FIELDS_CHANNELS, 3, (int64_t[]){side, side, side});
}

static int fields_source_labels(int64_t side, int64_t dims[1 + SHAPE_AXES])
{
    (void)side;
    dims[0] = FIELDS_TARGETS;
    return 1;
}

static void fields_source_draw(int64_t side, uint64_t sample, void *features, void *labels)
{
    fields_draw(side, sample, features, labels);
}

static enum status fields_source_open(struct source *s, const char *rest, const struct source_options *names)
{
    (void)names;
    static const struct drawn_kind kind = {
        .train = 8000,
        .test = 1000,
        .side = 32,
        .side_min = FIELDS_SIDE_MIN,
        .side_max = FIELDS_SIDE_MAX,
        .side_step = 2,
        .shape = fields_source_shape,
        .type = FEATURE_U8,
        .label_dims = fields_source_labels,
        .names = FIELDS_TARGETS,
        .label_names = fields_target_names,
        .draw = fields_source_draw,
    };
    return drawn_open(s, rest, &kind);
}

const struct source_ops source_fields = {
    .prefix = "fields:",
    .open = fields_source_open,
    .read = drawn_read,
    .close = drawn_close,
};
