/* onnx.c - the whole network as a graph of ONNX, with what samples go through before it. */
#include "export/onnx.h"

#include "core/mem.h"
#include "io/protobuf.h"
#include "train/evaluation/predictions.h"

/* Adds all layers; returns the value of the last one. */
static int onnx_add_layers(struct onnx *g, const struct model *m, int *values)
{
    int count = model_layer_count(m);
    for (int i = 0; i < count; i++) {
        const struct layer *l = model_layer(m, i);
        int x[LAYER_MAX_INPUTS];
        char name[STATE_DICT_NAME];
        state_dict_layer_name(l, name);
        onnx_begin(g, name);
        for (int k = 0; k < l->input_count; k++) x[k] = values[l->inputs[k]];
        values[i + 1] = l->ops->onnx(l, g, x);
    }
    return values[count];
}

static enum status onnx_build(struct onnx *g, const struct export_source *s, bool probabilities)
{
    int *values = NULL;
    TRY(mem_alloc(&values, (size_t)model_layer_count(s->model) + 1, sizeof *values, "ONNX graph"));
    values[0] = onnx_add_input(g, s);
    onnx_add_outputs(g, s, probabilities, onnx_add_layers(g, s->model, values));
    mem_free(&values);
    return g->status;
}

static enum status onnx_write(const struct export_source *s, const char *path)
{
    struct onnx g;
    if (s->options.probabilities && !predictions_have_probabilities(&s->loss))
        return status_fail(STATUS_CONFIG, "--probabilities: the loss %s defines none; leave it out",
                           s->loss.ops->name);
    onnx_init(&g, s->params);
    enum status status = onnx_build(&g, s, s->options.probabilities);
    if (status == STATUS_OK)
        status = onnx_write_file(&g, s, path, s->options.external_data ? 0 : PROTOBUF_MAX);
    onnx_free(&g);
    return status;
}

extern const struct export_format format_onnx;
const struct export_format format_onnx = {
    .name = "onnx",
    .ending = ".onnx",
    .help =
        "the whole network with its preprocessing, for onnxruntime and others; classes and normalisation as metadata",
    .takes_options = true,
    .write = onnx_write,
};
