/* waves.c - draws an event as a wave under an envelope, three sensors, drift and noise. */
#include "data/drawn/waves.h"

#include "data/drawn/draws.h"
#include "data/drawn/sine.h"

#define SEED  2026
#define ONE   256 /* the unit of x in integers; the noise has deviation 148 */
#define PARTS 4   /* of a drift */

enum event { NOISE, TONE, RISE, FALL, ECHO, BEATS, SQUARE, CLICKS, STEP_UP, STEP_DOWN };

const char *const *waves_class_names(void)
{
    static const char *const names[WAVES_CLASSES] = {"noise", "tone",   "rise",   "fall",    "echo",
                                                     "beats", "square", "clicks", "step up", "step down"};
    return names;
}

/* An event of `count` samples from `first`; steps are phases per sample, 2^32 a circle. */
struct wave {
    enum event event;
    int64_t first, count;
    uint32_t phase, step, beat;
    int strength;
};

static struct wave waves_choose(struct draws *d, int64_t length, enum event event)
{
    struct wave w = {.event = event};
    w.count = length * draws_range(d, 40, 70) / 100;
    w.first = (int64_t)((uint64_t)draws_word(d) * (uint64_t)(length - w.count) >> 32);
    w.phase = draws_word(d);
    int period = draws_range(d, 1200, 3600); /* in hundredths of a sample */
    w.step = (uint32_t)(((uint64_t)100 << 32) / (uint64_t)period);
    w.beat = (uint32_t)(((uint64_t)draws_range(d, 4, 7) << 31) / (uint64_t)w.count);
    w.strength = event == NOISE ? 0 : draws_range(d, ONE, 3 * ONE);
    return w;
}

/* The phase that the wave moves on at sample t of its `count`, between half and twice its step. */
static uint32_t waves_step(const struct wave *w, int64_t t)
{
    uint64_t half = w->step / 2, grown = half + 3 * half * (uint64_t)t / (uint64_t)w->count;
    switch (w->event) {
    case RISE:
        return (uint32_t)grown;
    case FALL:
        return (uint32_t)(5 * half - grown);
    case STEP_UP:
        return t < w->count / 2 ? w->step - w->step / 3 : w->step + w->step / 3;
    case STEP_DOWN:
        return t < w->count / 2 ? w->step + w->step / 3 : w->step - w->step / 3;
    default:
        return w->step;
    }
}

/* A hill of `count` samples that reaches SINE_ONE in the middle; 0 outside. */
static int waves_hill(int64_t t, int64_t count)
{
    return t < 0 || t >= count ? 0 : (int)(4 * SINE_ONE * t / count * (count - t) / count);
}

/* What the carrier is multiplied with at sample t, up to SINE_ONE. */
static int waves_envelope(const struct wave *w, int64_t t)
{
    int64_t third = w->count / 3, click = w->count / 6 + 1;
    switch (w->event) {
    case ECHO:
        return waves_hill(t, third) + waves_hill(t - 2 * third, third);
    case BEATS:
        return (int)((int64_t)waves_hill(t, w->count) * sine_of((uint32_t)t * w->beat) / SINE_ONE);
    case CLICKS: /* begins at once and dies out, six times */
        return (int)(SINE_ONE * (click - t % click) / click * (click - t % click) / click);
    default:
        return waves_hill(t, w->count);
    }
}

/* Adds the wave to y [length], in units of ONE. */
static void waves_add(const struct wave *w, int64_t delay, int64_t length, int gain, int *y)
{
    uint32_t phase = w->phase;
    for (int64_t t = 0; t < w->count; t++) {
        int carrier = sine_of(phase), top = SINE_ONE / 2;
        phase += waves_step(w, t);
        if (w->event == SQUARE) {
            carrier *= 4;
            carrier = carrier > top ? top : carrier < -top ? -top : carrier;
            carrier = 4 * carrier / 3;
        }
        int64_t wave = (int64_t)carrier * waves_envelope(w, t) / SINE_ONE * w->strength / SINE_ONE;
        int64_t at = w->first + t + delay;
        if (at < length) y[at] += (int)(wave * gain / 100);
    }
}

void waves_draw(int64_t length, uint64_t sample, float *x, int32_t *label)
{
    struct draws d = {.seed = SEED, .purpose = RNG_DRAWN, .sample = sample};
    *label = draws_range(&d, 0, WAVES_CLASSES - 1);
    struct wave w = waves_choose(&d, length, (enum event) * label);
    static const int gains[WAVES_CHANNELS][2] = {{60, 120}, {60, 120}, {-120, 120}};
    for (int c = 0; c < WAVES_CHANNELS; c++) {
        int y[WAVES_LENGTH_MAX];
        int drift = draws_range(&d, -ONE, ONE), next = drift;
        int gain = draws_range(&d, gains[c][0], gains[c][1]), delay = draws_range(&d, 0, 8);
        for (int64_t t = 0; t < length; t++) {
            int64_t part = length / PARTS, along = t % part;
            if (along == 0) drift = next, next = draws_range(&d, -ONE, ONE);
            y[t] = (int)(drift + (next - drift) * along / part) / 2 + draws_normal(&d);
        }
        waves_add(&w, delay, length, gain, y);
        for (int64_t t = 0; t < length; t++) x[c * length + t] = (float)y[t] / ONE;
    }
}
