/* window.c - a random part of each sample. */
#include "data/augment/augment.h"
#include "data/cut.h"

static const struct arg args[] = {
    DATA_ARG_AXES("size", 1 << 30, "its positions along each axis; 0 = all; [32, 48] = of the last two axes"),
    ARG_END};

static enum status window_cut(const struct data_step *s, struct shape in, struct shape *out)
{
    return cut_find_shape(s->args.of, in, out);
}

static void window_move(const struct data_step *s, struct rng_words w, int step, struct geometry *g)
{
    struct shape result = g->to;
    (void)step, (void)window_cut(s, g->to, &result); /* checked before */
    for (int a = 0; a < SHAPE_AXES; a++) {
        int64_t places = g->to.d[a] - result.d[a] + 1;
        if (places > 1) geometry_cut(g, a, augment_draw_integer(w.v[a], places), result.d[a]);
    }
}

extern const struct augment_ops augment_window;
const struct augment_ops augment_window = {
    .kind = {"window", "a random part of a long signal or large image; evaluation takes the middle", args},
    .cut = window_cut,
    .move = window_move,
};
