/* normal.c - the statistics of channels, and the factors that follow from them. */
#include "data/normalize.h"

#include <math.h>

#include "core/mem.h"

enum status normal_init_empty(struct normal *n, int64_t channels, enum feature_type type)
{
    *n = (struct normal){.channels = channels, .type = type};
    float **arrays[] = {&n->mean, &n->std, &n->scale, &n->shift};
    enum status status = STATUS_OK;
    for (int i = 0; i < 4 && status == STATUS_OK; i++)
        status = mem_alloc(arrays[i], (size_t)channels, sizeof(float), "normalisation");
    if (status != STATUS_OK) normal_free(n);
    for (int64_t c = 0; c < n->channels; c++) n->std[c] = 1;
    return status;
}

enum status normal_add_missing(struct normal *n)
{
    TRY(mem_alloc(&n->missing, (size_t)n->channels, sizeof *n->missing, "normalisation"));
    return mem_alloc(&n->filled, (size_t)n->channels, sizeof *n->filled, "normalisation");
}

void normal_finish(struct normal *n)
{
    for (int64_t c = 0; c < n->channels; c++) {
        n->scale[c] = 1 / n->std[c];
        n->shift[c] = -n->mean[c] / n->std[c];
        if (n->missing) n->filled[c] = n->missing[c] * n->scale[c] + n->shift[c];
    }
}

/* Puts something where values are missing. */
static void normal_fill(const struct normal *n, int64_t features, int64_t lanes, int64_t stride, float *x)
{
    int64_t rows = features / n->channels, run = rows * stride;
    if (lanes == stride) rows = 1, stride = lanes = run; /* without gaps */
    for (int64_t c = 0; c < n->channels; c++) {
        float value = n->filled[c];
        for (int64_t r = 0; r < rows; r++, x += stride)
            for (int64_t i = 0; i < lanes; i++) x[i] = isnan(x[i]) ? value : x[i];
    }
}

/* Gathers lanes from `first` on. */
static void normal_gather_lanes(const struct normal *n, const struct kernels *k, const struct normal_rows *r,
                                int64_t first, int64_t lanes, int64_t stride, float *x)
{
    int64_t left = r->live - first, live = left < 0 ? 0 : left < lanes ? left : lanes;
    int64_t ahead = r->ahead + left - live;
    const struct gather g = {.channels = n->channels,
                             .per_channel = r->features / n->channels,
                             .lanes = lanes,
                             .live = live,
                             .ahead = ahead > 0 ? ahead : 0,
                             .stride = stride,
                             .scale = n->scale,
                             .shift = n->shift};
    if (n->type == FEATURE_U8)
        k->gather_u8(&g, (const uint8_t *const *)r->rows + first, x);
    else
        k->gather_f32(&g, (const float *const *)r->rows + first, x);
    if (n->missing) normal_fill(n, r->features, live, stride, x);
}

void normal_gather(const struct normal *n, const struct kernels *k, const struct normal_rows *r, float *x)
{
    if (!r->room) {
        normal_gather_lanes(n, k, r, 0, r->lanes, r->stride, x);
        transforms_apply(&n->transforms, k, r->live, r->lanes, r->stride, x);
        return;
    }
    for (int64_t first = 0; first < r->lanes; first += TRANSFORM_LANES) {
        int64_t left = r->lanes - first, lanes = left < TRANSFORM_LANES ? left : TRANSFORM_LANES;
        normal_gather_lanes(n, k, r, first, lanes, lanes, r->room);
        transforms_move(&n->transforms, k, r->live - first, lanes, r->room, r->stride, x + first);
    }
}

void normal_free(struct normal *n)
{
    float **arrays[] = {&n->mean, &n->std, &n->scale, &n->shift, &n->missing, &n->filled};
    for (int i = 0; i < 6; i++) mem_free(arrays[i]);
    transforms_free(&n->transforms);
    n->channels = 0;
}
