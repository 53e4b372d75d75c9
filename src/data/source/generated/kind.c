/* kind.c - opens and reads a source whose samples are drawn. */
#include "data/source/generated/kind.h"

#include <inttypes.h>
#include <string.h>

#include "core/mem.h"
#include "core/number.h"

struct drawn {
    const struct drawn_kind *kind;
    int64_t side, before; /* samples of other splits */
    char *features;       /* a sample that is not wanted */
    union drawn_label {
        int32_t integer;
        float real;
    } * labels; /* [label_count] */
    int64_t label_count;
};

static enum status drawn_fail(const struct source *s, const struct drawn_kind *k)
{
    const char *name = s->ops->prefix;
    return status_fail(STATUS_DATA,
                       "%s: is not of the form %strain, %stest or %strain:SIDE, where SIDE is %" PRId64
                       " (the default) or another multiple of %" PRId64 " from %" PRId64 " to %" PRId64,
                       s->locator, name, name, name, k->side, k->side_step, k->side_min, k->side_max);
}

/* Reads "train", "test", "train:SIDE" or "test:SIDE". */
static bool drawn_parse(const char *rest, const struct drawn_kind *k, struct drawn *d, int64_t *samples)
{
    size_t length = strcspn(rest, ":");
    bool test = length == 4 && memcmp(rest, "test", 4) == 0;
    if (!test && !(length == 5 && memcmp(rest, "train", 5) == 0)) return false;
    d->side = k->side;
    if (rest[length] == ':' && number_parse_int(rest + length + 1, &d->side) != STATUS_OK) return false;
    d->before = test ? k->train : 0;
    *samples = test ? k->test : k->train;
    return d->side >= k->side_min && d->side <= k->side_max && d->side % k->side_step == 0;
}

enum status drawn_open(struct source *s, const char *rest, const struct drawn_kind *kind)
{
    struct drawn *d = NULL;
    TRY(mem_alloc(&d, 1, sizeof *d, "drawn source"));
    s->self = d;
    d->kind = kind;
    if (!drawn_parse(rest, kind, d, &s->info.samples)) return drawn_fail(s, kind);
    s->info.shape = kind->shape(d->side);
    s->info.type = kind->type;
    int64_t dims[1 + SHAPE_AXES];
    int rank = kind->label_dims ? kind->label_dims(d->side, dims) : 0;
    source_describe_labels(s, kind->integers, rank, dims);
    d->label_count = s->info.label_width > 1 ? s->info.label_width : 1;
    TRY(mem_alloc(&d->features, shape_features(s->info.shape), (size_t)feature_bytes(kind->type),
                  "a sample"));
    TRY(mem_alloc(&d->labels, d->label_count, sizeof *d->labels, "labels of a sample"));
    s->info.class_count = kind->names;
    s->info.class_names = kind->label_names();
    return STATUS_OK;
}

static void drawn_hand_over(const struct drawn *d, int64_t sample, const struct source_rows *rows)
{
    for (int64_t i = 0; i < d->label_count; i++) {
        int64_t at = sample * d->label_count + i;
        if (rows->labels) rows->labels[at] = d->labels[i].integer;
        if (rows->targets)
            rows->targets[at] = d->kind->integers ? (float)d->labels[i].integer : d->labels[i].real;
    }
}

enum status drawn_read(struct source *s, struct range part, const struct source_rows *rows)
{
    struct drawn *d = s->self;
    int64_t bytes = shape_features(s->info.shape) * feature_bytes(s->info.type);
    for (int64_t i = 0; i < part.count; i++) {
        char *features = rows->features ? (char *)rows->features + i * bytes : d->features;
        d->kind->draw(d->side, (uint64_t)(d->before + range_at(part, i)), features, d->labels);
        drawn_hand_over(d, i, rows);
    }
    return STATUS_OK;
}

void drawn_close(struct source *s)
{
    struct drawn *d = s->self;
    if (!d) return;
    mem_free(&d->features);
    mem_free(&d->labels);
    mem_free(&s->self);
}
