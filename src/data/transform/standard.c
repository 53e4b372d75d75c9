/* standard.c - mean 0 and standard deviation 1. */
#include "data/transform/transform.h"

enum { ARG_PER, ARG_MEAN, ARG_STD };

static const struct arg args[] = {
    TRANSFORM_PER,
    {.name = "mean",
     .kind = ARG_LIST,
     .min = -1e30,
     .max = 1e30,
     .attribute = true,
     .help =
         "of each channel, or one of all, or \"@NAME\", an attribute of the features; empty = measured in the "
         "training set"},
    {.name = "std",
     .kind = ARG_LIST,
     .min = 1e-30,
     .max = 1e30,
     .attribute = true,
     .help = "the same; has to be given where mean is"},
    ARG_END};

static enum transform_needs standard_needs(const struct data_step *s, bool *features)
{
    *features = s->args.of[ARG_PER] == PER_FEATURE;
    return s->args.of[ARG_MEAN] > 0 || s->args.name[ARG_MEAN] ? NEEDS_NOTHING : NEEDS_MOMENTS;
}

static enum status standard_fit(const struct data_step *s, const struct transform_facts *facts, float *a,
                                float *b)
{
    int64_t means = (int64_t)s->args.of[ARG_MEAN], stds = (int64_t)s->args.of[ARG_STD];
    if (means != stds || (means > 1 && means != facts->runs))
        return status_fail(STATUS_CONFIG,
                           "mean has %lld and std %lld numbers; give both 1, or one for each of %lld %ss",
                           (long long)means, (long long)stds, (long long)facts->runs,
                           transform_pers[(int)s->args.of[ARG_PER]]);
    for (int64_t c = 0; c < facts->runs; c++) {
        int64_t at = means > 1 ? c : 0;
        float mean = means ? (float)s->args.list[ARG_MEAN][at] : facts->mean[c];
        float std = means ? (float)s->args.list[ARG_STD][at] : facts->std[c];
        a[c] = 1 / std;
        b[c] = -mean / std;
    }
    return STATUS_OK;
}

extern const struct transform_ops transform_standard;
const struct transform_ops transform_standard = {
    .kind = {"standard", "(x - mean) / std, as sklearn's StandardScaler and torchvision's Normalize", args},
    .form = FORM_AFFINE,
    .needs = standard_needs,
    .fit = standard_fit,
};
