/* step.h - what the lists data.augment and data.transforms hold: kinds of steps with their arguments. */
#ifndef DATA_STEP_H
#define DATA_STEP_H

#include "core/arg.h"

/* What is known of a kind wherever lists are read, written and explained. */
struct data_kind {
    const char *name, *help;
    const struct arg *args; /* NULL = none */
};

/* A kind as a configuration chooses it. */
struct data_step {
    const struct data_kind *kind;
    struct arg_values args; /* owned */
};

/* An argument with a whole number for each axis of a sample, 0 .. largest; fewer numbers are those of the last axes. */
#define DATA_ARG_AXES(title, largest, text)                                                                  \
    {                                                                                                        \
        .name = title, .kind = ARG_INT, .max = largest, .axes = ARG_AXES, .last_axes = true, .help = text    \
    }

#define DATA_STEPS_MAX 16

struct data_steps {
    int count;
    struct data_step of[DATA_STEPS_MAX];
};

#endif
