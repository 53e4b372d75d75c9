/* trim.c - the windows of trim.h. */
#include "math/vec/conv/trim.h"

#define CHUNK        576 /* weights of the window that is left, at a time */
#define COPY_RESULTS 32  /* a channel; fewer read the weights where they are as fast */

struct trim LEVEL(trim_of)(const struct window *c)
{
    struct trim trim = {.window = *c};
    struct window *t = &trim.window;
    for (int i = 0; i < SHAPE_AXES; i++) {
        int64_t last = (c->out.d[i] - 1) * c->stride[i];
        for (; t->kernel[i] > 1 && last < t->pad_before[i]; t->kernel[i]--)
            t->pad_before[i] -= c->dilation[i];
        trim.before[i] = c->kernel[i] - t->kernel[i];
        for (; t->kernel[i] > 1; t->kernel[i]--)
            if ((t->kernel[i] - 1) * c->dilation[i] - t->pad_before[i] < c->in.d[i]) break;
    }
    return window_taps(t) <= CHUNK ? trim : (struct trim){.window = *c};
}

struct trim LEVEL(trim_to_point)(const struct window *c)
{
    struct trim t = LEVEL(trim_of)(c);
    bool pays = window_taps(&t.window) == 1 && shape_positions(c->out) * c->lanes >= COPY_RESULTS;
    return pays ? t : (struct trim){.window = *c};
}

/* Where a tap of t is among those of c. */
static int64_t trim_place(const struct trim *t, const struct window *c, int64_t tap)
{
    const int64_t *kernel = t->window.kernel;
    int64_t z = t->before[AXIS_D] + tap / kernel[AXIS_W] / kernel[AXIS_H],
            y = t->before[AXIS_H] + tap / kernel[AXIS_W] % kernel[AXIS_H],
            x = t->before[AXIS_W] + tap % kernel[AXIS_W];
    return (z * c->kernel[AXIS_H] + y) * c->kernel[AXIS_W] + x;
}

const float *LEVEL(trim_take)(const struct trim *t, const struct window *c, const float *weight, float *taken)
{
    if (!trim_is_less(t, c)) return weight;
    int64_t taps = window_taps(c), some = window_taps(&t->window), all = c->out.c * c->in.c,
            most = CHUNK / some;
    for (int64_t first = 0; first < all; first += most) {
        int64_t count = all - first < most ? all - first : most;
        for (int64_t tap = 0; tap < some; tap++) {
            const float *from = weight + first * taps + trim_place(t, c, tap);
            for (int64_t i = 0; i < count; i++) taken[(first + i) * some + tap] = from[i * taps];
        }
    }
    return taken;
}

/* From the end, so that what is written has been read. */
void LEVEL(trim_spread)(const struct trim *t, const struct window *c, float *dweight)
{
    int64_t taps = window_taps(c), some = window_taps(&t->window), most = CHUNK / some, count;
    for (int64_t end = c->out.c * c->in.c; end > 0; end -= count) {
        count = end < most ? end : most;
        float from[CHUNK], *to = dweight + (end - count) * taps;
        memcpy(from, dweight + (end - count) * some, (size_t)(count * some) * sizeof *from);
        memset(to, 0, (size_t)(count * taps) * sizeof *to);
        for (int64_t tap = 0; tap < some; tap++) {
            float *place = to + trim_place(t, c, tap);
            for (int64_t i = 0; i < count; i++) place[i * taps] = from[i * some + tap];
        }
    }
}
