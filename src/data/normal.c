/* normal.c - the statistics of channels, and the factors that follow from them. */
#include "data/normalize.h"

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

void normal_finish(struct normal *n)
{
    for (int64_t c = 0; c < n->channels; c++) {
        n->scale[c] = 1 / n->std[c];
        n->shift[c] = -n->mean[c] / n->std[c];
    }
}

void normal_free(struct normal *n)
{
    float **arrays[] = {&n->mean, &n->std, &n->scale, &n->shift};
    for (int i = 0; i < 4; i++) mem_free(arrays[i]);
    transforms_free(&n->transforms);
    n->channels = 0;
}
