/* option_loss.c - reads and writes a weighted sum of losses: `loss` as a list. */
#include <stdio.h>
#include <string.h>

#include "app/config/value/option_value.h"
#include "app/config/settings.h"
#include "app/config/suggest.h"
#include "core/number.h"

#define SCALE                                                                                                \
    "scale" /* of the sum; `weight: NUMBER` says the same, `weight: [...]` are the weights of classes */

static enum status option_loss_find(const struct yaml_node *entry, const struct loss_ops **ops)
{
    const struct yaml_node *name = entry->kind == YAML_MAP ? entry->child : NULL;
    while (name && strcmp(name->key, "name") != 0) name = name->next;
    if (!name || name->kind != YAML_SCALAR)
        return status_fail(STATUS_CONFIG, "an entry is {name: LOSS, scale: NUMBER, argument: value}");
    *ops = loss_find(name->text);
    if (*ops) return STATUS_OK;
    struct suggest s;
    suggest_start(&s, name->text);
    for (const struct loss_ops *const *o = loss_registry(); *o; o++) suggest_offer(&s, (*o)->name);
    return status_fail(STATUS_CONFIG, "unknown loss '%s'%s (see 'ddp_train help losses')", name->text,
                       suggest_hint(&s));
}

static bool option_loss_is_scale(const struct yaml_node *node)
{
    return strcmp(node->key, SCALE) == 0 || (strcmp(node->key, "weight") == 0 && node->kind == YAML_SCALAR);
}

static enum status option_loss_read_scale(const struct yaml_node *node, double *scale)
{
    if (node->kind != YAML_SCALAR) return status_fail(STATUS_CONFIG, "%s: expects a number", node->key);
    TRY(number_parse_real(node->text, scale));
    if (*scale >= 0 && *scale <= 1e30) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "%s: %s is outside 0..1e+30", node->key, node->text);
}

static enum status option_loss_read_key(const struct yaml_node *node, struct loss_choice *choice)
{
    const struct yaml_node *at;
    if (strcmp(node->key, "name") == 0) return STATUS_OK;
    if (option_loss_is_scale(node)) return option_loss_read_scale(node, &choice->scale);
    int index = arg_find(choice->ops->args, node->key);
    if (index < 0) {
        struct suggest s;
        suggest_start(&s, node->key);
        for (const struct arg *a = choice->ops->args; a->name; a++) suggest_offer(&s, a->name);
        suggest_offer(&s, SCALE);
        return status_fail(STATUS_CONFIG, "%s has no '%s'%s", choice->ops->name, node->key, suggest_hint(&s));
    }
    enum status status = option_read_value(&choice->ops->args[index], node, &choice->args, index, &at);
    return status == STATUS_OK ? status : status_at(status, "%s: %s", choice->ops->name, node->key);
}

static enum status option_loss_read_entry(const struct setting *setting, const struct yaml_node *entry,
                                          struct loss_choice *choice)
{
    TRY(settings_at(option_loss_find(entry, &choice->ops), setting, entry));
    arg_values_defaults(choice->ops->args, &choice->args);
    choice->scale = 1;
    for (const struct yaml_node *n = entry->child; n; n = n->next)
        TRY(settings_at(option_loss_read_key(n, choice), setting, n));
    return settings_at(arg_complete(choice->ops->args, choice->args.of, choice->ops->name), setting, entry);
}

enum status option_read_losses(const struct setting *setting, struct loss_list *list)
{
    const struct yaml_node *node = setting->value;
    loss_list_free(list);
    for (const struct yaml_node *n = node->child; n; n = n->next) {
        if (list->count == LOSS_PARTS_MAX)
            return settings_at(status_fail(STATUS_CONFIG, "loss: has more than %d entries", LOSS_PARTS_MAX),
                               setting, n);
        TRY(option_loss_read_entry(setting, n, &list->of[list->count]));
        list->count++;
    }
    if (list->count == 0)
        return settings_at(status_fail(STATUS_CONFIG, "loss: the list is empty"), setting, node);
    return settings_at(loss_list_check(list), setting, node);
}

void option_write_losses(FILE *out, const struct loss_list *list, const char *before)
{
    for (int i = 0; i < list->count; i++) {
        const struct loss_choice *c = &list->of[i];
        char scale[NUMBER_TEXT_SIZE];
        number_format(c->scale, scale);
        fprintf(out, "%s- {name: %s, " SCALE ": %s", before, c->ops->name, scale);
        for (int k = 0; c->ops->args[k].name; k++) {
            fprintf(out, ", %s: ", c->ops->args[k].name);
            option_write_value(out, &c->ops->args[k], &c->args, k);
        }
        fputs("}\n", out);
    }
}
