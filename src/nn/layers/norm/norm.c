/* norm.c - what layers that normalise share. */
#include "nn/layers/norm/norm.h"

#include <assert.h>
#include <math.h>

enum status norm_add_affine(struct layer *l)
{
    int64_t channels = l->in[0].c;
    TRY(layer_add_tensor(l,
                         &(struct tensor){.name = "weight", .dims = {channels}, .rank = 1, .init_value = 1}));
    return layer_add_tensor(l, &(struct tensor){.name = "bias", .dims = {channels}, .rank = 1});
}

enum status norm_add_running(struct layer *l, double momentum)
{
    struct tensor statistic = {.name = "running_mean",
                               .role = TENSOR_STATISTIC,
                               .dims = {l->in[0].c},
                               .rank = 1,
                               .momentum = momentum};
    TRY(layer_add_tensor(l, &statistic));
    statistic.name = "running_var";
    statistic.init_value = 1;
    return layer_add_tensor(l, &statistic);
}

struct channel_map norm_map(const struct layer *l, const struct pass *p, int64_t channel, double mean,
                            double factor)
{
    bool affine = l->tensor_count > 0 && l->tensors[0].role == TENSOR_WEIGHT;
    double weight = affine ? p->params[l->tensors[0].offset + channel] : 1;
    double bias = affine ? p->params[l->tensors[1].offset + channel] : 0;
    double scale = weight * factor;
    float rounded = (float)mean;
    return (struct channel_map){rounded, (float)scale, (float)(bias + ((double)rounded - mean) * scale)};
}

void norm_forward_running(const struct layer *l, const struct pass *p, double eps, const float *x, float *y)
{
    struct channel_map *maps = l->scratch;
    const float *mean = p->params + l->tensors[l->tensor_count - 2].offset;
    const float *variance = p->params + l->tensors[l->tensor_count - 1].offset;
    struct channel_norm n = {.channels = l->in[0].c,
                             .positions = shape_positions(l->in[0]),
                             .lanes = p->lanes,
                             .leaves = 1,
                             .relu = l->relu_out};
    for (int64_t c = 0; c < n.channels; c++)
        maps[c] = norm_map(l, p, c, mean[c], 1 / sqrt(variance[c] + eps));
    l->kernels->norm_apply(&n, maps, x, y);
}

void norm_tree_add(struct norm_tree *t, float operand)
{
    for (int64_t done = t->count; done & 1; done >>= 1) operand = t->waiting[--t->height] + operand;
    t->waiting[t->height++] = operand;
    t->count++;
}

float norm_tree_sum(const struct norm_tree *t)
{
    assert(t->height == 1);
    return t->waiting[0];
}

void norm_write_torch(const struct layer *l, const char *kind, int arguments, FILE *out)
{
    int axes = l->in[0].rank > 0 ? l->in[0].rank : 1;
    fprintf(out, "nn.%s%dd(%lld", kind, axes, (long long)l->in[0].c);
    torch_write_arguments(l, 0, arguments, out);
    fputc(')', out);
}
