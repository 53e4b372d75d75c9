/* synthetic.c - synthetic:CxHxW:K:N, random numbers, for measuring without a file. A script reproduces them:
 *   feature f of sample s   2 * u - 1, where u = upper 24 bits * 2^-24 of word f % 4 of
 *                           rng_words(0, RNG_SYNTHETIC, s, f / 4)
 *   label of sample s       word 0 of rng_words(0, RNG_SYNTHETIC, s, 2^32), modulo K */
#include "data/source/ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/mem.h"

#define FEATURES_MAX ((int64_t)1 << 31)
#define LABEL_DRAW   ((uint64_t)1 << 32)

/* Reads a positive number that is followed by `end`. */
static const char *synthetic_take(const char *text, char end, int64_t max, int64_t *value)
{
    if (!text || *text < '0' || *text > '9') return NULL;
    char *rest;
    errno = 0;
    *value = strtoll(text, &rest, 10);
    if (errno != 0 || *rest != end || *value < 1 || *value > max) return NULL;
    return end ? rest + 1 : rest;
}

/* Reads 1 to 4 sides and the colon behind them. An image of one pixel has no axes. */
static const char *synthetic_take_shape(const char *text, struct shape *shape)
{
    int64_t sides[1 + SHAPE_AXES], room = FEATURES_MAX;
    int count = 0;
    char end = 'x';
    while (end == 'x' && count <= SHAPE_AXES) {
        size_t digits = strspn(text, "0123456789");
        end = text[digits];
        text = end == 'x' || end == ':' ? synthetic_take(text, end, room, &sides[count]) : NULL;
        if (!text) return NULL;
        room /= sides[count++];
    }
    if (end != ':') return NULL;
    *shape = shape_of(sides[0], count - 1, sides + 1);
    if (shape_positions(*shape) == 1) *shape = shape_flat(sides[0]);
    return text;
}

static enum status synthetic_open(struct source *s, const char *rest, const struct source_options *names)
{
    (void)names;
    int64_t classes = 0, samples = 0;
    const char *text = synthetic_take_shape(rest, &s->info.shape);
    text = synthetic_take(text, ':', INT32_MAX, &classes);
    text = synthetic_take(text, '\0', INT64_MAX / FEATURES_MAX, &samples);
    if (!text)
        return status_fail(STATUS_DATA,
                           "%s: is not of the form synthetic:CxHxW:CLASSES:SAMPLES, such as "
                           "synthetic:1x28x28:10:60000; other shapes are F, CxL and CxDxHxW",
                           s->locator);
    s->info.samples = samples;
    s->info.type = FEATURE_F32;
    source_describe_labels(s);
    TRY(mem_alloc(&s->self, 1, sizeof classes, "synthetic source"));
    *(int64_t *)s->self = classes;
    return STATUS_OK;
}

static void synthetic_draw_features(uint64_t sample, int64_t size, float *x)
{
    for (int64_t f = 0; f < size; f += 4) {
        struct rng_words words = rng_words(0, RNG_SYNTHETIC, sample, (uint64_t)f / 4);
        for (int64_t k = 0; k < 4 && f + k < size; k++) x[f + k] = 2 * rng_unit(words.v[k]) - 1;
    }
}

static enum status synthetic_read(struct source *s, struct range part, const struct source_rows *rows)
{
    int64_t size = shape_features(s->info.shape), classes = *(const int64_t *)s->self;
    for (int64_t i = 0; i < part.count; i++) {
        uint64_t sample = (uint64_t)range_at(part, i);
        if (rows->features) synthetic_draw_features(sample, size, (float *)rows->features + i * size);
        int32_t label = (int32_t)(rng_words(0, RNG_SYNTHETIC, sample, LABEL_DRAW).v[0] % (uint32_t)classes);
        if (rows->labels) rows->labels[i] = label;
        if (rows->targets) rows->targets[i] = (float)label;
    }
    return STATUS_OK;
}

static void synthetic_close(struct source *s)
{
    mem_free(&s->self);
}

const struct source_ops source_synthetic = {
    .prefix = "synthetic:",
    .open = synthetic_open,
    .read = synthetic_read,
    .close = synthetic_close,
};
