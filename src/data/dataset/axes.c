/* axes.c - which axes of labels and weights are positions of the model's outputs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "data/dataset/private.h"

/* Whether `rank` axes from dims on are the spatial axes of the outputs. */
static bool axes_are_positions(const struct shape *outputs, int rank, const int64_t *dims)
{
    if (rank != outputs->rank) return false;
    for (int i = 0; i < rank; i++)
        if (dims[i] != outputs->d[SHAPE_AXES - rank + i]) return false;
    return true;
}

/* "(N,32,32) or (N,2,32,32)": what labels of the outputs may look like. */
static void axes_expected_text(const struct shape *outputs, char text[2 * SHAPE_TEXT])
{
    char axes[SHAPE_TEXT] = "";
    int used = 0;
    for (int i = 0; i < outputs->rank; i++)
        used += snprintf(axes + used, sizeof axes - (size_t)used, ",%" PRId64,
                         outputs->d[SHAPE_AXES - outputs->rank + i]);
    if (outputs->rank == 0)
        snprintf(text, 2 * SHAPE_TEXT, "(N,) or (N,%" PRId64 ")", outputs->c);
    else
        snprintf(text, 2 * SHAPE_TEXT, "(N%s) or (N,%" PRId64 "%s)", axes, outputs->c, axes);
}

static enum status axes_refuse(const struct source_info *info, const struct shape *outputs)
{
    char stored[INFER_TEXT_SIZE], shape[SHAPE_TEXT], expected[2 * SHAPE_TEXT];
    infer_stored_text(info, stored);
    shape_text(*outputs, shape);
    axes_expected_text(outputs, expected);
    return status_fail(
        STATUS_DATA,
        "%s: labels are %s, but the model's outputs are %s; store labels %s, or change the model",
        info->label_where, stored, shape, expected);
}

/* The labels are the features: position by position if these have the shape of the outputs. */
static enum status axes_of_features(struct pool *s, const struct dataset_outputs *outputs)
{
    char features[SHAPE_TEXT], shape[SHAPE_TEXT];
    if (!outputs) return STATUS_OK;
    s->channels = shape_features(outputs->of);
    if (shape_features(outputs->input) != s->channels) {
        shape_text(outputs->input, features);
        shape_text(outputs->of, shape);
        return status_fail(
            STATUS_DATA,
            "%s: data.y names the features, which are %s, but the model's outputs are %s; give "
            "both as many numbers",
            s->locator, features, shape);
    }
    if (!shape_equal(outputs->input, outputs->of)) return STATUS_OK;
    s->channels = outputs->of.c;
    s->positions = shape_positions(outputs->of);
    return STATUS_OK;
}

/* Leaves out axes of length 1; returns how many are left. */
static int axes_squeeze(int rank, const int64_t *dims, int64_t squeezed[1 + SHAPE_AXES])
{
    int left = 0;
    for (int i = 0; i < rank; i++)
        if (dims[i] != 1) squeezed[left++] = dims[i];
    return left;
}

static enum status axes_of_labels(struct pool *s, const struct shape *outputs, bool *positional)
{
    const struct source_info *info = source_info(s->source);
    int rank = info->label_rank;
    const int64_t *dims = info->label_dims;
    int64_t squeezed[1 + SHAPE_AXES];
    *positional = false;
    if (!outputs || rank == 0) return STATUS_OK;
    if (outputs->rank == 0 && rank > 1) { /* axes of length 1 do not matter */
        rank = axes_squeeze(rank, dims, squeezed);
        if (rank < 2) return STATUS_OK;
    }
    bool last = info->labels_last && rank > 1;
    if (axes_are_positions(outputs, rank, dims) && rank > 0)
        s->channels = 1;
    else if (rank > 1 && axes_are_positions(outputs, rank - 1, last ? dims : dims + 1))
        s->channels = last ? dims[rank - 1] : dims[0];
    else
        return rank == 1 ? STATUS_OK : axes_refuse(info, outputs);
    *positional = true;
    s->positions = s->width / s->channels;
    s->channels_last = last && s->channels > 1 && s->positions > 1;
    return STATUS_OK;
}

static enum status axes_of_weights(const struct pool *s)
{
    const struct source_info *info = source_info(s->source);
    if (!info->has_weights || s->weight_width == 1 || s->weight_width == s->positions) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: data.weights has %" PRId64 " numbers a sample; store one weight a sample%s",
                       s->locator, s->weight_width, s->positions > 1 ? ", or one for each position" : "");
}

enum status dataset_find_axes(struct pool *s, struct infer_options *options,
                              const struct dataset_outputs *outputs)
{
    const struct source_info *info = source_info(s->source);
    bool positional = false;
    if (info->labels_are_features)
        TRY(axes_of_features(s, outputs));
    else if (info->has_labels)
        TRY(axes_of_labels(s, outputs ? &outputs->labels : NULL, &positional));
    options->positional = positional;
    options->channels = s->channels;
    if (outputs) options->outputs = positional ? outputs->of.c : shape_features(outputs->of);
    return axes_of_weights(s);
}

void dataset_channels_first(const struct pool *s, int64_t count, float *rows, float *scratch)
{
    for (int64_t i = 0; i < count; i++) {
        float *row = rows + i * s->width;
        memcpy(scratch, row, (size_t)s->width * sizeof *row);
        for (int64_t p = 0; p < s->positions; p++)
            for (int64_t k = 0; k < s->channels; k++)
                row[k * s->positions + p] = scratch[p * s->channels + k];
    }
}
