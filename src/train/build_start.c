/* build_start.c - selects kernels, and checks a data set against a model. */
#include "core/log.h"
#include "math/blas.h"
#include "math/kernels.h"
#include "train/build.h"

enum status build_start_math(const struct kernels **kernels, struct comm *comm, const struct config *config)
{
    blas_start();
    TRY(comm_agree(comm, kernels_start(kernels, config->isa, config_products(config))));
    if (config->precision == PRECISION_BF16 && comm_rank(comm) == 0 && !kernels_hasten_bf16(*kernels))
        log_warn(
            "train.precision: bf16 is slower than float32 here, up to 4 times: this CPU, or run.isa: %s, is without the "
            "instruction vdpbf16ps, which two others replace",
            (*kernels)->level);
    return STATUS_OK;
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

enum status build_check_input(struct shape want, const struct sample_shapes *s, const struct dataset *d)
{
    if (shape_features(want) == shape_features(s->input)) return STATUS_OK;
    if (shape_equal(s->stored, s->input)) return build_check_shape(want, d);
    char made[SHAPE_TEXT], wanted[SHAPE_TEXT];
    shape_text(s->input, made);
    shape_text(want, wanted);
    return status_fail(
        STATUS_CONFIG,
        "model.input: is %s, but data.augment and data.transforms make samples %s of %s; leave it out",
        wanted, made, dataset_locator(d));
}
