/* batch.h - the samples of one pass on their way into the model: the only place where samples enter.
 *
 * A pass holds `leaves` virtual ranks side by side, where each has room for a multiple of 16 samples, or else a
 * single one. Virtual rank i has lanes [i, i+1) * batch_own_lanes of the pass, and its part of every array here
 * begins there. N is the number of lanes of the pass, batch_lanes; P the number of positions that labels have as
 * the loss gets them. */
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include "data/augment/augment.h"
#include "data/normalize.h"
#include "nn/losses/loss.h"
#include "nn/model.h"

struct batch {
    const struct kernels *kernels;
    int64_t lanes; /* of one virtual rank, at most: samples that it has room for */
    int64_t
        leaves; /* virtual ranks in this pass, at most those of batch_init; 1 unless lanes is a multiple of 16 */
    int64_t *live; /* [leaves]: samples of each */
    int64_t
        *first; /* [leaves]: position in the global batch of each one's first sample; set by the trainer */
    int64_t *samples;         /* [leaves][lanes]: numbers in the data set; the caller fills [i][live[i]] */
    int64_t *taken;           /* [leaves * lanes]: the live ones of all virtual ranks, one behind the other */
    struct dataset_rows rows; /* of `taken` */
    int64_t *keys;            /* of the same, for augmentation; in the place of `taken` */
    int64_t positions;        /* P */
    int32_t *labels;          /* [P][N]: classes; of one-hot rows and probabilities the largest */
    float *targets;           /* [K][P][N], for all kinds but TARGET_INDEX */
    const float *inputs;      /* the input of the pass, if it is the target of its samples; or NULL */
    float *weights;           /* [weight_width][N] */
    int64_t weight_width;     /* of the set that was loaded last: 1 or P; 0 = it has no weights */
    const struct normal *target_normal; /* what targets go through, or NULL; borrowed, set by the owner */
    struct augment *still;  /* takes the middle of samples or of their labels, or NULL; borrowed as well */
    float *room;            /* of transforms that change the shape of samples, or NULL */
    float *ones, *zeros;    /* [K] */
    float *scratch;         /* [K][P][N]: of a loss that has parts, or NULL */
    double *losses;         /* [leaves][lanes] */
    int32_t *predicted;     /* [P][N] */
    struct loss_sums *sums; /* [leaves] */
};

struct batch_spec {
    const struct kernels *kernels;
    int64_t lanes, leaves;
    int64_t width;     /* dataset_width of the sets; 0 also where targets are the features */
    int64_t positions; /* of their labels as the loss gets them; 0 = 1 */
    int64_t room;      /* transforms_room of `lanes` */
    int64_t scratch;   /* floats of a lane that the loss needs (loss.scratch) */
};

/* Allocates for passes of up to `leaves` virtual ranks. On failure nothing is left to release. */
enum status batch_init(struct batch *b, const struct batch_spec *spec);
void batch_free(struct batch *b);

/* Returns the lanes of each virtual rank in this pass, whose leaves and live samples are known; and those of all. */
static inline int64_t batch_own_lanes(const struct batch *b)
{
    return shape_pass_lanes(b->lanes, b->live[0]);
}

static inline int64_t batch_lanes(const struct batch *b)
{
    return b->leaves * batch_own_lanes(b);
}

/* Fills the next pass with samples in their order: of 0 .. samples-1 in blocks of `lanes`, the blocks
 * first .. first+count-1. */
void batch_take_blocks(struct batch *b, int64_t samples, int64_t first, int64_t count);

/* Return the labels of one sample as the loss gets them, [P] or [K][P], valid until the next call. */
const int32_t *batch_find_classes(const struct batch *b, const struct dataset *d, int64_t sample);
const float *batch_find_targets(const struct batch *b, const struct dataset *d, int64_t sample);

/* Gathers the samples into the model's input [F][N], normalised, and what the loss needs to know of them;
 * dead lanes become zeros. */
void batch_load(struct batch *b, const struct dataset *d, const struct normal *n, float *input);

/* Does the same with samples changed at random, as in that epoch (from 1). NULL = as batch_load. Samples that are drawn
 * with replacement are told apart by their position in the epoch, in place of their number. */
struct batch_augment {
    struct augment *how;
    int64_t epoch;
    bool draws;
    int64_t position; /* of the global batch, where they are drawn */
};
void batch_load_augmented(struct batch *b, const struct dataset *d, const struct normal *n,
                          const struct batch_augment *augment, float *input);

/* Returns one virtual rank of the pass as a loss sees it. The logits [K][P][N], and their gradient or NULL, are
 * those of the whole pass. */
struct loss_batch batch_view(const struct batch *b, const struct loss *loss, const float *logits,
                             float *dlogits, int64_t leaf);

/* For a loss with totals: writes the sums that each virtual rank adds to them to totals[leaves][loss->totals].
 */
void batch_measure(const struct batch *b, const struct loss *loss, const float *logits, double *totals);

/* Computes the losses of the logits [K][P][N], summed for each virtual rank into `sums`, and their gradient if
 * `dlogits` is not NULL. `totals` [loss->totals] are the sums over the global batch; NULL for a loss without,
 * and in evaluation. */
void batch_loss(struct batch *b, const struct loss *loss, const float *logits, float *dlogits,
                const double *totals);

#endif
