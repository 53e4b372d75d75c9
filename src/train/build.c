#include "train/build.h"

#include "math/blas.h"
#include "math/kernels.h"
#include "core/mem.h"

enum status build_start_math(struct comm *comm, const struct config *config)
{
    blas_start();
    return comm_agree(comm, kernels_select(config->isa));
}

enum status build_check_shape(struct shape want, const struct dataset *d)
{
    struct shape have = dataset_info(d)->shape;
    if (shape_features(want) == shape_features(have)) return STATUS_OK;
    char stored[SHAPE_TEXT], wanted[SHAPE_TEXT];
    shape_text(have, stored);
    shape_text(want, wanted);
    return status_fail(STATUS_DATA, "%s: samples are %s but the model takes %s", dataset_locator(d), stored,
                       wanted);
}

/* Clipped logits are those of a last layer that limits them. */
static enum status limit_outputs(struct model_spec *spec, double bound)
{
    if (bound == 0) return STATUS_OK;
    if (spec->layer_count == MODEL_MAX_LAYERS)
        return status_fail(STATUS_CONFIG, "train.clip_logits needs one layer more than the %d there can be",
                           MODEL_MAX_LAYERS);
    spec->layers[spec->layer_count++] = (struct layer_spec){layer_find("hardtanh"), {-bound, bound}};
    return STATUS_OK;
}

enum status build_model(struct model **model, const struct config *config, struct shape input, int64_t lanes,
                        int64_t most)
{
    struct model_spec *spec = NULL;
    TRY(mem_alloc(&spec, 1, sizeof *spec, "model"));
    *spec = config->model;
    if (spec->input.c == 0) spec->input = input;
    enum status status = limit_outputs(spec, config->clip_logits);
    if (status == STATUS_OK) status = model_create(model, spec, lanes, most);
    mem_free(&spec);
    return status;
}
