/* dot.c - a model as text for graphviz. */
#include "app/report/graph/private.h"

static void dot_write_node(const struct model *model, int value, FILE *out)
{
    struct graph_label label;
    graph_get_label(model, value, &label);
    fprintf(out, "  n%d [label=\"%s%s%s\\n%s", value, label.title, *label.title ? ": " : "", label.kind,
            label.shape);
    if (label.params) fprintf(out, "\\n%lld parameters", (long long)label.params);
    fputs("\"];\n", out);
}

void graph_write_dot(const struct model *model, FILE *out)
{
    fputs("digraph model {\n  node [shape=box, style=rounded, fontname=\"sans-serif\", fontsize=11];\n", out);
    for (int v = 0; v <= model_layer_count(model); v++) dot_write_node(model, v, out);
    for (int v = 1; v <= model_layer_count(model); v++) {
        int count;
        const int *inputs = graph_get_inputs(model, v, &count);
        for (int i = 0; i < count; i++) fprintf(out, "  n%d -> n%d;\n", inputs[i], v);
    }
    fputs("}\n", out);
}
