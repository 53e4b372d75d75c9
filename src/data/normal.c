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

void normal_fill(const struct normal *n, int64_t features, int64_t lanes, int64_t stride, float *x)
{
    if (!n->missing) return;
    int64_t rows = features / n->channels;
    for (int64_t f = 0; f < features; f++, x += stride) {
        float value = n->filled[f / rows];
        for (int64_t i = 0; i < lanes; i++) x[i] = isnan(x[i]) ? value : x[i];
    }
}

void normal_free(struct normal *n)
{
    float **arrays[] = {&n->mean, &n->std, &n->scale, &n->shift, &n->missing, &n->filled};
    for (int i = 0; i < 6; i++) mem_free(arrays[i]);
    transforms_free(&n->transforms);
    n->channels = 0;
}
