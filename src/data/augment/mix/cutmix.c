/* cutmix.c - pastes a box of another sample, and mixes the targets by its size. */
#include <math.h>

#include "data/augment/augment.h"

enum { ARG_ALPHA, ARG_P };

static const struct arg args[] = {AUGMENT_ALPHA, AUGMENT_P("probability of a sample to be mixed", 1),
                                  ARG_END};

static enum status cutmix_check(const struct data_step *s, struct shape in)
{
    (void)s;
    return in.rank > 0 ? STATUS_OK : status_fail(STATUS_CONFIG, "the samples have no axes, only features");
}

/* Words 1 to 3 of draw 0 place the box. */
static struct augment_box cutmix_place(const struct augment_mix *m, int64_t lane, struct rng_words w,
                                       double alpha)
{
    double size[SHAPE_AXES], side = pow(1 - augment_draw_beta(m, lane, alpha), 1.0 / m->shape.rank);
    for (int a = 0; a < SHAPE_AXES; a++) size[a] = floor(side * (double)m->shape.d[a]);
    return augment_place_box(m->shape, size, (struct rng_words){{w.v[1], w.v[2], w.v[3], 0}});
}

static void cutmix_set_box(const struct augment_mix *m, int64_t lane, struct augment_box box)
{
    double places = 1;
    for (int a = 0; a < SHAPE_AXES; a++) {
        m->box[a * m->lanes + lane] = (int32_t)box.first[a];
        m->box[(SHAPE_AXES + a) * m->lanes + lane] = (int32_t)box.end[a];
        places *= box.end[a] > box.first[a] ? (double)(box.end[a] - box.first[a]) : 0;
    }
    m->share[lane] = (float)(1 - places / (double)shape_positions(m->shape));
}

static void cutmix_mix(const struct data_step *s, const struct augment_mix *m)
{
    for (int64_t i = 0; i < m->live; i++) {
        cutmix_set_box(m, i, (struct augment_box){{0}, {0}}); /* empty */
        struct rng_words w = augment_mix_draw(m, i, 0);
        if (rng_unit(w.v[0]) < (float)s->args.of[ARG_P])
            cutmix_set_box(m, i, cutmix_place(m, i, w, s->args.of[ARG_ALPHA]));
    }
    augment_paste(m, m->shape.c, m->rows.x);
    if (m->rows.labels) augment_paste(m, 1, m->rows.labels);
    if (m->rows.weights) augment_paste(m, 1, m->rows.weights);
    if (m->rows.targets && m->positions > 1)
        augment_paste(m, m->width, m->rows.targets);
    else if (m->rows.targets)
        augment_blend(m, m->width, m->rows.targets);
}

extern const struct augment_ops augment_cutmix;
const struct augment_ops augment_cutmix = {
    .kind =
        {"cutmix",
         "pastes a box of x' (see mixup) of a share 1 - s of the positions (Yun et al., 2019); labels and weights for "
         "each position go with theirs",
         args},
    .check = cutmix_check,
    .mix = cutmix_mix,
};
