/* report.c - the start-up report. */
#include "app/report/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "data/source/files/locators.h"

#define LINE_SIZE     512
#define LEFT_OUT_SIZE 80

void report_time(double seconds, char text[REPORT_TIME_SIZE])
{
    if (!isfinite(seconds) || seconds < 0) seconds = 0;
    long long whole = llround(seconds);
    if (whole >= 3600)
        snprintf(text, REPORT_TIME_SIZE, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, REPORT_TIME_SIZE, "%lld:%02lld", whole / 60, whole % 60);
}

void report_format_layer(const struct layer *layer, char *text, size_t size)
{
    const struct arg *args = layer->ops->args;
    size_t used = (size_t)snprintf(text, size, "%s", layer->ops->name);
    const char *separator = " ";
    for (int i = 0; args && args[i].name && used < size; i++) {
        const double *slots = layer->args + arg_slot(args, i);
        if (i > 0 && arg_equals(&args[i], slots, args[i].default_value)) continue;
        char value[ARG_SLOTS_TEXT_SIZE];
        arg_format_slots(&args[i], slots, value);
        used += (size_t)snprintf(text + used, size - used, "%s%s %s", separator, args[i].name, value);
        separator = ", ";
    }
}

/* Writes ", from stem, input", or "" if the layer reads the layer before. */
static void report_format_inputs(const struct model *model, const struct layer *layer, char text[LINE_SIZE])
{
    size_t used = 0;
    text[0] = '\0';
    if (layer->input_count == 1 && layer->inputs[0] == layer->index) return;
    for (int i = 0; i < layer->input_count && used < LINE_SIZE; i++) {
        int value = layer->inputs[i];
        const char *name = value == 0 ? "input" : model_layer(model, value - 1)->name;
        used +=
            (size_t)snprintf(text + used, LINE_SIZE - used, "%s%s", i ? ", " : "  from ", name ? name : "?");
    }
}

/* Writes "stem: conv2d out 6, kernel 5". */
static void report_format_named(const struct layer *layer, char text[LINE_SIZE])
{
    int used = layer->name ? snprintf(text, LINE_SIZE, "%s: ", layer->name) : 0;
    report_format_layer(layer, text + used, LINE_SIZE - (size_t)used);
}

/* Returns the width of the first column of the table of layers. */
static int report_find_width(const struct model *model)
{
    int width = 34;
    char text[LINE_SIZE];
    for (int i = 0; i < model_layer_count(model); i++) {
        report_format_named(model_layer(model, i), text);
        if ((int)strlen(text) > width) width = (int)strlen(text);
    }
    return width;
}

static void report_layer(const struct model *model, const struct layer *layer, int width)
{
    char shape[SHAPE_TEXT], text[LINE_SIZE], inputs[LINE_SIZE], params[32] = "";
    int64_t count = 0;
    for (int t = 0; t < layer_own_tensors(layer); t++) count += tensor_parameters(&layer->tensors[t]);
    if (count) snprintf(params, sizeof params, "%lld", (long long)count);
    shape_text(layer->out, shape);
    report_format_named(layer, text);
    report_format_inputs(model, layer, inputs);
    if (count || *inputs)
        log_info("  %-*s %16s %12s%s", width, text, shape, params, inputs);
    else
        log_info("  %-*s %16s", width, text, shape);
}

static void report_model(const struct trainer_info *info)
{
    char shape[SHAPE_TEXT];
    int width = report_find_width(info->model);
    shape_text(info->input, shape);
    log_info("  %-*s %16s %12s", width, "layer", "output", "parameters");
    log_info("  %-*s %16s", width, "input", shape);
    for (int i = 0; i < model_layer_count(info->model); i++)
        report_layer(info->model, model_layer(info->model, i), width);
    log_info("  %-*s %16s %12lld", width, "total", "", (long long)model_param_count(info->model));
}

static const char *report_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void report_format_range(char text[64], int64_t min, int64_t max)
{
    if (min == max)
        snprintf(text, 64, "%lld", (long long)max);
    else
        snprintf(text, 64, "%lld %s %lld", (long long)min, max - min == 1 ? "or" : "to", (long long)max);
}

static void report_batch(const struct config *config, const struct trainer_info *info)
{
    char samples[64], share[64], passes[48] = "";
    if (config->accumulate > 1)
        snprintf(passes, sizeof passes, " x %lld passes", (long long)config->accumulate);
    report_format_range(samples, info->slice_min, info->slice_max);
    report_format_range(share, info->rank_min, info->rank_max);
    log_info("batch    %lld global = %lld virtual ranks%s x %s samples; %s per MPI rank",
             (long long)config->batch, (long long)info->virtual_ranks, passes, samples, share);
    log_info("train    %lld epoch%s x %lld steps, %s lr %g, schedule %s, loss %s", (long long)config->epochs,
             report_plural(config->epochs), (long long)info->steps_per_epoch, config->optim->name,
             config->optim_args.of[0], config->schedule->name, config->loss->name);
}

/* Returns what the outputs of the model are. */
static const char *report_output_word(enum target_kind kind, int64_t count)
{
    if (kind == TARGET_VALUES) return count == 1 ? "target" : "targets";
    if (kind == TARGET_MULTILABEL) return count == 1 ? "label" : "labels";
    return count == 1 ? "class" : "classes";
}

static void report_left_out(int64_t count, char text[LEFT_OUT_SIZE])
{
    text[0] = '\0';
    if (count) snprintf(text, LEFT_OUT_SIZE, "; %lld more cannot be read and are left out", (long long)count);
}

static void report_val(const struct config *config, const struct trainer_info *info)
{
    const char *weights = info->has_weights && !info->val_has_weights ? ", without weights" : "";
    char title[LOCATORS_TITLE], left_out[LEFT_OUT_SIZE];
    locators_title(config->data.val, title);
    report_left_out(info->val_left_out, left_out);
    if (config->data.val_fraction > 0)
        log_info("         validation: a fraction of %g, %lld samples", config->data.val_fraction,
                 (long long)info->val_samples);
    else if (info->val_samples)
        log_info("         %s: %lld samples%s%s", title, (long long)info->val_samples, weights, left_out);
}

/* Logs the kind of labels that was found, and how values are normalized. */
static void report_labels(const struct config *config, const struct trainer_info *info)
{
    const struct data_config *d = &config->data;
    bool by_weight = config_draws_by_weight(config);
    log_info("labels   %s: %s%s%s%s%s", info->label_text, target_name(info->kind),
             config->data.labels == LABELS_AUTO ? "" : ", as set by data.labels",
             config->data.target_normalize == TARGET_NORMALIZE_NONE
                 ? ""
                 : ", each target normalized to mean 0 and standard deviation 1",
             info->has_weights ? ", samples weighted by " : "",
             info->has_weights ? config->data.weights : "");
    if (d->label_map.count > 0 || d->label_map.ignores_others)
        log_info("         classes as data.label_map says");
    else if (d->label_offset != 0)
        log_info("         classes count from %lld in the file (data.label_offset)",
                 (long long)d->label_offset);
    if (d->shift != 0)
        log_info("         those of %lld samples %s (data.shift); the %s of a file have none and are left out",
                 (long long)llabs(d->shift), d->shift > 0 ? "later" : "earlier",
                 d->shift > 0 ? "last" : "first");
    if (config->sampler != SAMPLER_ONCE)
        log_info("         an epoch draws samples with replacement, %s%s (train.sampler)",
                 by_weight ? "by " : "each class equally often", by_weight ? d->weights : "");
}

static void report_class_names(const struct trainer_info *info)
{
    bool classes = info->kind == TARGET_INDEX || info->kind == TARGET_ONEHOT || info->kind == TARGET_PROBS;
    if (!classes || info->class_names || info->stored_names == 0) return;
    log_warn(
        "class_names: the data have %lld names for %lld classes; the names are left out, correct them in the "
        "file",
        (long long)info->stored_names, (long long)info->classes);
}

void report_start(const struct config *config, const struct comm *comm, const struct trainer_info *info)
{
    char shape[SHAPE_TEXT], input[SHAPE_TEXT], title[LOCATORS_TITLE], left_out[LEFT_OUT_SIZE];
    bool changed = !shape_equal(info->shape, info->input);
    shape_text(info->shape, shape);
    shape_text(info->input, input);
    locators_title(config->data.train, title);
    log_info("ddp_train %s: %s", DDP_VERSION, config->run_name);
    log_info("machine  %d rank%s on %d node%s, OpenBLAS %s, kernels %s, %.1f MB shared per node",
             comm_size(comm), report_plural(comm_size(comm)), comm_nodes(comm),
             report_plural(comm_nodes(comm)), info->blas, info->isa,
             (info->window_bytes + info->copy_bytes) / 1e6);
    if (comm_crowded(comm))
        log_warn("more ranks than cores on this machine: ranks share cores and run slower");
    report_left_out(info->train_left_out, left_out);
    log_info("data     %s: %lld samples of %s %s%s%s, %lld %s%s", title, (long long)info->train_samples,
             shape, info->feature_type, changed ? ", in the model " : "", changed ? input : "",
             (long long)info->classes, report_output_word(info->kind, info->classes), left_out);
    report_val(config, info);
    report_labels(config, info);
    report_class_names(info);
    report_batch(config, info);
    report_model(info);
}
