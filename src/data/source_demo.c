/* demo:train, demo:test - the built-in digits, drawn when they are read. */
#include "data/source_ops.h"

#include <string.h>

#include "ddp/demo.h"
#include "ddp/mem.h"

static enum status demo_open(struct source *s, const char *rest, const char *x, const char *y)
{
    (void)x, (void)y;
    enum demo_split split = strcmp(rest, demo_split_name(DEMO_TEST)) == 0 ? DEMO_TEST : DEMO_TRAIN;
    if (strcmp(rest, demo_split_name(split)) != 0)
        return status_fail(STATUS_DATA, "%s: is neither demo:train nor demo:test", s->locator);
    TRY(mem_alloc(&s->self, 1, sizeof split, "demo source"));
    *(enum demo_split *)s->self = split;
    s->info.samples = demo_samples(split);
    s->info.shape = (struct shape){1, DEMO_SIDE, DEMO_SIDE};
    s->info.type = FEATURE_U8;
    s->info.class_count = DEMO_CLASSES;
    s->info.class_names = demo_class_names();
    return STATUS_OK;
}

static enum status demo_read(struct source *s, int64_t first, int64_t count, void *features, int32_t *labels)
{
    demo_draw(*(const enum demo_split *)s->self, first, count, features, labels);
    return STATUS_OK;
}

static void demo_close(struct source *s)
{
    mem_free(&s->self);
}

const struct source_ops source_demo = {
    .prefix = "demo:",
    .open = demo_open,
    .read = demo_read,
    .close = demo_close,
};
