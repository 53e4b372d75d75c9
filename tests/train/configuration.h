/* configuration.h - a small run on synthetic data, for tests of the trainer. */
#ifndef TESTS_TRAIN_CONFIGURATION_H
#define TESTS_TRAIN_CONFIGURATION_H

#include "train/config.h"
#include "spec.h"

#define SAMPLES 1000
#define BATCH   128
#define CLASSES 5

/* Plain gradient descent with rate 1, so that the old minus the new weights are the gradient. */
static inline struct config configuration(int sync_method)
{
    static char train[] = "synthetic:2x7x6:5:1000", val[] = "synthetic:2x7x6:5:333", none[] = "",
                isa[] = "auto";
    struct config c = {.run_name = none,
                       .seed = 3,
                       .data.train = train,
                       .data.val = val,
                       .data.x = none,
                       .data.val_x = none,
                       .data.val_y = none,
                       .data.val_weights = none,
                       .data.index = none,
                       .data.val_index = none,
                       .data.y = none,
                       .data.normalize = NORMALIZE_AUTO,
                       .loss = loss_find("cross_entropy"),
                       .epochs = 2,
                       .batch = BATCH,
                       .virtual_ranks = 8,
                       .shuffle = true,
                       .accumulate = 1,
                       .max_bad_steps = 3,
                       .decay_biases = true,
                       .optim = optim_find("sgd"),
                       .schedule = schedule_find("constant"),
                       .sync_method = sync_method,
                       .checkpoint_best = none,
                       .early_stop = none,
                       .schedule_metric = none,
                       .isa = isa};
    arg_values_defaults(c.loss->args, &c.loss_args);
    arg_values_defaults(c.optim->args, &c.optim_args);
    spec_add(&c.model, "conv2d", 4, 3);
    spec_add(&c.model, "relu", 0, 0);
    spec_add(&c.model, "linear", CLASSES, 0);
    return c;
}

#endif
