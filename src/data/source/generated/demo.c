/* demo.c - demo:train and demo:test, the built-in digits, drawn when they are read. */
#include "data/source/ops.h"

#include <string.h>

#include "data/demo/demo.h"
#include "core/mem.h"

static enum status demo_source_open(struct source *s, const char *rest, const struct source_options *names)
{
    (void)names;
    enum demo_split split = strcmp(rest, demo_split_name(DEMO_TEST)) == 0 ? DEMO_TEST : DEMO_TRAIN;
    if (strcmp(rest, demo_split_name(split)) != 0)
        return status_fail(STATUS_DATA, "%s: is neither demo:train nor demo:test", s->locator);
    TRY(mem_alloc(&s->self, 1, sizeof split, "demo source"));
    *(enum demo_split *)s->self = split;
    s->info.samples = demo_samples(split);
    s->info.shape = shape_2d(1, DEMO_SIDE, DEMO_SIDE);
    s->info.type = FEATURE_U8;
    source_describe_labels(s, true, 0, NULL);
    s->info.class_count = DEMO_CLASSES;
    s->info.class_names = demo_class_names();
    return STATUS_OK;
}

static enum status demo_source_read(struct source *s, struct range part, const struct source_rows *rows)
{
    enum demo_split split = *(const enum demo_split *)s->self;
    uint8_t unwanted[DEMO_PIXELS];
    for (int64_t i = 0; i < part.count; i++) {
        uint8_t *image = rows->features ? (uint8_t *)rows->features + i * (int64_t)DEMO_PIXELS : unwanted;
        int32_t label;
        demo_draw(split, range_at(part, i), 1, image, &label);
        if (rows->labels) rows->labels[i] = label;
        if (rows->targets) rows->targets[i] = (float)label;
    }
    return STATUS_OK;
}

static void demo_source_close(struct source *s)
{
    mem_free(&s->self);
}

const struct source_ops source_demo = {
    .prefix = "demo:",
    .open = demo_source_open,
    .read = demo_source_read,
    .close = demo_source_close,
};
