/* onnx.c - layers that normalise, as operators of ONNX: by parts, which all runtimes compute alike. */
#include "nn/layers/norm/axes.h"

int norm_onnx_over(struct onnx *g, int x, int count, const int64_t *axes, double eps, bool centred)
{
    int over = onnx_ints(g, count, axes);
    if (centred) x = ONNX_NODE(g, "Sub", x, ONNX_NODE(g, "ReduceMean", x, over));
    int variance = ONNX_NODE(g, "ReduceMean", ONNX_NODE(g, "Mul", x, x), over);
    int root = ONNX_NODE(g, "Sqrt", ONNX_NODE(g, "Add", variance, onnx_scalar(g, eps)));
    return ONNX_NODE(g, "Div", x, root);
}

int norm_onnx_last(struct onnx *g, int x, struct shape shape, int first, double eps, bool centred)
{
    int64_t axes[1 + SHAPE_AXES];
    int count = 2 + shape.rank - first;
    for (int i = 0; i < count; i++) axes[i] = first + i;
    return norm_onnx_over(g, x, count, axes, eps, centred);
}

int norm_onnx_groups(const struct layer *l, struct onnx *g, int x, int64_t groups, double eps)
{
    int64_t dims[ONNX_AXES] = {0}; /* 0: as it is */
    int rank = 1 + shape_dims(l->in[0], dims + 1);
    int y = norm_onnx_over(g, onnx_group(g, x, groups), 1, &(int64_t){2}, eps, true);
    return norm_onnx_affine(l, g, ONNX_NODE(g, "Reshape", y, onnx_ints(g, rank, dims)));
}

int norm_onnx_affine(const struct layer *l, struct onnx *g, int y)
{
    if (l->tensor_count == 0 || l->tensors[0].role != TENSOR_WEIGHT) return y;
    y = ONNX_NODE(g, "Mul", y, onnx_channels(g, l, 0, l->in[0]));
    return ONNX_NODE(g, "Add", y, onnx_channels(g, l, 1, l->in[0]));
}

/* A weight or bias of channels that do not have one. */
static int norm_onnx_constant(const struct layer *l, struct onnx *g, float value)
{
    float *values;
    int id = onnx_new_floats(g, 1, &l->in[0].c, &values);
    for (int64_t c = 0; values && c < l->in[0].c; c++) values[c] = value;
    return id;
}

int norm_onnx_running(const struct layer *l, struct onnx *g, int x, double eps)
{
    bool affine = l->tensors[0].role == TENSOR_WEIGHT;
    int first = affine ? 2 : 0; /* of the statistics */
    int weight = affine ? onnx_parameter(g, l, 0) : norm_onnx_constant(l, g, 1);
    int bias = affine ? onnx_parameter(g, l, 1) : norm_onnx_constant(l, g, 0);
    int mean = onnx_parameter(g, l, first), variance = onnx_parameter(g, l, first + 1);
    int y = ONNX_NODE(g, "BatchNormalization", x, weight, bias, mean, variance);
    onnx_set_real(g, "epsilon", eps);
    return y;
}
