/* build.c - builds the model of a configuration. */
#include "train/build.h"

#include "core/mem.h"
#include "train/slices.h"

struct shape build_input_shape(const struct config *config, struct shape data)
{
    struct shape input = config->model.input;
    if (input.c == 0) return data;
    return input.rank == 1 && data.rank != 1 ? shape_2d(1, input.c, input.d[AXIS_W]) : input;
}

enum status build_model(struct model **model, const struct config *config, struct shape input,
                        const struct model_options *options)
{
    *model = NULL;
    struct model_spec *spec = NULL;
    TRY(mem_alloc(&spec, 1, sizeof *spec, "model"));
    *spec = config->model;
    spec->input = build_input_shape(config, input);
    spec->clip_logits = config->clip_logits;
    enum status status = model_create(model, spec, options);
    mem_free(&spec);
    return status;
}

int64_t build_lanes(const struct config *config, int64_t virtual_ranks)
{
    return shape_lanes(slices_max(config->batch, virtual_ranks * config->accumulate));
}
