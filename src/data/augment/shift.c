/* shift.c - moves samples along their axes. */
#include "data/augment/augment.h"

enum { ARG_MAX_SHIFT, ARG_MODE, ARG_FILL };
enum { SLOT_MODE = ARG_AXES, SLOT_FILL };

static const struct arg args[] = {
    {.name = "max",
     .kind = ARG_INT,
     .max = 1 << 30,
     .axes = ARG_AXES,
     .last_axes = true,
     .help = "largest number of positions, to either side; [2, 4] = along the last two axes"},
    {.name = "mode",
     .kind = ARG_CHOICE,
     .choices = augment_pad_modes,
     .help = "what moves in; circular = what moves out at the other end"},
    AUGMENT_FILL,
    ARG_END};

static enum status shift_check(const struct data_step *s, struct shape in)
{
    return augment_check_beyond(s, in, (enum pad_mode)s->args.of[SLOT_MODE]);
}

static void shift_move(const struct data_step *s, struct rng_words w, int step, struct geometry *g)
{
    augment_move_beyond(s, (enum pad_mode)s->args.of[SLOT_MODE], w, -1, step, g);
}

extern const struct augment_ops augment_shift;
const struct augment_ops augment_shift = {
    .kind = {"shift", "moves a sample by a random number of positions along each axis", args},
    .fill_slot = SLOT_FILL,
    .check = shift_check,
    .move = shift_move,
};
