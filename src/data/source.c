#include "ddp/source.h"

#include <assert.h>
#include <string.h>

#include "data/source_ops.h"
#include "ddp/mem.h"

static const struct source_ops *find_kind(const char *locator)
{
    const struct source_ops *const *kind = source_registry();
    while (strncmp(locator, (*kind)->prefix, strlen((*kind)->prefix)) != 0)
        kind++; /* the last one takes all */
    return *kind;
}

static const char *given(const char *name)
{
    return name && name[0] ? name : NULL;
}

enum status source_open(struct source **out, const char *locator, const char *x, const char *y)
{
    *out = NULL;
    struct source *s = NULL;
    TRY(mem_alloc(&s, 1, sizeof *s, "data source"));
    s->ops = find_kind(locator);
    enum status status = mem_copy_text(&s->locator, locator);
    if (status == STATUS_OK)
        status = s->ops->open(s, s->locator + strlen(s->ops->prefix), given(x), given(y));
    if (status != STATUS_OK) {
        source_close(&s);
        return status;
    }
    assert(s->info.samples > 0 && shape_features(s->info.shape) > 0);
    *out = s;
    return STATUS_OK;
}

void source_close(struct source **s)
{
    if (!*s) return;
    if ((*s)->ops->close) (*s)->ops->close(*s);
    mem_free(&(*s)->locator);
    mem_free(s);
}

const struct source_info *source_info(const struct source *s)
{
    return &s->info;
}

enum status source_read(struct source *s, int64_t first, int64_t count, void *features, int32_t *labels)
{
    assert(first >= 0 && count >= 0 && first <= s->info.samples && count <= s->info.samples - first);
    return s->ops->read(s, first, count, features, labels);
}
