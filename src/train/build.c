/* build.c - builds the model of a configuration. */
#include "train/build.h"

#include "core/mem.h"
#include "math/kernels.h"
#include "train/slices.h"

struct shape build_input_shape(const struct config *config, struct shape data)
{
    struct shape input = config->model.input;
    if (input.c == 0) return data;
    return input.rank == 1 && data.rank != 1 ? shape_2d(1, input.c, input.d[AXIS_W]) : input;
}

static enum status build_copy_spec(struct model_spec **spec, const struct config *config, struct shape input)
{
    TRY(mem_alloc(spec, 1, sizeof **spec, "model"));
    **spec = config->model;
    (*spec)->input = build_input_shape(config, input);
    (*spec)->clip_logits = config->clip_logits;
    return STATUS_OK;
}

enum status build_model(struct model **model, const struct config *config, struct shape input,
                        const struct model_options *options)
{
    *model = NULL;
    struct model_spec *spec = NULL;
    TRY(build_copy_spec(&spec, config, input));
    enum status status = model_create(model, spec, options);
    mem_free(&spec);
    return status;
}

enum status build_find_outputs(const void *config, struct shape stored, struct dataset_outputs *outputs)
{
    const struct config *c = config;
    struct model_spec *spec = NULL;
    struct sample_shapes shapes;
    struct model_options options = {.lanes = build_lanes(c, c->virtual_ranks)};
    TRY(shapes_find(&shapes, c, stored));
    TRY(kernels_select(&options.kernels, c->isa));
    TRY(build_copy_spec(&spec, c, shapes.input));
    outputs->known = model_find_output(&outputs->of, spec, &options) == STATUS_OK;
    mem_free(&spec);
    if (!outputs->known) return STATUS_OK;
    outputs->input = shapes.input;
    outputs->labels = outputs->of;
    bool follow = shapes_labels_follow(&shapes, outputs->of);
    for (int a = 0; follow && a < SHAPE_AXES; a++) outputs->labels.d[a] = stored.d[a];
    return STATUS_OK;
}

int64_t build_lanes(const struct config *config, int64_t virtual_ranks)
{
    return slices_max(config->batch, virtual_ranks * config->accumulate);
}
