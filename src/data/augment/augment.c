/* augment.c - changed copies of samples. */
#include "data/augment/augment.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "data/cut.h"
#include "nn/losses/loss.h"

static const struct augment_ops *augment_ops_of(const struct data_step *s)
{
    return (const struct augment_ops *)s->kind; /* its first member */
}

const struct data_kind *augment_find_move(const struct data_steps *steps)
{
    for (int i = 0; i < steps->count; i++)
        if (augment_ops_of(&steps->of[i])->move) return steps->of[i].kind;
    return NULL;
}

const struct data_kind *augment_find_spread(const struct data_steps *steps, double low, double high)
{
    for (int i = 0; i < steps->count; i++) {
        const struct data_step *s = &steps->of[i];
        int slot = augment_ops_of(s)->fill_slot;
        bool fills = slot && (s->args.of[slot] < low || s->args.of[slot] > high);
        if (augment_ops_of(s)->spreads || fills) return s->kind;
    }
    return NULL;
}

bool augment_mixes(const struct data_steps *steps)
{
    for (int i = 0; i < steps->count; i++)
        if (augment_ops_of(&steps->of[i])->mix) return true;
    return false;
}

bool augment_blends(const struct data_steps *steps, int64_t positions)
{
    for (int i = 0; i < steps->count; i++)
        if (augment_ops_of(&steps->of[i])->mix && (positions == 1 || augment_ops_of(&steps->of[i])->blends))
            return true;
    return false;
}

/* A word that holds a class or a number, as labels are stored. */
static uint32_t augment_label_word(const struct augment_spec *spec)
{
    int32_t class = spec->ignored == LOSS_IGNORES_NONE ? 0 : (int32_t)spec->ignored;
    uint32_t word = 0;
    if (spec->kind == TARGET_INDEX) memcpy(&word, &class, sizeof word);
    return word;
}

static enum status augment_set_fill(struct augment *a, int step)
{
    const struct data_step *s = &a->spec.steps->of[step];
    int slot = augment_ops_of(s)->fill_slot;
    double value = slot ? s->args.of[slot] : 0;
    float word = (float)value;
    if (a->spec.type == FEATURE_U8 && (value < 0 || value > 255 || value != floor(value)))
        return status_fail(STATUS_CONFIG, "fill: %g is no integer of 0..255, but the features are uint8",
                           value);
    a->fill_bytes[step] = a->spec.type == FEATURE_U8 ? (uint8_t)value : 0;
    memcpy(&a->fill_words[step], &word, sizeof word);
    a->fill_labels[step] = augment_label_word(&a->spec);
    return STATUS_OK;
}

enum status augment_find_shape(const struct data_steps *steps, struct shape in, struct shape *out)
{
    *out = in;
    for (int i = 0; i < steps->count; i++) {
        const struct data_step *s = &steps->of[i];
        struct shape before = *out;
        enum status status = augment_ops_of(s)->cut ? augment_ops_of(s)->cut(s, before, out) : STATUS_OK;
        if (status != STATUS_OK) return status_at(status, "data.augment[%d]: %s", i, s->kind->name);
    }
    return STATUS_OK;
}

/* Labels for each position can follow only if the positions are those of the features. */
static enum status augment_check_positions(const struct augment_spec *spec)
{
    char text[SHAPE_TEXT];
    shape_text(spec->stored, text);
    if (spec->positions == 1 || spec->positions == shape_positions(spec->stored)) return STATUS_OK;
    return status_fail(STATUS_CONFIG,
                       "moves the positions of samples %s, but labels are for %lld other positions", text,
                       (long long)spec->positions);
}

/* Labels are taken from one place or another only if their positions are those of the model's input. */
static enum status augment_check_mix(const struct augment *a, const struct augment_ops *ops)
{
    int64_t positions = shape_positions(a->spec.input);
    if (ops->blends || a->positions == 1 || a->positions == positions) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "labels are for %lld positions, but samples have %lld in the model",
                       (long long)a->positions, (long long)positions);
}

/* Parts of samples need labels that follow, which those for other positions than the model's input do not. */
static enum status augment_check_follow(const struct augment *a)
{
    if (a->positions == a->spec.loss_positions) return STATUS_OK;
    return status_fail(
        STATUS_CONFIG,
        "data.augment: leaves %lld positions of a sample, and labels for each cannot follow to the "
        "%lld of the model's outputs; leave window, or the size of crop, out",
        (long long)a->positions, (long long)a->spec.loss_positions);
}

static enum status augment_check_step(struct augment *a, int step)
{
    const struct data_step *s = &a->spec.steps->of[step];
    const struct augment_ops *ops = augment_ops_of(s);
    if (ops->check) TRY(ops->check(s, ops->move ? a->moved : a->spec.input));
    if (ops->cut) {
        struct shape before = a->moved;
        TRY(ops->cut(s, before, &a->moved));
    }
    if (ops->mix) return augment_check_mix(a, ops);
    if (ops->change && step > 0 && augment_ops_of(s - 1)->mix)
        return status_fail(STATUS_CONFIG, "changes single samples; put it before %s", (s - 1)->kind->name);
    if (!ops->move) return STATUS_OK;
    if (step > 0 && !augment_ops_of(s - 1)->move)
        return status_fail(STATUS_CONFIG, "moves positions; put it before %s", (s - 1)->kind->name);
    TRY(augment_check_positions(&a->spec));
    return augment_set_fill(a, step);
}

static enum status augment_allocate(struct augment *a)
{
    const struct augment_spec *s = &a->spec;
    int64_t rows = s->lanes < AUGMENT_ROWS ? s->lanes : AUGMENT_ROWS;
    int64_t stay = shape_positions(s->cut_labels ? s->input : a->moved);
    int64_t values = (s->width > 0 ? s->width : 1) * stay;
    size_t bytes = a->moves ? (size_t)(shape_features(a->moved) * feature_bytes(s->type)) : 0;
    TRY(geometry_init(&a->geometry, s->stored));
    TRY(mem_alloc(&a->features, (size_t)rows * bytes, 1, "augmentation"));
    if (s->positions > 1)
        TRY(mem_alloc(&a->labels, (size_t)(rows * values), sizeof *a->labels, "augmentation"));
    if (augment_mixes(s->steps) && !s->still) {
        TRY(mem_alloc(&a->share, (size_t)s->lanes, sizeof *a->share, "augmentation"));
        TRY(mem_alloc(&a->other, (size_t)s->lanes, sizeof *a->other, "augmentation"));
        TRY(mem_alloc(&a->box, (size_t)(2 * SHAPE_AXES * s->lanes), sizeof *a->box, "augmentation"));
    }
    if (s->weight_width > 1)
        TRY(mem_alloc(&a->weights, (size_t)(rows * stay), sizeof *a->weights, "augmentation"));
    return STATUS_OK;
}

enum status augment_init(struct augment *a, const struct augment_spec *spec)
{
    struct shape moved;
    *a = (struct augment){.spec = *spec, .moved = spec->stored, .positions = spec->positions};
    TRY(augment_find_shape(spec->steps, spec->stored, &moved));
    if (spec->positions > 1 && spec->positions == shape_positions(spec->stored))
        a->positions = shape_positions(spec->cut_labels ? spec->input : moved);
    a->blends = augment_blends(spec->steps, spec->positions);
    for (int i = 0; i < spec->steps->count; i++) {
        enum status status = augment_check_step(a, i);
        if (status != STATUS_OK)
            return status_at(status, "data.augment[%d]: %s", i, spec->steps->of[i].kind->name);
    }
    TRY(augment_check_follow(a));
    a->moves = spec->still ? !shape_equal(a->moved, spec->stored) : augment_find_move(spec->steps) != NULL;
    enum status status = augment_allocate(a);
    if (status != STATUS_OK) augment_free(a);
    return status;
}

void augment_free(struct augment *a)
{
    geometry_free(&a->geometry);
    mem_free(&a->features);
    mem_free(&a->labels);
    mem_free(&a->weights);
    mem_free(&a->share);
    mem_free(&a->other);
    mem_free(&a->box);
}

/* Lets rows[i] point to a changed copy of `channels` channels of words. */
static void augment_move_words(const struct augment *a, int64_t channels, const uint32_t *fill, uint32_t *to,
                               const void **row)
{
    geometry_copy_words(&a->geometry, a->spec.kernels, channels, *row, fill, to);
    *row = to;
}

static void augment_move_features(const struct augment *a, int64_t i, const void **row)
{
    const struct augment_spec *s = &a->spec;
    char *to = a->features + i * shape_features(a->moved) * feature_bytes(s->type);
    if (s->type == FEATURE_U8)
        geometry_copy_bytes(&a->geometry, s->kernels, s->stored.c, *row, a->fill_bytes, (uint8_t *)to);
    else
        geometry_copy_words(&a->geometry, s->kernels, s->stored.c, *row, a->fill_words, (uint32_t *)to);
    *row = to;
}

/* In evaluation: keeps the middle where the step cuts. */
static void augment_cut_middle(const struct data_step *s, struct geometry *g)
{
    struct shape result = g->to;
    if (!augment_ops_of(s)->cut || augment_ops_of(s)->cut(s, g->to, &result) != STATUS_OK) return;
    for (int axis = 0; axis < SHAPE_AXES; axis++)
        if (result.d[axis] != g->to.d[axis])
            geometry_cut(g, axis, cut_find_middle(g->to.d[axis], result.d[axis]), result.d[axis]);
}

void augment_find_middle(const struct data_steps *steps, struct shape in, int64_t first[SHAPE_AXES])
{
    for (int axis = 0; axis < SHAPE_AXES; axis++) first[axis] = 0;
    for (int i = 0; i < steps->count; i++) {
        struct shape out = in;
        const struct augment_ops *ops = augment_ops_of(&steps->of[i]);
        if (!ops->cut || ops->cut(&steps->of[i], in, &out) != STATUS_OK) continue;
        for (int axis = 0; axis < SHAPE_AXES; axis++) first[axis] += cut_find_middle(in.d[axis], out.d[axis]);
        in = out;
    }
}

/* All moves of a sample become tables. */
static void augment_compose(struct augment *a, int64_t epoch, int64_t key)
{
    const struct augment_spec *s = &a->spec;
    for (int i = 0; i < s->steps->count && augment_ops_of(&s->steps->of[i])->move; i++) {
        const struct data_step *step = &s->steps->of[i];
        if (s->still) {
            augment_cut_middle(step, &a->geometry);
            continue;
        }
        struct rng_words words = rng_words(s->seed, RNG_AUGMENT, augment_counter(epoch, i, 0), (uint64_t)key);
        augment_ops_of(step)->move(step, words, i, &a->geometry);
    }
}

/* Labels and weights for each position. */
static void augment_move_labels(struct augment *a, int64_t i, const struct dataset_rows *rows)
{
    const struct augment_spec *s = &a->spec;
    struct geometry *g = &a->geometry;
    int64_t width = s->width > 0 ? s->width : 1;
    for (int axis = 0; s->cut_labels && axis < SHAPE_AXES; axis++)
        geometry_cut(g, axis, s->cut_first[axis], s->input.d[axis]);
    int64_t stay = shape_positions(g->to);
    if (rows->labels)
        augment_move_words(a, 1, a->fill_labels, a->labels + i * stay, (const void **)&rows->labels[i]);
    if (rows->targets)
        augment_move_words(a, width, a->fill_labels, a->labels + i * width * stay,
                           (const void **)&rows->targets[i]);
    if (rows->weights)
        augment_move_words(a, 1, a->fill_zeros, a->weights + i * stay, (const void **)&rows->weights[i]);
}

void augment_move(struct augment *a, int64_t epoch, const int64_t *keys, int64_t count,
                  const struct dataset_rows *rows)
{
    const struct augment_spec *s = &a->spec;
    assert(count <= AUGMENT_ROWS && count <= s->lanes);
    for (int64_t i = 0; i < count && (a->moves || s->cut_labels); i++) {
        geometry_begin(&a->geometry);
        augment_compose(a, epoch, keys[i]);
        if (a->moves && rows->features) augment_move_features(a, i, &rows->features[i]);
        if (rows->labels || rows->targets || rows->weights) augment_move_labels(a, i, rows);
    }
}

void augment_change(const struct augment *a, int64_t epoch, const int64_t *keys, int64_t live, int64_t lanes,
                    float *x, int64_t stride)
{
    const struct augment_spec *s = &a->spec;
    for (int i = 0; i < s->steps->count && !s->still; i++) {
        const struct augment_ops *ops = augment_ops_of(&s->steps->of[i]);
        const struct augment_view view = {s->kernels, s->seed, epoch,    i, keys,
                                          live,       lanes,   s->input, x, stride};
        if (ops->change) ops->change(&s->steps->of[i], &view);
    }
}

void augment_mix(const struct augment *a, int64_t epoch, const int64_t *keys, int64_t live,
                 const struct augment_rows *rows)
{
    const struct augment_spec *s = &a->spec;
    for (int i = 0; i < s->steps->count && live > 0; i++) {
        const struct augment_ops *ops = augment_ops_of(&s->steps->of[i]);
        const struct augment_mix mix = {.kernels = s->kernels,
                                        .seed = s->seed,
                                        .epoch = epoch,
                                        .step = i,
                                        .keys = keys,
                                        .live = live,
                                        .lanes = s->lanes,
                                        .shape = s->input,
                                        .rows = *rows,
                                        .positions = a->positions,
                                        .width = s->kind == TARGET_INDEX ? s->outputs : s->width,
                                        .share = a->share,
                                        .other = a->other,
                                        .box = a->box};
        if (ops->mix) ops->mix(&s->steps->of[i], &mix);
    }
}
