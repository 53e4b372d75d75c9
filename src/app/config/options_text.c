/* A resolved configuration as canonical YAML. */
#include <stdlib.h>
#include <string.h>

#include "app/config/option_table.h"
#include "core/mem.h"
#include "core/number.h"
#include "app/config/options.h"
#include "core/utf8.h"

/* What YAML 1.1 allows as it is in double quotes (c-printable), less what it would fold as an end of line and the byte order
 * mark. */
static bool is_printable(uint32_t code)
{
    bool line_end = code == 0x2028 || code == 0x2029;
    return (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code < 0xfeff && !line_end) ||
           (code > 0xfeff && code < 0xfffe) || code > 0xffff;
}

/* Values are UTF-8 (settings.c sees to it). */
static void write_character(FILE *out, const char *character, size_t length, uint32_t code)
{
    if (code == '"' || code == '\\')
        fprintf(out, "\\%c", (char)code);
    else if (is_printable(code))
        fwrite(character, 1, length, out);
    else
        fprintf(out, code < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)code);
}

/* Plain where nobody can misread it, otherwise in double quotes. */
static void write_word(FILE *out, const char *word)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:+-";
    size_t length = strlen(word);
    if (length && strspn(word, harmless) == length && !strchr("+-:", word[0]) && word[length - 1] != ':' &&
        strcmp(word, "null") != 0) {
        fputs(word, out);
        return;
    }
    fputc('"', out);
    for (size_t used; *word; word += used) {
        uint32_t code;
        used = utf8_decode(word, &code);
        if (used == 0) break;
        write_character(out, word, used, code);
    }
    fputc('"', out);
}

static void write_input(FILE *out, struct shape s)
{
    if (shape_features(s) == 0)
        fputs("auto", out);
    else {
        int64_t dims[1 + SHAPE_AXES];
        int count = shape_dims(s, dims);
        for (int i = 0; i < count; i++) fprintf(out, "%s%lld", i ? ", " : "[", (long long)dims[i]);
        fputc(']', out);
    }
}

static void write_layer(FILE *out, const struct layer_spec *layer)
{
    const struct arg *args = layer->ops->args;
    fputs(layer->ops->name, out);
    if (!args || !args[0].name) return;
    for (int k = 0; args[k].name; k++) {
        char text[ARG_TEXT_SIZE];
        arg_format(&args[k], layer->args[k], text);
        fprintf(out, "%s%s: %s", k ? ", " : ": {", args[k].name, text);
    }
    fputc('}', out);
}

static void write_value(FILE *out, const struct option *o, const struct config *config)
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
        write_word(out, *(char *const *)field);
        break;
    case OPTION_CHOICE:
        fputs(o->choices[*(const int *)field], out);
        break;
    case OPTION_INPUT:
        write_input(out, model->input);
        break;
    case OPTION_LAYERS:
        for (int i = 0; i < model->layer_count; i++) {
            fputs("\n    - ", out);
            write_layer(out, &model->layers[i]);
        }
        break;
    }
}

static void write_option(FILE *out, const struct option *o, const struct config *config)
{
    fprintf(out, "  %s:%s", strchr(o->key, '.') + 1, o->kind == OPTION_LAYERS ? "" : " ");
    write_value(out, o, config);
    fputc('\n', out);
}

static void write_list(FILE *out, const struct arg *arg, const double *elements, int64_t count)
{
    fputc('[', out);
    for (int64_t i = 0; i < count; i++) {
        char text[ARG_TEXT_SIZE];
        arg_format(arg, elements[i], text);
        fprintf(out, "%s%s", i ? ", " : "", text);
    }
    fputc(']', out);
}

static void write_argument(FILE *out, const struct arg *arg, const struct arg_values *values, int index)
{
    char text[ARG_TEXT_SIZE];
    if (arg->kind == ARG_LIST) {
        write_list(out, arg, values->list[index], (int64_t)values->of[index]);
        return;
    }
    arg_format(arg, values->of[index], text);
    fputs(text, out);
}

static void write_family(FILE *out, const struct family *f, const struct config *config)
{
    struct family_entry entry = family_chosen(f, config);
    fprintf(out, "  name: %s\n", entry.name);
    for (int i = 0; entry.args && entry.args[i].name; i++) {
        fprintf(out, "  %s: ", entry.args[i].name);
        write_argument(out, &entry.args[i], family_values(f, config), i);
        fputc('\n', out);
    }
}

static bool in_section(const char *key, const char *section)
{
    size_t length = strlen(section);
    return strncmp(key, section, length) == 0 && key[length] == '.';
}

enum status options_text(const struct config *config, char **text)
{
    char *buffer = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&buffer, &bytes);
    if (!out) return status_fail(STATUS_OTHER, "resolved configuration: out of memory");
    for (const char *const *section = option_sections(); *section; section++) {
        fprintf(out, "%s:\n", *section);
        for (const struct option *o = option_table(); o->key; o++)
            if (in_section(o->key, *section)) write_option(out, o, config);
        const struct family *f = family_find(*section, strlen(*section));
        if (f) write_family(out, f, config);
    }
    bool failed = fclose(out) != 0;
    enum status status = failed ? status_fail(STATUS_OTHER, "resolved configuration: out of memory")
                                : mem_copy_text(text, buffer);
    free(buffer);
    return status;
}

/* Two texts that are written at the same time, and told if they differ. */
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

static enum status compare_layers(const struct model_spec *const model[2], options_difference *each,
                                  void *self)
{
    int most = model[0]->layer_count > model[1]->layer_count ? model[0]->layer_count : model[1]->layer_count;
    for (int i = 0; i < most; i++) {
        struct pair p;
        char key[32];
        snprintf(key, sizeof key, "model.layers[%d]", i);
        TRY(pair_open(&p));
        for (int side = 0; side < 2; side++)
            if (i < model[side]->layer_count)
                write_layer(p.file[side], &model[side]->layers[i]);
            else
                fputs("not there", p.file[side]);
        pair_close(&p, key, false, each, self);
    }
    return STATUS_OK;
}

static enum status compare_family(const struct family *f, const struct config *const config[2],
                                  options_difference *each, void *self)
{
    struct family_entry entry[2] = {family_chosen(f, config[0]), family_chosen(f, config[1])};
    char key[64];
    if (entry[0].ops != entry[1].ops) {
        snprintf(key, sizeof key, "%s.name", f->section);
        each(self, key, entry[0].name, entry[1].name, false);
        return STATUS_OK; /* their arguments have nothing to do with each other */
    }
    for (int i = 0; entry[0].args && entry[0].args[i].name; i++) {
        struct pair p;
        snprintf(key, sizeof key, "%s.%s", f->section, entry[0].args[i].name);
        TRY(pair_open(&p));
        for (int side = 0; side < 2; side++)
            write_argument(p.file[side], &entry[0].args[i], family_values(f, config[side]), i);
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
        if (o->kind == OPTION_LAYERS) {
            TRY(compare_layers((const struct model_spec *const[2]){&was->model, &is->model}, each, self));
            continue;
        }
        TRY(pair_open(&p));
        for (int side = 0; side < 2; side++) write_value(p.file[side], o, config[side]);
        pair_close(&p, o->key, o->may_change, each, self);
    }
    for (const struct family *f = family_table(); f->section; f++) TRY(compare_family(f, config, each, self));
    return STATUS_OK;
}
