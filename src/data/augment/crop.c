/* crop.c - pads the axes, and cuts a random part of the former size. */
#include "data/augment/augment.h"

enum { ARG_PADDING, ARG_MODE, ARG_FILL };
enum { SLOT_MODE = ARG_AXES, SLOT_FILL };

static const struct arg args[] = {
    {.name = "padding",
     .kind = ARG_INT,
     .max = 1 << 20,
     .axes = ARG_AXES,
     .last_axes = true,
     .help = "positions added before and after each axis; [2, 4] = those of the last two axes"},
    {.name = "mode",
     .kind = ARG_CHOICE,
     .choices = augment_pad_modes,
     .alias = "padding_mode",
     .help = "what they hold"},
    AUGMENT_FILL,
    ARG_END};

static int64_t crop_padding(const struct data_step *s, int rank, int axis)
{
    return axis < SHAPE_AXES - rank ? 0 : (int64_t)s->args.of[axis];
}

static bool crop_has_padding(const struct data_step *s, int rank)
{
    int64_t sum = 0;
    for (int a = 0; a < SHAPE_AXES; a++) sum += crop_padding(s, rank, a);
    return sum > 0;
}

static enum status crop_check(const struct data_step *s, struct shape in)
{
    if (in.rank == 0) return status_fail(STATUS_CONFIG, "the samples have no axes, only features");
    if (!crop_has_padding(s, in.rank))
        return status_fail(STATUS_CONFIG, "padding is 0, so there is nothing to choose from");
    for (int a = 0; a < SHAPE_AXES; a++)
        TRY(augment_check_padding((enum pad_mode)s->args.of[SLOT_MODE], crop_padding(s, in.rank, a),
                                  in.d[a]));
    return STATUS_OK;
}

static void crop_move(const struct data_step *s, struct rng_words w, int step, struct geometry *g)
{
    for (int a = 0; a < SHAPE_AXES; a++) {
        int64_t padding = crop_padding(s, g->from.rank, a);
        int64_t first = augment_draw_integer(w.v[a], 2 * padding + 1) - padding;
        if (first == 0) continue;
        for (int64_t i = 0; i < g->to[a]; i++)
            g->next[i] = augment_pad_place((enum pad_mode)s->args.of[SLOT_MODE], first + i, g->to[a], step);
        geometry_move(g, a, g->to[a]);
    }
}

extern const struct augment_ops augment_crop;
const struct augment_ops augment_crop = {
    .kind = {"crop", "pads and cuts a random part of the former size, as torchvision's RandomCrop", args},
    .fill_slot = SLOT_FILL,
    .check = crop_check,
    .move = crop_move,
};
