/* option_value.c - reads and writes one value: of a loss, an optimizer or a schedule, and data sets. */
#include <string.h>

#include "app/config/value/option_value.h"
#include "app/config/model/tree_text.h"
#include "app/config/options.h"
#include "app/config/yaml.h"
#include "core/mem.h"

/* Reads the elements of a list. Flags and variables have no line and column, so the message also counts
 * elements. */
static enum status option_read_list(const struct arg *arg, const struct yaml_node *node,
                                    struct arg_values *values, int index, const struct yaml_node **at)
{
    if (arg->attribute && node->kind == YAML_SCALAR && node->text[0] == '@' && node->text[1])
        return arg_values_set_name(values, index, node->text + 1);
    if (node->kind != YAML_LIST && !(arg->single && node->kind == YAML_SCALAR))
        return status_fail(STATUS_CONFIG, "expects a list of numbers such as [0.5, 2]%s",
                           arg->attribute ? ", or \"@NAME\" of an attribute of the features" : "");
    if (node->kind == YAML_SCALAR) {
        TRY(arg_values_resize(values, index, 1));
        return arg_parse(arg, node->text, values->list[index]);
    }
    int64_t count = 0;
    for (const struct yaml_node *n = node->child; n; n = n->next) count++;
    TRY(arg_values_resize(values, index, count));
    double *element = values->list[index];
    for (const struct yaml_node *n = node->child; n; n = n->next, element++) {
        *at = n;
        enum status status = n->kind == YAML_SCALAR ? arg_parse(arg, n->text, element)
                                                    : status_fail(STATUS_CONFIG, "expects a number");
        if (status != STATUS_OK)
            return status_at(status, "element %d", (int)(element - values->list[index]) + 1);
    }
    return STATUS_OK;
}

enum status option_read_value(const struct arg *arg, const struct yaml_node *node, struct arg_values *values,
                              int index, const struct yaml_node **at)
{
    *at = node;
    if (arg->kind == ARG_LIST) return option_read_list(arg, node, values, index, at);
    if (node->kind != YAML_SCALAR) return status_fail(STATUS_CONFIG, "expects a single value");
    return arg_parse(arg, node->text, &values->of[index]);
}

static void option_write_list(FILE *out, const struct arg *arg, const double *elements, int64_t count)
{
    fputc('[', out);
    for (int64_t i = 0; i < count; i++) {
        char text[ARG_TEXT_SIZE];
        arg_format(arg, elements[i], text);
        fprintf(out, "%s%s", i ? ", " : "", text);
    }
    fputc(']', out);
}

void option_write_value(FILE *out, const struct arg *arg, const struct arg_values *values, int index)
{
    char text[ARG_TEXT_SIZE], name[256];
    double value = values->of[index];
    bool one = arg->single && value <= 1;
    if (values->name[index]) {
        snprintf(name, sizeof name, "@%s", values->name[index]);
        tree_write_word(out, name, "");
        return;
    }
    if (arg->kind == ARG_LIST && !one) {
        option_write_list(out, arg, values->list[index], (int64_t)value);
        return;
    }
    if (one) value = value == 1 ? values->list[index][0] : arg->default_value;
    arg_format(arg, value, text);
    fputs(text, out);
}

/* ---- data sets of one or several files ---- */

static enum status option_check_locator(const struct yaml_node *node)
{
    if (node->kind != YAML_SCALAR || !*node->text)
        return status_fail(STATUS_CONFIG, "expects a file, a pattern, @LIST, or a list of files");
    if (!strchr(node->text, '\n')) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "a name has a line break; write several files as a list, [a.h5, b.h5]");
}

enum status option_read_locator(const struct yaml_node *node, char **text)
{
    size_t size = 1;
    char *joined = NULL;
    if (node->kind != YAML_LIST) {
        bool none = yaml_is_empty(node);
        if (!none) TRY(option_check_locator(node));
        mem_free(text);
        return mem_copy_text(text, none ? "" : node->text);
    }
    for (const struct yaml_node *n = node->child; n; n = n->next) {
        TRY(option_check_locator(n));
        size += strlen(n->text) + 1;
    }
    TRY(mem_alloc(&joined, size, 1, "list of files"));
    char *to = joined;
    for (const struct yaml_node *n = node->child; n; n = n->next) {
        if (to > joined) *to++ = '\n';
        to += strlen(strcpy(to, n->text));
    }
    mem_free(text);
    *text = joined;
    return STATUS_OK;
}

void option_write_locator(FILE *out, const char *text)
{
    if (!strchr(text, '\n')) {
        tree_write_word(out, text, "");
        return;
    }
    for (const char *from = text, *end; *from; from = *end ? end + 1 : end) {
        char name[4096];
        end = from + strcspn(from, "\n");
        snprintf(name, sizeof name, "%.*s", (int)(end - from), from);
        fputs(from == text ? "[" : ", ", out);
        tree_write_word(out, name, "");
    }
    fputc(']', out);
}

enum status options_read_locator(const char *given, char **text)
{
    struct yaml_node *node = NULL;
    *text = NULL;
    TRY(given[0] == '[' ? yaml_parse(&node, given, "--data") : yaml_scalar(&node, given));
    enum status status = option_read_locator(node, text);
    yaml_destroy(&node);
    return status == STATUS_OK ? status : status_at(status, "--data");
}
