/* synthetic.c - synthetic:CxHxW:LABELS:N, random numbers, for measuring without a file. A script reproduces
 * them:
 *   feature f of sample s   2 * u - 1, where u = upper 24 bits * 2^-24 of word f % 4 of
 *                           rng_words(0, RNG_SYNTHETIC, s, f / 4)
 *   label number f of it    from w = word f % 4 of rng_words(0, RNG_SYNTHETIC, s, 2^32 + f / 4):
 *     LABELS = K              w modulo K; one class per sample
 *     LABELS = K@HxW          the same, one class at each position
 *     LABELS = bits@KxHxW     the upper bit of w; also bits@K
 *     LABELS = real@KxHxW     2 * u - 1; also real@K
 *     LABELS = probs@KxHxW    of each position, the w of channel 0: class w modulo K has 1 - r, the next one r,
 *                             where r is bits 16 to 23 of w over 512; also probs@K */
#include "data/source/ops.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "core/mem.h"

#define NUMBERS_MAX ((int64_t)1 << 31) /* of a sample */
#define LABEL_DRAW  ((uint64_t)1 << 32)

enum synthetic_labels { CLASSES, BITS, REALS, PROBS };

struct synthetic {
    enum synthetic_labels kind;
    int64_t classes; /* of CLASSES and PROBS */
    int64_t count;   /* numbers of a sample's labels */
};

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

/* Reads 1 to `most` sides and the colon behind them; *count is their number. */
static const char *synthetic_take_sides(const char *text, int most, int64_t *sides, int *count)
{
    int64_t room = NUMBERS_MAX;
    char end = 'x';
    *count = 0;
    while (end == 'x' && *count < most) {
        size_t digits = text ? strspn(text, "0123456789") : 0;
        end = text ? text[digits] : '\0';
        text = end == 'x' || end == ':' ? synthetic_take(text, end, room, &sides[*count]) : NULL;
        if (!text) return NULL;
        room /= sides[(*count)++];
    }
    return end == ':' ? text : NULL;
}

/* An image of one pixel has no axes. */
static const char *synthetic_take_shape(const char *text, struct shape *shape)
{
    int64_t sides[1 + SHAPE_AXES];
    int count;
    text = synthetic_take_sides(text, 1 + SHAPE_AXES, sides, &count);
    if (!text) return NULL;
    *shape = shape_of(sides[0], count - 1, sides + 1);
    if (shape_positions(*shape) == 1) *shape = shape_flat(sides[0]);
    return text;
}

static const char *synthetic_take_labels(const char *text, struct synthetic *s, int *rank, int64_t *dims)
{
    static const char *const words[] = {[BITS] = "bits@", [REALS] = "real@", [PROBS] = "probs@"};
    for (size_t i = BITS; text && i < sizeof words / sizeof *words; i++)
        if (strncmp(text, words[i], strlen(words[i])) == 0) {
            s->kind = (enum synthetic_labels)i;
            text += strlen(words[i]);
        }
    int most = SHAPE_AXES + (s->kind != CLASSES);
    if (s->kind == CLASSES) {
        bool alone = text && text[strspn(text, "0123456789")] == ':';
        text = synthetic_take(text, alone ? ':' : '@', INT32_MAX, &s->classes);
        s->count = 1;
        if (alone || !text) return text;
    }
    text = synthetic_take_sides(text, most, dims, rank);
    if (!text) return NULL;
    s->count = 1;
    for (int i = 0; i < *rank; i++) s->count *= dims[i];
    if (s->kind != CLASSES) s->classes = dims[0];
    return text;
}

static enum status synthetic_open(struct source *s, const char *rest, const struct source_options *names)
{
    (void)names;
    struct synthetic *self = NULL;
    int64_t dims[1 + SHAPE_AXES];
    int rank = 0;
    TRY(mem_alloc(&self, 1, sizeof *self, "synthetic source"));
    s->self = self;
    const char *text = synthetic_take_shape(rest, &s->info.shape);
    text = synthetic_take_labels(text, self, &rank, dims);
    text = synthetic_take(text, '\0', INT64_MAX / NUMBERS_MAX, &s->info.samples);
    if (!text)
        return status_fail(
            STATUS_DATA,
            "%s: is not of the form synthetic:CxHxW:LABELS:SAMPLES, such as "
            "synthetic:1x28x28:10:60000; other shapes are F, CxL and CxDxHxW, other labels than "
            "K classes K@HxW, bits@K, bits@KxHxW, and the same with real or probs",
            s->locator);
    s->info.type = FEATURE_F32;
    source_describe_labels(s, self->kind == CLASSES, rank, dims);
    return STATUS_OK;
}

static void synthetic_draw_features(uint64_t sample, int64_t size, float *x)
{
    for (int64_t f = 0; f < size; f += 4) {
        struct rng_words words = rng_words(0, RNG_SYNTHETIC, sample, (uint64_t)f / 4);
        for (int64_t k = 0; k < 4 && f + k < size; k++) x[f + k] = 2 * rng_unit(words.v[k]) - 1;
    }
}

/* Element f of `labels` as a number. Probabilities are exact in float, and so is their sum. */
static float synthetic_label(const struct synthetic *s, uint64_t sample, int64_t f)
{
    int64_t positions = s->count / s->classes, position = s->kind == PROBS ? f % positions : f;
    uint32_t word = rng_words(0, RNG_SYNTHETIC, sample, LABEL_DRAW + (uint64_t)position / 4).v[position % 4];
    if (s->kind == BITS) return (float)(word >> 31);
    if (s->kind == REALS) return 2 * rng_unit(word) - 1;
    int64_t channel = f / positions, class = word % (uint32_t)s->classes;
    float rest = (float)(word >> 16 & 255) / 512, p = 0;
    if (channel == class) p += 1 - rest;
    if (channel == (class + 1) % s->classes) p += rest;
    return p;
}

static void synthetic_draw_classes(const struct synthetic *s, uint64_t sample, int32_t *labels,
                                   float *targets)
{
    for (int64_t f = 0; f < s->count; f += 4) {
        struct rng_words four = rng_words(0, RNG_SYNTHETIC, sample, LABEL_DRAW + (uint64_t)f / 4);
        for (int64_t k = 0; k < 4 && f + k < s->count; k++) {
            int32_t label = (int32_t)(four.v[k] % (uint32_t)s->classes);
            if (labels) labels[f + k] = label;
            if (targets) targets[f + k] = (float)label;
        }
    }
}

static enum status synthetic_read(struct source *s, struct range part, const struct source_rows *rows)
{
    const struct synthetic *self = s->self;
    int64_t size = shape_features(s->info.shape), count = self->count;
    for (int64_t i = 0; i < part.count; i++) {
        uint64_t sample = (uint64_t)range_at(part, i);
        if (rows->features) synthetic_draw_features(sample, size, (float *)rows->features + i * size);
        float *targets = rows->targets ? rows->targets + i * count : NULL;
        if (self->kind == CLASSES)
            synthetic_draw_classes(self, sample, rows->labels ? rows->labels + i * count : NULL, targets);
        else
            for (int64_t f = 0; targets && f < count; f++) targets[f] = synthetic_label(self, sample, f);
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
