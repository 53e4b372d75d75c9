/* crop.c - pads the axes, and cuts a random part. */
#include "data/augment/augment.h"
#include "data/cut.h"

enum { SLOT_SIZE = BEYOND_FILL + 1 };

static const struct arg args[] = {
    DATA_ARG_AXES("padding", 1 << 20,
                  "positions added before and after each axis; [2, 4] = those of the last two axes"),
    {.name = "mode",
     .kind = ARG_CHOICE,
     .choices = augment_pad_modes,
     .alias = "padding_mode",
     .help = "what they hold"},
    AUGMENT_FILL,
    DATA_ARG_AXES("size", 1 << 30,
                  "positions of each axis that stay, at most those of the sample; 0 = as many as before"),
    ARG_END};

static bool crop_has_size(const struct data_step *s, int rank)
{
    for (int a = SHAPE_AXES - rank; a < SHAPE_AXES; a++)
        if (s->args.of[SLOT_SIZE + a] > 0) return true;
    return false;
}

static enum status crop_cut(const struct data_step *s, struct shape in, struct shape *out)
{
    *out = in;
    return crop_has_size(s, in.rank) ? cut_find_shape(s->args.of + SLOT_SIZE, in, out) : STATUS_OK;
}

static enum status crop_check(const struct data_step *s, struct shape in)
{
    return augment_check_beyond(s, in, crop_has_size(s, in.rank));
}

static void crop_move(const struct data_step *s, struct rng_words w, int step, struct geometry *g)
{
    struct shape result = g->to;
    (void)crop_cut(s, g->to, &result); /* checked before */
    augment_move_beyond(s, w, 1, step, result, g);
}

extern const struct augment_ops augment_crop;
const struct augment_ops augment_crop = {
    .kind =
        {"crop",
         "pads and cuts a random part, as torchvision's RandomCrop; with a size, evaluation takes the middle",
         args},
    .fill_slot = BEYOND_FILL,
    .check = crop_check,
    .cut = crop_cut,
    .move = crop_move,
};
