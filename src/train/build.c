/* build.c - builds the model and selects kernels. */
#include "train/build.h"

#include "math/blas.h"
#include "math/kernels.h"
#include "core/mem.h"

enum status build_start_math(const struct kernels **kernels, struct comm *comm, const struct config *config)
{
    blas_start();
    return comm_agree(comm, kernels_select(kernels, config->isa));
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

enum status build_model(struct model **model, const struct config *config, struct shape input,
                        const struct model_options *options)
{
    *model = NULL;
    struct model_spec *spec = NULL;
    TRY(mem_alloc(&spec, 1, sizeof *spec, "model"));
    *spec = config->model;
    if (spec->input.c == 0) spec->input = input;
    if (spec->input.rank == 1 && input.rank != 1) /* [H, W] */
        spec->input = shape_2d(1, spec->input.c, spec->input.d[AXIS_W]);
    spec->clip_logits = config->clip_logits;
    enum status status = model_create(model, spec, options);
    mem_free(&spec);
    return status;
}
