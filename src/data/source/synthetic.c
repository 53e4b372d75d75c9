/* synthetic:CxHxW:K:N - random numbers, for measuring without a file. A script reproduces them:
 *   feature f of sample s   2 * u - 1, where u = upper 24 bits * 2^-24 of word f % 4 of
 *                           rng_words(0, RNG_SYNTHETIC, s, f / 4)
 *   label of sample s       word 0 of rng_words(0, RNG_SYNTHETIC, s, 2^32), modulo K */
#include "data/source/ops.h"

#include <errno.h>
#include <stdlib.h>

#include "core/rng.h"
#include "core/mem.h"

#define FEATURES_MAX ((int64_t)1 << 31)
#define LABEL_DRAW   ((uint64_t)1 << 32)

/* Reads a positive number that is followed by `end`. */
static const char *take(const char *text, char end, int64_t max, int64_t *value)
{
    if (!text || *text < '0' || *text > '9') return NULL;
    char *rest;
    errno = 0;
    *value = strtoll(text, &rest, 10);
    if (errno != 0 || *rest != end || *value < 1 || *value > max) return NULL;
    return end ? rest + 1 : rest;
}

static enum status synthetic_open(struct source *s, const char *rest, const struct source_options *names)
{
    (void)names;
    int64_t c = 0, height = 0, width = 0, classes = 0, samples = 0;
    const char *text = take(rest, 'x', FEATURES_MAX, &c);
    text = take(text, 'x', FEATURES_MAX / (text ? c : 1), &height);
    text = take(text, ':', FEATURES_MAX / (text ? c * height : 1), &width);
    text = take(text, ':', INT32_MAX, &classes);
    text = take(text, '\0', INT64_MAX / FEATURES_MAX, &samples);
    if (!text)
        return status_fail(STATUS_DATA,
                           "%s: is not of the form synthetic:CxHxW:CLASSES:SAMPLES, such as "
                           "synthetic:1x28x28:10:60000",
                           s->locator);
    s->info.shape = height * width == 1 ? shape_flat(c) : shape_2d(c, height, width);
    s->info.samples = samples;
    s->info.type = FEATURE_F32;
    source_describe_labels(s);
    TRY(mem_alloc(&s->self, 1, sizeof classes, "synthetic source"));
    *(int64_t *)s->self = classes;
    return STATUS_OK;
}

static void draw_features(uint64_t sample, int64_t size, float *x)
{
    for (int64_t f = 0; f < size; f += 4) {
        struct rng_words words = rng_words(0, RNG_SYNTHETIC, sample, (uint64_t)f / 4);
        for (int64_t k = 0; k < 4 && f + k < size; k++) x[f + k] = 2 * rng_unit(words.v[k]) - 1;
    }
}

static enum status synthetic_read(struct source *s, struct slice part, const struct source_rows *rows)
{
    int64_t size = shape_features(s->info.shape), classes = *(const int64_t *)s->self;
    for (int64_t i = 0; i < part.count; i++) {
        uint64_t sample = (uint64_t)slice_at(part, i);
        if (rows->features) draw_features(sample, size, (float *)rows->features + i * size);
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
