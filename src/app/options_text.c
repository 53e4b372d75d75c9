/* A resolved configuration as canonical YAML. */
#include <stdlib.h>
#include <string.h>

#include "app/option_table.h"
#include "ddp/mem.h"
#include "ddp/number.h"
#include "ddp/options.h"

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
    for (const char *c = word; *c; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20 || *c == 0x7f)
            fprintf(out, "\\x%02x", (unsigned char)*c);
        else
            fputc(*c, out);
    }
    fputc('"', out);
}

static void write_input(FILE *out, struct shape s)
{
    if (shape_features(s) == 0)
        fputs("auto", out);
    else if (s.h == 1 && s.w == 1)
        fprintf(out, "[%lld]", (long long)s.c);
    else
        fprintf(out, "[%lld, %lld, %lld]", (long long)s.c, (long long)s.h, (long long)s.w);
}

static void write_layers(FILE *out, const struct model_spec *model)
{
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer_spec *layer = &model->layers[i];
        const struct arg *args = layer->ops->args;
        fprintf(out, "\n    - %s", layer->ops->name);
        if (!args || !args[0].name) continue;
        for (int k = 0; args[k].name; k++) {
            char text[ARG_TEXT_SIZE];
            arg_format(&args[k], layer->args[k], text);
            fprintf(out, "%s%s: %s", k ? ", " : ": {", args[k].name, text);
        }
        fputc('}', out);
    }
}

static void write_option(FILE *out, const struct option *o, const struct config *config)
{
    const void *field = (const char *)config + o->offset;
    char number[NUMBER_TEXT_SIZE];
    fprintf(out, "  %s:%s", strchr(o->key, '.') + 1, o->kind == OPTION_LAYERS ? "" : " ");
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
        write_input(out, ((const struct model_spec *)field)->input);
        break;
    case OPTION_LAYERS:
        write_layers(out, field);
        break;
    }
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

static void write_family(FILE *out, const struct family *f, const struct config *config)
{
    struct family_entry entry = family_chosen(f, config);
    const struct arg_values *values = family_values(f, config);
    fprintf(out, "  name: %s\n", entry.name);
    for (int i = 0; entry.args && entry.args[i].name; i++) {
        char text[ARG_TEXT_SIZE] = "";
        fprintf(out, "  %s: ", entry.args[i].name);
        if (entry.args[i].kind == ARG_LIST)
            write_list(out, &entry.args[i], values->list[i], (int64_t)values->of[i]);
        else
            arg_format(&entry.args[i], values->of[i], text);
        fprintf(out, "%s\n", text);
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
