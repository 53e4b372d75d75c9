/* waves.c - waves:train and waves:test, recordings of ten kinds of events, drawn when they are read. */
#include "data/source/generated/kind.h"

#include "data/drawn/waves.h"

static struct shape waves_source_shape(int64_t length)
{
    return shape_of(WAVES_CHANNELS, 1, &length);
}

static void waves_source_draw(int64_t length, uint64_t sample, void *features, void *labels)
{
    waves_draw(length, sample, features, labels);
}

static enum status waves_source_open(struct source *s, const char *rest, const struct source_options *names)
{
    (void)names;
    static const struct drawn_kind kind = {
        .train = 20000,
        .test = 4000,
        .side = 1024,
        .side_min = WAVES_LENGTH_MIN,
        .side_max = WAVES_LENGTH_MAX,
        .side_step = 4,
        .shape = waves_source_shape,
        .type = FEATURE_F32,
        .integers = true,
        .names = WAVES_CLASSES,
        .label_names = waves_class_names,
        .draw = waves_source_draw,
    };
    return drawn_open(s, rest, &kind);
}

const struct source_ops source_waves = {
    .prefix = "waves:",
    .open = waves_source_open,
    .read = drawn_read,
    .close = drawn_close,
};
