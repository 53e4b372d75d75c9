/* sets.c - loads data sets as the configuration says. */
#include "train/sets.h"

#include "core/mem.h"
#include "data/store/capacity.h"
#include "train/build.h"

#include <stdio.h>
#include <string.h>

#define SETS_TEXT 96

/* Further sets may be laid out otherwise than the training set, whose shape a checkpoint has. */
static enum status sets_find_outputs(const void *config, struct shape stored, struct dataset_outputs *outputs)
{
    if (build_find_outputs(config, stored, outputs) != STATUS_OK) outputs->known = false;
    return STATUS_OK;
}

static struct store_options sets_get_store(const struct config *c)
{
    return (struct store_options){.kind = (enum data_store)c->data.store,
                                  .scratch_dir = c->data.scratch_dir,
                                  .block = c->data.block,
                                  .window = c->data.window};
}

static struct dataset_labels sets_get_labels(const struct config *c, char text[SETS_TEXT])
{
    struct dataset_labels labels = {.loss = c->loss,
                                    .loss_args = &c->loss_args,
                                    .loss_list = &c->loss_list,
                                    .offset = c->data.label_offset,
                                    .map = &c->data.label_map,
                                    .find_outputs = build_find_outputs,
                                    .self = c};
    if (c->data.labels == LABELS_AUTO) return labels;
    labels.fixed = true;
    labels.kind = (enum target_kind)(c->data.labels - 1);
    snprintf(text, SETS_TEXT, "data.labels is %s", target_name(labels.kind));
    labels.fixed_by = text;
    return labels;
}

/* Where data.val has names of its own. */
static void sets_take_names(struct source_options *options, const struct data_config *c)
{
    if (*c->val_x) options->x = c->val_x;
    if (*c->val_y) options->y = c->val_y;
    if (*c->val_index) options->index = c->val_index;
    if (*c->val_weights) options->weights = c->val_weights;
    if (strcmp(c->val_weights, "none") == 0) options->weights = NULL;
}

enum status sets_load_like(struct dataset **out, struct comm *comm, const struct config *c,
                           const char *locator, enum target_kind kind, enum sets_use use)
{
    char text[SETS_TEXT];
    struct source_options options = source_options_of(&c->data);
    struct dataset_labels labels = sets_get_labels(c, text);
    snprintf(text, sizeof text, "the labels of the training set are %s", target_name(kind));
    labels.fixed = true;
    labels.kind = kind;
    labels.fixed_by = text;
    labels.find_outputs = sets_find_outputs;
    options.weights_optional = true;
    if (use == SETS_VALIDATION) sets_take_names(&options, &c->data);
    options.labels_optional = use >= SETS_PREDICTION;
    options.no_labels = use == SETS_PREDICTION_NO_LABELS;
    if (use >= SETS_PREDICTION && options.shift != 0) options.no_labels = true, options.shift = 0;
    bool others = use == SETS_VALIDATION && *c->data.val_weights;
    if (use >= SETS_PREDICTION || (config_draws_by_weight(c) && !others)) options.weights = NULL;
    if (use >= SETS_PREDICTION && options.missing == MISSING_DROP) options.missing = MISSING_ERROR;
    struct store_options store = sets_get_store(c);
    store.in_order = true;
    if (use != SETS_VALIDATION) store.kind = STORE_WINDOW;
    return dataset_load_into(out, comm, locator, &options, &labels, &store);
}

enum status sets_load_train(struct dataset **out, struct comm *comm, const struct config *c)
{
    char text[SETS_TEXT];
    struct source_options options = source_options_of(&c->data);
    struct dataset_labels labels = sets_get_labels(c, text);
    struct store_options store = sets_get_store(c);
    return dataset_load_into(out, comm, c->data.train, &options, &labels, &store);
}

static double sets_report_one(struct comm *comm, const struct config *c, const char *locator)
{
    double memory = 0;
    char *found = NULL;
    struct source *source = NULL;
    struct source_options names = source_options_of(&c->data);
    struct store_options options = sets_get_store(c);
    options.in_order = names.weights_optional = locator == c->data.val;
    names.quiet = true; /* loading warns */
    if (options.in_order) sets_take_names(&names, &c->data);
    if (dataset_open_source(&source, &found, comm, locator, &names) == STATUS_OK) {
        const struct source_info *info = source_info(source);
        int64_t labels = info->label_width > 0 ? info->label_width : info->has_labels;
        int64_t numbers = labels + (info->has_weights ? info->weight_width : 0);
        memory = capacity_report(
            &(struct store_spec){.comm = comm,
                                 .locator = locator,
                                 .names = &names,
                                 .info = info,
                                 .options = &options,
                                 .other_bytes = (size_t)(info->samples * numbers) * sizeof(float)});
    }
    source_close(&source);
    mem_free(&found);
    return memory;
}

double sets_report_stores(struct comm *comm, const struct config *c)
{
    double memory = sets_report_one(comm, c, c->data.train);
    return *c->data.val ? memory + sets_report_one(comm, c, c->data.val) : memory;
}
