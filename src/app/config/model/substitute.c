/* substitute.c - puts values in place of parameters. */
#include "app/config/model/substitute.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"

static enum status substitute_find(const struct substitute *s, const char *name,
                                   const struct yaml_node **value)
{
    int index = s->block ? block_find_parameter(s->block, name) : -1;
    if (index >= 0 && s->values[index]) {
        *value = s->values[index];
        return STATUS_OK;
    }
    if (strcmp(name, "i") == 0)
        return status_fail(
            STATUS_CONFIG,
            "$i is known in the arguments of an entry with 'repeat'; pass it on as an argument");
    struct suggest hint;
    suggest_start(&hint, name);
    for (int i = 0; s->block && i < s->block->parameter_count; i++)
        suggest_offer(&hint, s->block->parameters[i].name);
    return status_fail(STATUS_CONFIG, "there is no parameter '%s' here%s", name, suggest_hint(&hint));
}

/* For expressions: the value must be a single one. `self` is struct substitute_lookup. */
struct substitute_lookup {
    const struct substitute *s;
    char number[EXPRESSION_TEXT];
};

static enum status substitute_look_up(void *self, const char *name, const char **text)
{
    struct substitute_lookup *l = self;
    const struct yaml_node *value;
    *text = l->number;
    if (strcmp(name, "i") == 0 && l->s->repetition >= 0) {
        snprintf(l->number, sizeof l->number, "%d", l->s->repetition);
        return STATUS_OK;
    }
    TRY(substitute_find(l->s, name, &value));
    if (value->kind != YAML_SCALAR || yaml_is_null(value))
        return status_fail(STATUS_CONFIG, "$%s is not a single value", name);
    *text = value->text;
    return STATUS_OK;
}

enum status substitute_text(struct substitute *s, const struct yaml_node *node, const char *text,
                            char value[EXPRESSION_TEXT])
{
    struct substitute_lookup lookup = {.s = s};
    s->place = node;
    return expression_evaluate(text, substitute_look_up, &lookup, value);
}

/* Makes a node that stands where `from` stands. */
static enum status substitute_create(const struct yaml_node *from, enum yaml_kind kind,
                                     struct yaml_node **out)
{
    TRY(mem_alloc(out, 1, sizeof **out, "configuration"));
    (*out)->kind = kind;
    (*out)->line = from->line;
    (*out)->column = from->column;
    (*out)->key_line = from->key_line;
    (*out)->key_column = from->key_column;
    (*out)->plain = from->plain;
    return from->key ? mem_copy_text(&(*out)->key, from->key) : STATUS_OK;
}

/* Errors in a value are reported where it is used. */
static void substitute_move_place(struct yaml_node *node, const struct yaml_node *at)
{
    for (; node; node = node->next) {
        node->line = at->line;
        node->column = at->column;
        substitute_move_place(node->child, at);
    }
}

static enum status substitute_copy_value(struct substitute *s, const struct yaml_node *node,
                                         const struct yaml_node *value, struct yaml_node *copy)
{
    copy->kind = value->kind;
    copy->plain = value->plain;
    if (value->text) TRY(mem_copy_text(&copy->text, value->text));
    struct yaml_node **end = &copy->child;
    for (const struct yaml_node *n = value->child; n; n = n->next, end = &(*end)->next)
        TRY(substitute_copy(s, n, end));
    if (value != node) substitute_move_place(copy->child, node);
    return STATUS_OK;
}

static enum status substitute_fill(struct substitute *s, const struct yaml_node *node, struct yaml_node *copy)
{
    char name[EXPRESSION_NAME], text[EXPRESSION_TEXT];
    const struct yaml_node *value;
    s->place = node;
    if (node->kind != YAML_SCALAR || !expression_is(node->text))
        return substitute_copy_value(s, node, node, copy);
    if (expression_is_parameter(node->text, name) && strcmp(name, "i") != 0) {
        TRY(substitute_find(s, name, &value));
        return substitute_copy_value(s, node, value, copy);
    }
    TRY(substitute_text(s, node, node->text, text));
    copy->plain = true;
    return mem_copy_text(&copy->text, text);
}

enum status substitute_copy(struct substitute *s, const struct yaml_node *node, struct yaml_node **copy)
{
    enum status status = substitute_create(node, node->kind, copy);
    if (status == STATUS_OK) status = substitute_fill(s, node, *copy);
    return status;
}

void substitute_free(struct substitute *s)
{
    for (int i = 0; i < BLOCK_MAX_PARAMETERS; i++) yaml_destroy(&s->values[i]);
}
