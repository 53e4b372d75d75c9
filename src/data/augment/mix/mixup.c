/* mixup.c - mixes pairs of samples and their targets. */
#include "data/augment/augment.h"

enum { ARG_ALPHA, ARG_P };

static const struct arg args[] = {AUGMENT_ALPHA, AUGMENT_P("probability of a sample to be mixed", 1),
                                  ARG_END};

static void mixup_mix(const struct data_step *s, const struct augment_mix *m)
{
    for (int64_t i = 0; i < m->live; i++) {
        bool mixed = rng_unit(augment_mix_draw(m, i, 0).v[0]) < (float)s->args.of[ARG_P];
        m->share[i] = mixed ? (float)augment_draw_beta(m, i, s->args.of[ARG_ALPHA]) : 1;
    }
    augment_blend(m, shape_features(m->shape), m->rows.x);
    if (m->rows.targets) augment_blend(m, m->width * m->positions, m->rows.targets);
}

extern const struct augment_ops augment_mixup;
const struct augment_ops augment_mixup = {
    .kind =
        {"mixup",
         "s x + (1 - s) x', targets alike (Zhang et al., 2018): x' is the sample before in the same virtual rank's "
         "part of the batch",
         args},
    .mix = mixup_mix,
    .blends = true,
};
