/* crop.c - pads the axes, and cuts a random part of the former size. */
#include "data/augment/augment.h"

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

static void crop_move(const struct data_step *s, struct rng_words w, int step, struct geometry *g)
{
    augment_move_beyond(s, w, 1, step, g);
}

extern const struct augment_ops augment_crop;
const struct augment_ops augment_crop = {
    .kind = {"crop", "pads and cuts a random part of the former size, as torchvision's RandomCrop", args},
    .fill_slot = BEYOND_FILL,
    .check = augment_check_beyond,
    .move = crop_move,
};
