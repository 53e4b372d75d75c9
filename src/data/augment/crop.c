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

static enum status crop_check(const struct data_step *s, struct shape in)
{
    return augment_check_beyond(s, in, (enum pad_mode)s->args.of[SLOT_MODE]);
}

static void crop_move(const struct data_step *s, struct rng_words w, int step, struct geometry *g)
{
    augment_move_beyond(s, (enum pad_mode)s->args.of[SLOT_MODE], w, 1, step, g);
}

extern const struct augment_ops augment_crop;
const struct augment_ops augment_crop = {
    .kind = {"crop", "pads and cuts a random part of the former size, as torchvision's RandomCrop", args},
    .fill_slot = SLOT_FILL,
    .check = crop_check,
    .move = crop_move,
};
