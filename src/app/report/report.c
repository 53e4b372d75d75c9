#include "app/report/report.h"

#include <math.h>
#include <stdio.h>

#include "core/log.h"

#define LINE_SIZE 512

void report_time(double seconds, char text[REPORT_TIME_SIZE])
{
    if (!isfinite(seconds) || seconds < 0) seconds = 0;
    long long whole = llround(seconds);
    if (whole >= 3600)
        snprintf(text, REPORT_TIME_SIZE, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        snprintf(text, REPORT_TIME_SIZE, "%lld:%02lld", whole / 60, whole % 60);
}

/* "conv2d out 6, kernel 5": the first argument and those that are not at their default. */
static void layer_text(const struct layer *layer, char text[LINE_SIZE])
{
    const struct arg *args = layer->ops->args;
    int used = snprintf(text, LINE_SIZE, "%s", layer->ops->name);
    const char *separator = " ";
    for (int i = 0; args && args[i].name && used < LINE_SIZE; i++) {
        if (i > 0 && layer->args[i] == args[i].standard) continue;
        char value[ARG_TEXT_SIZE];
        arg_format(&args[i], layer->args[i], value);
        used += snprintf(text + used, LINE_SIZE - (size_t)used, "%s%s %s", separator, args[i].name, value);
        separator = ", ";
    }
}

static void report_model(const struct trainer_info *info)
{
    char shape[SHAPE_TEXT], text[LINE_SIZE];
    shape_text(info->shape, shape);
    log_info("  %-34s %16s %12s", "layer", "output", "parameters");
    log_info("  %-34s %16s", "input", shape);
    for (int i = 0; i < model_layer_count(info->model); i++) {
        const struct layer *layer = model_layer(info->model, i);
        int64_t count = 0;
        for (int t = 0; t < layer->tensor_count; t++) count += tensor_count(&layer->tensors[t]);
        shape_text(layer->out, shape);
        layer_text(layer, text);
        if (count)
            log_info("  %-34s %16s %12lld", text, shape, (long long)count);
        else
            log_info("  %-34s %16s", text, shape);
    }
    log_info("  %-34s %16s %12lld", "total", "", (long long)model_param_count(info->model));
}

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static void format_range(char text[64], int64_t min, int64_t max)
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
    format_range(samples, info->slice_min, info->slice_max);
    format_range(share, info->rank_min, info->rank_max);
    log_info("batch    %lld global = %lld virtual ranks%s x %s samples; %s per MPI rank",
             (long long)config->batch, (long long)info->virtual_ranks, passes, samples, share);
    log_info("train    %lld epoch%s x %lld steps, %s lr %g, schedule %s, loss %s", (long long)config->epochs,
             plural(config->epochs), (long long)info->steps_per_epoch, config->optim->name,
             config->optim_args.of[0], config->schedule->name, config->loss->name);
}

/* What the outputs of the model stand for. */
static const char *output_word(enum target_kind kind, int64_t count)
{
    if (kind == TARGET_VALUES) return count == 1 ? "target" : "targets";
    if (kind == TARGET_MULTILABEL) return count == 1 ? "label" : "labels";
    return count == 1 ? "class" : "classes";
}

static void report_val(const struct config *config, const struct trainer_info *info)
{
    const char *weights = info->has_weights && !info->val_has_weights ? ", without weights" : "";
    if (config->data.val_fraction > 0)
        log_info("         a share of %g for evaluation: %lld samples", config->data.val_fraction,
                 (long long)info->val_samples);
    else if (info->val_samples)
        log_info("         %s: %lld samples%s", config->data.val, (long long)info->val_samples, weights);
}

/* Which kind was found, and what is done with the values. */
static void report_labels(const struct config *config, const struct trainer_info *info)
{
    log_info(
        "labels   %s: %s%s%s%s%s", info->label_text, target_name(info->kind),
        config->data.labels == LABELS_AUTO ? "" : ", as data.labels says",
        config->data.target_normalize == TARGET_NORMALIZE_NONE ? ""
                                                               : ", each target with mean 0 and deviation 1",
        info->has_weights ? ", samples weighted by " : "", info->has_weights ? config->data.weights : "");
}

void report_start(const struct config *config, const struct comm *comm, const struct trainer_info *info)
{
    char shape[SHAPE_TEXT];
    shape_text(info->shape, shape);
    log_info("ddp_train %s: %s", DDP_VERSION, config->run_name);
    log_info("machine  %d rank%s on %d node%s, OpenBLAS %s, kernels %s, %.1f MB shared per node",
             comm_size(comm), plural(comm_size(comm)), comm_nodes(comm), plural(comm_nodes(comm)), info->blas,
             info->isa, (info->window_bytes + info->copy_bytes) / 1e6);
    if (comm_crowded(comm)) log_warn("more ranks than cores on this machine: they will take turns");
    log_info("data     %s: %lld samples of %s %s, %lld %s", config->data.train,
             (long long)info->train_samples, shape, info->feature_type, (long long)info->classes,
             output_word(info->kind, info->classes));
    report_val(config, info);
    report_labels(config, info);
    report_batch(config, info);
    report_model(info);
}
