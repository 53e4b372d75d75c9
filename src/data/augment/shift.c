/* shift.c - moves samples along their axes. */
#include "data/augment/augment.h"

static const struct arg args[] = {
    DATA_ARG_AXES("max", 1 << 30,
                  "largest number of positions, to either side; [2, 4] = along the last two axes"),
    {.name = "mode",
     .kind = ARG_CHOICE,
     .choices = augment_pad_modes,
     .help = "what moves in; circular = what moves out at the other end"},
    AUGMENT_FILL,
    ARG_END};

static enum status shift_check(const struct data_step *s, struct shape in)
{
    return augment_check_beyond(s, in, false);
}

static void shift_move(const struct data_step *s, struct rng_words w, int step, struct geometry *g)
{
    augment_move_beyond(s, w, -1, step, g->to, g);
}

extern const struct augment_ops augment_shift;
const struct augment_ops augment_shift = {
    .kind = {"shift", "moves a sample by a random number of positions along each axis", args},
    .fill_slot = BEYOND_FILL,
    .check = shift_check,
    .move = shift_move,
};
