/* axes.c - which axes layernorm and rmsnorm normalise over. */
#include "nn/layers/norm/axes.h"

/* Positions whose channels are normalised side by side: as many columns as 8 positions of 16 lanes have. */
static int64_t axes_block(int64_t lanes)
{
    return lanes < 16 ? 8 * 16 / lanes : 8;
}

const char *const axes_words[] = {"all", "channels", NULL};

/* The axes that are normalised, as PyTorch orders them, in dims[1 + SHAPE_AXES]; returns their number. */
static int axes_dims(const struct layer *l, double axes, int64_t dims[1 + SHAPE_AXES])
{
    int64_t all[1 + SHAPE_AXES];
    int count = shape_dims(l->in[0], all), kept = axes == AXES_ALL        ? count
                                                  : axes == AXES_CHANNELS ? 1
                                                                          : (int)axes;
    int first = axes == AXES_CHANNELS ? 0 : count - kept;
    for (int i = 0; i < kept && first >= 0; i++) dims[i] = all[first + i];
    return kept;
}

enum status axes_plan(struct layer *l, double axes, bool weight, bool bias)
{
    struct tensor tensor = {.name = "weight", .init_value = 1};
    l->out = l->in[0];
    if (axes > 1 + l->in[0].rank)
        return status_fail(STATUS_CONFIG, "axes: %d, but the input has %d", (int)axes, 1 + l->in[0].rank);
    if (!weight) return STATUS_OK;
    tensor.rank = axes_dims(l, axes, tensor.dims);
    TRY(layer_add_tensor(l, &tensor));
    if (!bias) return STATUS_OK;
    tensor.name = "bias";
    tensor.init_value = 0;
    return layer_add_tensor(l, &tensor);
}

struct norm_groups axes_groups(const struct layer *l, double axes, int64_t lanes)
{
    int64_t positions = shape_positions(l->in[0]), dims[1 + SHAPE_AXES] = {1}, rows = 1;
    if (axes == AXES_CHANNELS) {
        int64_t wanted = axes_block(lanes), block = positions < wanted ? positions : wanted,
                count = (positions + block - 1) / block;
        return (struct norm_groups){.count = count,
                                    .stride = block,
                                    .rows = l->in[0].c,
                                    .row_stride = positions,
                                    .positions = block,
                                    .left = positions - (count - 1) * block,
                                    .rows_per_weight = 1,
                                    .weights = l->in[0].c,
                                    .centred = true};
    }
    int rank = axes_dims(l, axes, dims);
    for (int i = 0; i < rank; i++) rows *= dims[i];
    return (struct norm_groups){.count = shape_features(l->in[0]) / rows,
                                .stride = rows,
                                .rows = rows,
                                .row_stride = 1,
                                .positions = 1,
                                .left = 1,
                                .rows_per_weight = 1,
                                .weights = rows,
                                .centred = true};
}

void axes_write_torch(const struct layer *l, const char *name, double axes, int arguments, FILE *out)
{
    int64_t dims[1 + SHAPE_AXES];
    int count = axes_dims(l, axes, dims);
    fprintf(out, "%s((", name);
    for (int i = 0; i < count; i++) fprintf(out, "%lld,%s", (long long)dims[i], i < count - 1 ? " " : "");
    fputc(')', out);
    torch_write_arguments(l, 1, arguments, out);
    fputc(')', out);
}

void axes_write_torch_call(const struct layer *l, double axes, const struct torch_call *c)
{
    bool moves = axes == AXES_CHANNELS && l->in[0].rank > 0;
    fprintf(c->out, moves ? "%s(%s.movedim(1, -1)).movedim(-1, 1)" : "%s(%s)", c->module, c->inputs[0]);
}

int axes_onnx(const struct layer *l, struct onnx *g, int x, double axes, double eps, bool centred)
{
    int64_t dims[1 + SHAPE_AXES];
    bool channels = axes == AXES_CHANNELS;
    int first = 2 + l->in[0].rank - axes_dims(l, axes, dims);
    int y = channels ? norm_onnx_over(g, x, 1, &(int64_t){1}, eps, centred)
                     : norm_onnx_last(g, x, l->in[0], first, eps, centred);
    for (int i = 0; i < l->tensor_count; i++) {
        int tensor = channels ? onnx_channels(g, l, i, l->in[0]) : onnx_parameter(g, l, i);
        y = ONNX_NODE(g, i == 0 ? "Mul" : "Add", y, tensor);
    }
    return y;
}
