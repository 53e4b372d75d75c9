/* option_value.c - reads and writes one value of a loss, an optimizer or a schedule. */
#include "app/config/option_table.h"
#include "app/config/yaml.h"

/* Reads the elements of a list. Flags and variables have no line and column, so the message also counts
 * elements. */
static enum status option_read_list(const struct arg *arg, const struct yaml_node *node,
                                    struct arg_values *values, int index, const struct yaml_node **at)
{
    if (node->kind != YAML_LIST)
        return status_fail(STATUS_CONFIG, "expects a list of numbers such as [0.5, 2]");
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
    char text[ARG_TEXT_SIZE];
    if (arg->kind == ARG_LIST) {
        option_write_list(out, arg, values->list[index], (int64_t)values->of[index]);
        return;
    }
    arg_format(arg, values->of[index], text);
    fputs(text, out);
}
