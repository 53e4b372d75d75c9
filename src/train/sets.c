/* sets.c - loads data sets as the configuration says. */
#include "train/sets.h"

#include "train/build.h"

#include <stdio.h>

#define SETS_TEXT 96

static struct dataset_labels sets_get_labels(const struct config *c, char text[SETS_TEXT])
{
    struct dataset_labels labels = {.loss = c->loss,
                                    .loss_args = &c->loss_args,
                                    .loss_list = &c->loss_list,
                                    .offset = c->data.label_offset,
                                    .find_outputs = build_find_outputs,
                                    .self = c};
    if (c->data.labels == LABELS_AUTO) return labels;
    labels.fixed = true;
    labels.kind = (enum target_kind)(c->data.labels - 1);
    snprintf(text, SETS_TEXT, "data.labels is %s", target_name(labels.kind));
    labels.fixed_by = text;
    return labels;
}

enum status sets_load_like(struct dataset **out, struct comm *comm, const struct config *c,
                           const char *locator, enum target_kind kind, bool for_prediction)
{
    char text[SETS_TEXT];
    struct source_options options = source_options_of(&c->data);
    struct dataset_labels labels = sets_get_labels(c, text);
    snprintf(text, sizeof text, "the labels of the training set are %s", target_name(kind));
    labels.fixed = true;
    labels.kind = kind;
    labels.fixed_by = text;
    options.weights_optional = true;
    options.labels_optional = for_prediction;
    if (for_prediction) options.weights = NULL;
    return dataset_load(out, comm, locator, &options, &labels);
}

enum status sets_load_train(struct dataset **out, struct comm *comm, const struct config *c)
{
    char text[SETS_TEXT];
    struct source_options options = source_options_of(&c->data);
    struct dataset_labels labels = sets_get_labels(c, text);
    return dataset_load(out, comm, c->data.train, &options, &labels);
}
