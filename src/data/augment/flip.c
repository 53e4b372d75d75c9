/* flip.c - reverses axes at random. */
#include "data/augment/augment.h"

#include <string.h>

enum { ARG_AXIS, ARG_P };

static const char *const axes[] = {"w", "h", "d", "hw", "dw", "dh", "dhw", NULL};
static const struct arg args[] = {{.name = "axis",
                                   .kind = ARG_CHOICE,
                                   .choices = axes,
                                   .help = "axes that are reversed, each by a draw of its own"},
                                  AUGMENT_P("0.5 in torchvision: probability for each axis", 0.5),
                                  ARG_END};

static enum status flip_check(const struct data_step *s, struct shape in)
{
    const char *names = axes[(int)s->args.of[ARG_AXIS]];
    for (int a = 0; a < SHAPE_AXES - in.rank; a++)
        if (strchr(names, augment_axis_names[a]))
            return status_fail(STATUS_CONFIG, "axis %s: the samples have no axis %c", names,
                               augment_axis_names[a]);
    return STATUS_OK;
}

static void flip_move(const struct data_step *s, struct rng_words w, int step, struct geometry *g)
{
    (void)step;
    const char *names = axes[(int)s->args.of[ARG_AXIS]];
    for (int a = 0; a < SHAPE_AXES; a++) {
        if (!strchr(names, augment_axis_names[a]) || rng_unit(w.v[a]) >= (float)s->args.of[ARG_P]) continue;
        geometry_reverse(g, a);
    }
}

extern const struct augment_ops augment_flip;
const struct augment_ops augment_flip = {
    .kind = {"flip", "reverses an axis, as torchvision's RandomHorizontalFlip (w) and RandomVerticalFlip (h)",
             args},
    .check = flip_check,
    .move = flip_move,
};
