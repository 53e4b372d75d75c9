/* label.c - what is written in a node of a drawing, and where its edges come from. */
#include "app/report/graph/private.h"
#include "app/report/report.h"

void graph_get_label(const struct model *model, int value, struct graph_label *label)
{
    *label = (struct graph_label){.params = 0};
    if (value == 0) {
        snprintf(label->kind, sizeof label->kind, "input");
        shape_text(model_input_shape(model), label->shape);
        return;
    }
    const struct layer *layer = model_layer(model, value - 1);
    if (layer->name) snprintf(label->title, sizeof label->title, "%s", layer->name);
    report_format_layer(layer, label->kind, sizeof label->kind);
    shape_text(layer->out, label->shape);
    for (int t = 0; t < layer_own_tensors(layer); t++) label->params += tensor_count(&layer->tensors[t]);
}

const int *graph_get_inputs(const struct model *model, int value, int *count)
{
    *count = value == 0 ? 0 : model_layer(model, value - 1)->input_count;
    return value == 0 ? NULL : model_layer(model, value - 1)->inputs;
}
