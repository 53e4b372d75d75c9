/* picks.c - draws two waves that arrive one after the other, and the probabilities of their arrivals. */
#include "data/drawn/picks.h"

#include "data/drawn/draws.h"
#include "data/drawn/sine.h"

#define SEED    2029
#define ONE     256 /* the unit of x in integers; the noise has deviation 148 */
#define REACH   80  /* of an arrival's Gaussian, in samples: four deviations */
#define CERTAIN (1 << 24)

const char *const *picks_class_names(void)
{
    static const char *const names[PICKS_CLASSES] = {"noise", "first", "second"};
    return names;
}

/* A wave that begins at once and dies out; periods and lengths in samples. */
struct arrival {
    int64_t first, rise, fall;
    uint32_t phase, step; /* 2^32 a circle */
    int64_t strength;
};

static struct arrival picks_choose(struct draws *d, int64_t first, int period, int64_t fall, int64_t strength)
{
    struct arrival a = {.first = first, .rise = draws_range(d, 4, 12), .fall = fall, .strength = strength};
    a.phase = draws_word(d);
    a.step = (uint32_t)(((uint64_t)100 << 32) / (uint64_t)period); /* of a period in hundredths */
    return a;
}

/* Adds percent of the wave to y [length]. The envelope rises in a line and falls as fall^2 / (t + fall)^2. */
static void picks_add(const struct arrival *a, int percent, int64_t length, int *y)
{
    uint32_t phase = a->phase;
    for (int64_t t = 0; a->first + t < length; t++, phase += a->step) {
        int64_t envelope = t < a->rise ? SINE_ONE * t / a->rise : SINE_ONE;
        envelope = envelope * a->fall / (t + a->fall) * a->fall / (t + a->fall);
        y[a->first + t] +=
            (int)(envelope * sine_of(phase) / SINE_ONE * a->strength / SINE_ONE * percent / 100);
    }
}

/* The Gaussian of deviation 20 at distances 0 .. REACH, of CERTAIN: each from the one before. */
static void picks_fill_bell(int32_t bell[REACH + 1])
{
    int64_t value = 1 << 30, ratio = 1072400485,
            shrink = 1071060822; /* 1, exp(-1/800), exp(-1/400) of 2^30 */
    for (int i = 0; i <= REACH; i++) {
        bell[i] = (int32_t)(value >> 6);
        value = value * ratio >> 30;
        ratio = ratio * shrink >> 30;
    }
}

static void picks_label(int64_t length, int64_t first, int64_t second, float *labels)
{
    int32_t bell[REACH + 1];
    picks_fill_bell(bell);
    for (int64_t t = 0; t < length; t++) {
        int64_t p = t < first ? first - t : t - first, s = t < second ? second - t : t - second;
        int32_t is_first = p <= REACH ? bell[p] : 0, is_second = s <= REACH ? bell[s] : 0;
        labels[t] = (float)(CERTAIN - is_first - is_second) / CERTAIN;
        labels[length + t] = (float)is_first / CERTAIN;
        labels[2 * length + t] = (float)is_second / CERTAIN;
    }
}

void picks_draw(int64_t length, uint64_t sample, float *x, float *labels)
{
    struct draws d = {.seed = SEED, .purpose = RNG_DRAWN, .sample = sample};
    int64_t first = draws_range(&d, (int)length / 10, (int)length * 5 / 10);
    int64_t second = first + draws_range(&d, 2 * REACH + 1, (int)length * 4 / 10);
    int64_t strength = draws_range(&d, 2 * ONE, 6 * ONE);
    struct arrival p = picks_choose(&d, first, draws_range(&d, 600, 1200), length / 12, strength),
                   s = picks_choose(&d, second, draws_range(&d, 1200, 2600), length / 8, strength * 3 / 2);
    struct arrival knock = picks_choose(&d, draws_range(&d, 0, (int)length - 1), draws_range(&d, 500, 2600),
                                        8, draws_range(&d, 2 * ONE, 8 * ONE));
    uint32_t hum_step = (uint32_t)(((uint64_t)1 << 32) / (uint64_t)draws_range(&d, 20, 60));
    for (int c = 0; c < PICKS_CHANNELS; c++) {
        int y[PICKS_LENGTH_MAX], vertical = c == PICKS_CHANNELS - 1;
        int hum = draws_range(&d, 0, ONE / 2);
        uint32_t hum_phase = draws_word(&d);
        for (int64_t t = 0; t < length; t++)
            y[t] = hum * sine_of(hum_phase + (uint32_t)t * hum_step) / SINE_ONE + draws_normal(&d);
        picks_add(&p, vertical ? 100 : draws_range(&d, -40, 40), length, y);
        picks_add(&s, vertical ? draws_range(&d, -40, 40) : draws_range(&d, 60, 100), length, y);
        picks_add(&knock, draws_range(&d, -100, 100), length, y);
        for (int64_t t = 0; t < length; t++) x[c * length + t] = (float)y[t] / ONE;
    }
    picks_label(length, first, second, labels);
}
