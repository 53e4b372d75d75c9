/* layers.c - the layers of a model as PyTorch code: their modules, and the flow of values through them. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "export/pytorch/private.h"
#include "nn/export/torch.h"

#define VARIABLE 16 /* bytes of a name */
#define CALL     (STATE_DICT_NAME + 32)

/* Returns the module of a layer as text, released with free; NULL if it has none. */
static enum status layers_find_module(const struct layer *l, char **text)
{
    size_t bytes = 0;
    *text = NULL;
    FILE *out = open_memstream(text, &bytes);
    if (!out) return status_fail(STATUS_OTHER, "out of memory for the layers");
    bool has = torch_write_module(l, out);
    fclose(out);
    if (!has) {
        free(*text);
        *text = NULL;
    }
    return STATUS_OK;
}

/* Whether it is a class of its kind's definition and not one of torch's. */
static bool layers_need_definition(const char *module)
{
    return module && strncmp(module, "nn.", 3) != 0;
}

enum status pytorch_write_definitions(const struct export_source *s, FILE *out)
{
    bool written[MODEL_MAX_LAYERS] = {false};
    for (int i = 0; i < model_layer_count(s->model); i++) {
        const struct layer *l = model_layer(s->model, i);
        char *module;
        TRY(layers_find_module(l, &module));
        written[i] = layers_need_definition(module);
        free(module);
        bool again = !written[i];
        for (int k = 0; k < i; k++) again = again || (written[k] && model_layer(s->model, k)->ops == l->ops);
        if (!again) fprintf(out, "%s\n\n", l->ops->torch->definition);
    }
    return STATUS_OK;
}

enum status pytorch_write_layers(const struct export_source *s, FILE *out)
{
    for (int i = 0; i < model_layer_count(s->model); i++) {
        const struct layer *l = model_layer(s->model, i);
        char name[STATE_DICT_NAME], *module;
        state_dict_layer_name(l, name);
        TRY(layers_find_module(l, &module));
        if (module) fprintf(out, "        self.put(\"%s\", %s)\n", name, module);
        free(module);
        if (!l->shared) continue;
        fprintf(out, "        self.share(\"%s\", ", name);
        state_dict_layer_name(l->shared, name);
        fprintf(out, "\"%s\")\n", name);
    }
    return STATUS_OK;
}

/* Finds the last layer that reads a value. */
static int layers_find_last_reader(const struct model *m, int value)
{
    int last = value;
    for (int i = value; i < model_layer_count(m); i++)
        for (int k = 0; k < model_layer(m, i)->input_count; k++)
            if (model_layer(m, i)->inputs[k] == value) last = i;
    return last;
}

/* A value that the next layer alone reads, or that is the output, is x; others have the number of their layer. */
static void layers_name_value(const struct model *m, int value, char name[VARIABLE])
{
    if (layers_find_last_reader(m, value) == value)
        snprintf(name, VARIABLE, "x");
    else if (value == 0)
        snprintf(name, VARIABLE, "x_input");
    else
        snprintf(name, VARIABLE, "x%d", value - 1);
}

static void layers_write_line(const struct model *m, const struct layer *l, FILE *out)
{
    char output[VARIABLE], names[LAYER_MAX_INPUTS][VARIABLE], call[CALL], name[STATE_DICT_NAME];
    const char *inputs[LAYER_MAX_INPUTS];
    for (int i = 0; i < l->input_count; i++) {
        layers_name_value(m, l->inputs[i], names[i]);
        inputs[i] = names[i];
    }
    layers_name_value(m, l->index + 1, output);
    state_dict_layer_name(l, name);
    snprintf(call, sizeof call, "self.layer(\"%s\")", name);
    fprintf(out, "        %s = ", output);
    torch_write_call(l, &(struct torch_call){.out = out, .module = call, .inputs = inputs});
    bool has_module = l->ops->torch->module || l->ops->torch->kind;
    fprintf(out, "  # %s%s(", has_module ? "" : name, has_module ? "" : " ");
    torch_write_shape(out, l->out);
    fputs(")\n", out);
}

void pytorch_write_forward(const struct export_source *s, FILE *out)
{
    char input[VARIABLE];
    layers_name_value(s->model, 0, input);
    fprintf(out, "        %s = self.prepare(x)\n", input);
    for (int i = 0; i < model_layer_count(s->model); i++)
        layers_write_line(s->model, model_layer(s->model, i), out);
    double clip = model_clip_logits(s->model);
    fputs("        return x", out);
    if (s->facts.positions == 1 && model_output_shape(s->model).rank > 0) fputs(".flatten(1)", out);
    if (clip > 0) {
        fputs(".clamp(-", out);
        torch_write_number(out, clip);
        fputs(", ", out);
        torch_write_number(out, clip);
        fputc(')', out);
    }
    fputc('\n', out);
}
