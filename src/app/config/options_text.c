/* options_text.c - a configuration as canonical YAML, and the differences of two of them. */
#include <stdlib.h>
#include <string.h>

#include "app/config/value/option_value.h"
#include "app/config/family.h"
#include "app/config/model/option_init.h"
#include "app/config/model/tree_text.h"
#include "app/config/option_table.h"
#include "core/mem.h"
#include "core/number.h"
#include "app/config/options.h"

static void text_write_input(FILE *out, struct shape s)
{
    int64_t dims[1 + SHAPE_AXES];
    int count = shape_dims(s, dims);
    if (shape_features(s) == 0) {
        fputs("auto", out);
        return;
    }
    for (int i = 0; i < count; i++) fprintf(out, "%s%lld", i ? ", " : "[", (long long)dims[i]);
    fputc(']', out);
}

static void text_write_value_name(FILE *out, const struct model_spec *model, int value)
{
    tree_write_word(out, value == 0 ? "input" : model->layers[value - 1].name, "");
}

/* Writes the inputs of a layer as `from` takes them: a name, or a list of names. */
static void text_write_from(FILE *out, const struct model_spec *model, int index)
{
    int inputs[LAYER_MAX_INPUTS], count = layer_spec_inputs(model, index, inputs);
    if (count > 1) fputc('[', out);
    for (int i = 0; i < count; i++) {
        if (i) fputs(", ", out);
        text_write_value_name(out, model, inputs[i]);
    }
    if (count > 1) fputc(']', out);
}

static bool text_reads_entry_before(const struct model_spec *model, int index)
{
    int inputs[LAYER_MAX_INPUTS];
    return layer_spec_inputs(model, index, inputs) == 1 && inputs[0] == index;
}

/* Writes "kind" or "kind: {argument: value, ...", and returns whether the brace is open. */
static bool text_write_kind(FILE *out, const struct layer_spec *layer)
{
    const struct arg *args = layer->ops->args;
    fputs(layer->ops->name, out);
    if (!args || !args[0].name) return false;
    for (int k = 0; args[k].name; k++) {
        char text[ARG_SLOTS_TEXT_SIZE];
        arg_format_slots(&args[k], layer->args + arg_slot(args, k), text);
        fprintf(out, "%s%s: %s", k ? ", " : ": {", args[k].name, text);
    }
    return true;
}

/* Writes how parameters start if that was said, and returns whether the brace is open. */
static bool text_write_init(FILE *out, const char *key, const struct init *init, bool open)
{
    if (!init->ops) return open;
    fprintf(out, "%s%s: ", open ? ", " : ": {", key);
    option_init_write(out, init);
    return true;
}

/* Writes an entry of model.layers; `from` only where it is not the entry before. */
static void text_write_layer(FILE *out, const struct model_spec *model, int index)
{
    const struct layer_spec *layer = &model->layers[index];
    bool open = text_write_kind(out, layer);
    open = text_write_init(out, "init", &layer->init, open);
    open = text_write_init(out, "bias_init", &layer->bias_init, open);
    if (*layer->name) {
        fputs(open ? ", name: " : ": {name: ", out);
        tree_write_word(out, layer->name, "");
        open = true;
    }
    if (layer->share) {
        fputs(open ? ", share: " : ": {share: ", out);
        tree_write_word(out, model->layers[layer->share - 1].name, "");
        open = true;
    }
    if (!text_reads_entry_before(model, index)) {
        fputs(open ? ", from: " : ": {from: ", out);
        text_write_from(out, model, index);
        open = true;
    }
    if (open) fputc('}', out);
}

static void text_write_value(FILE *out, const struct option *o, const struct config *config, bool expanded)
{
    const void *field = (const char *)config + o->offset;
    const struct model_spec *model = field;
    char number[NUMBER_TEXT_SIZE];
    switch (o->kind) {
    case OPTION_INT:
        fprintf(out, "%lld", (long long)*(const int64_t *)field);
        break;
    case OPTION_REAL:
        number_format(*(const double *)field, number);
        fputs(number, out);
        break;
    case OPTION_BOOL:
        fputs(*(const bool *)field ? "true" : "false", out);
        break;
    case OPTION_TEXT:
        tree_write_word(out, *(char *const *)field, "");
        break;
    case OPTION_LOCATOR:
        option_write_locator(out, *(char *const *)field);
        break;
    case OPTION_CHOICE:
        fputs(o->choices[*(const int *)field], out);
        break;
    case OPTION_PATTERNS:
        option_write_patterns(out, field);
        break;
    case OPTION_GROUPS:
        option_write_groups(out, field);
        break;
    case OPTION_STEPS:
        option_write_steps(out, field);
        break;
    case OPTION_LABEL_MAP:
        option_write_label_map(out, field);
        break;
    case OPTION_INPUT:
        text_write_input(out, model->input);
        break;
    case OPTION_INIT:
        option_init_write(out, o->max == 1 ? &model->bias_init : &model->init);
        break;
    case OPTION_BLOCKS:
        fputs(config->blocks_text, out);
        break;
    case OPTION_LAYERS:
        if (config->layers_text && !expanded) {
            fputs(config->layers_text, out);
            break;
        }
        for (int i = 0; i < model->layer_count; i++) {
            fputs("\n    - ", out);
            text_write_layer(out, model, i);
        }
        break;
    }
}

static void text_write_option(FILE *out, const struct option *o, const struct config *config, bool expanded)
{
    if (o->kind == OPTION_BLOCKS && (!config->blocks_text || expanded)) return;
    bool below = o->kind == OPTION_LAYERS || o->kind == OPTION_BLOCKS; /* the value begins in the next line */
    fprintf(out, "  %s:%s", strchr(o->key, '.') + 1, below ? "" : " ");
    text_write_value(out, o, config, expanded);
    fputc('\n', out);
}

static void text_write_family(FILE *out, const struct family *f, const struct config *config)
{
    struct family_entry entry = family_chosen(f, config);
    if (entry.ops == &sum_of_losses) {
        option_write_losses(out, &config->loss_list, "  ");
        return;
    }
    fprintf(out, "  name: %s\n", entry.name);
    for (int i = 0; entry.args && entry.args[i].name; i++) {
        fprintf(out, "  %s: ", entry.args[i].name);
        option_write_value(out, &entry.args[i], family_values(f, config), i);
        fputc('\n', out);
    }
}

static bool text_is_in_section(const char *key, const char *section)
{
    size_t length = strlen(section);
    return strncmp(key, section, length) == 0 && key[length] == '.';
}

enum status options_text(const struct config *config, bool expanded, char **text)
{
    char *buffer = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&buffer, &bytes);
    if (!out) return status_fail(STATUS_OTHER, "resolved configuration: out of memory");
    for (const char *const *section = option_sections(); *section; section++) {
        fprintf(out, "%s:\n", *section);
        for (const struct option *o = option_table(); o->key; o++)
            if (text_is_in_section(o->key, *section)) text_write_option(out, o, config, expanded);
        const struct family *f = family_find(*section, strlen(*section));
        if (f) text_write_family(out, f, config);
    }
    bool failed = fclose(out) != 0;
    enum status status = failed ? status_fail(STATUS_OTHER, "resolved configuration: out of memory")
                                : mem_copy_text(text, buffer);
    free(buffer);
    return status;
}

/* Two texts that are written side by side and compared. */
struct pair {
    FILE *file[2];
    char *text[2];
    size_t bytes[2];
};

static enum status pair_open(struct pair *p)
{
    *p = (struct pair){.file = {NULL}};
    for (int i = 0; i < 2; i++) p->file[i] = open_memstream(&p->text[i], &p->bytes[i]);
    if (p->file[0] && p->file[1]) return STATUS_OK;
    for (int i = 0; i < 2; i++)
        if (p->file[i]) fclose(p->file[i]);
    for (int i = 0; i < 2; i++) free(p->text[i]);
    return status_fail(STATUS_OTHER, "comparison of configurations: out of memory");
}

static void pair_close(struct pair *p, const char *key, bool may_change, options_difference *each, void *self)
{
    for (int i = 0; i < 2; i++) fclose(p->file[i]);
    if (p->text[0] && p->text[1] && strcmp(p->text[0], p->text[1]) != 0)
        each(self, key, p->text[0], p->text[1], may_change);
    for (int i = 0; i < 2; i++) free(p->text[i]);
}

/* What of a layer is compared, each under a key of its own. */
enum text_part { PART_KIND, PART_FROM, PART_NAME };

static void text_write_part(FILE *out, const struct model_spec *model, int index, enum text_part part)
{
    if (index >= model->layer_count)
        fputs("missing", out);
    else if (part == PART_KIND)
        fputs(text_write_kind(out, &model->layers[index]) ? "}" : "", out);
    else if (part == PART_NAME)
        tree_write_word(out, model->layers[index].name, "");
    else if (text_reads_entry_before(model, index))
        fputs("the entry before", out);
    else
        text_write_from(out, model, index);
}

static bool text_has_same_inputs(const struct model_spec *const model[2], int index)
{
    int inputs[2][LAYER_MAX_INPUTS], count[2];
    for (int side = 0; side < 2; side++) {
        if (index >= model[side]->layer_count) return true; /* the layer itself is the difference */
        count[side] = layer_spec_inputs(model[side], index, inputs[side]);
    }
    return count[0] == count[1] && memcmp(inputs[0], inputs[1], (size_t)count[0] * sizeof **inputs) == 0;
}

static bool text_is_in_both(const struct model_spec *const model[2], int index)
{
    return index < model[0]->layer_count && index < model[1]->layer_count;
}

/* Names may change: they do not change what is computed. */
static enum status options_compare_layers(const struct model_spec *const model[2], options_difference *each,
                                          void *self)
{
    static const char *const keys[] = {"", ".from", ".name"};
    int count = model[0]->layer_count > model[1]->layer_count ? model[0]->layer_count : model[1]->layer_count;
    for (int i = 0; i < count; i++)
        for (enum text_part part = PART_KIND; part <= PART_NAME; part++) {
            struct pair p;
            char key[40];
            if (part == PART_FROM && text_has_same_inputs(model, i)) continue;
            if (part == PART_NAME && !text_is_in_both(model, i)) continue;
            snprintf(key, sizeof key, "model.layers[%d]%s", i, keys[part]);
            TRY(pair_open(&p));
            for (int side = 0; side < 2; side++) text_write_part(p.file[side], model[side], i, part);
            pair_close(&p, key, part == PART_NAME, each, self);
        }
    return STATUS_OK;
}

static enum status options_compare_family(const struct family *f, const struct config *const config[2],
                                          options_difference *each, void *self)
{
    struct family_entry entry[2] = {family_chosen(f, config[0]), family_chosen(f, config[1])};
    char key[64];
    if (entry[0].ops != entry[1].ops) {
        snprintf(key, sizeof key, "%s.name", f->section);
        each(self, key, entry[0].name, entry[1].name, false);
        return STATUS_OK; /* their arguments cannot be compared */
    }
    if (entry[0].ops == &sum_of_losses) {
        struct pair p;
        TRY(pair_open(&p));
        for (int side = 0; side < 2; side++) option_write_losses(p.file[side], &config[side]->loss_list, "");
        pair_close(&p, f->section, false, each, self);
        return STATUS_OK;
    }
    for (int i = 0; entry[0].args && entry[0].args[i].name; i++) {
        struct pair p;
        snprintf(key, sizeof key, "%s.%s", f->section, entry[0].args[i].name);
        TRY(pair_open(&p));
        for (int side = 0; side < 2; side++)
            option_write_value(p.file[side], &entry[0].args[i], family_values(f, config[side]), i);
        pair_close(&p, key, false, each, self);
    }
    return STATUS_OK;
}

enum status options_compare(const struct config *was, const struct config *is, options_difference *each,
                            void *self)
{
    const struct config *config[2] = {was, is};
    for (const struct option *o = option_table(); o->key; o++) {
        struct pair p;
        if (o->kind == OPTION_BLOCKS) continue; /* the layers that follow from them are compared */
        if (o->kind == OPTION_LAYERS) {
            TRY(options_compare_layers((const struct model_spec *const[2]){&was->model, &is->model}, each,
                                       self));
            continue;
        }
        TRY(pair_open(&p));
        for (int side = 0; side < 2; side++) text_write_value(p.file[side], o, config[side], true);
        pair_close(&p, o->key, o->may_change, each, self);
    }
    for (const struct family *f = family_table(); f->section; f++)
        TRY(options_compare_family(f, config, each, self));
    return STATUS_OK;
}
