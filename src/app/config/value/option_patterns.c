/* option_patterns.c - lists of patterns of names, and groups of parameters with factors of their own. */
#include <string.h>

#include "app/config/value/option_value.h"
#include "app/config/model/tree_text.h"
#include "app/config/settings.h"
#include "app/config/suggest.h"
#include "core/number.h"

#define FACTOR_MAX 1e6

static enum status option_read_pattern(const struct yaml_node *node, char text[PATTERN_SIZE])
{
    if (node->kind != YAML_SCALAR || yaml_is_null(node))
        return status_fail(STATUS_CONFIG, "expects a pattern of names such as \"encoder*\"");
    if (strlen(node->text) >= PATTERN_SIZE)
        return status_fail(STATUS_CONFIG, "'%s' is longer than %d characters", node->text, PATTERN_SIZE - 1);
    strcpy(text, node->text);
    return STATUS_OK;
}

/* Reads a pattern, or a list of them. */
enum status option_read_patterns(const struct setting *setting, const struct yaml_node *node,
                                 struct patterns *patterns)
{
    patterns->count = 0;
    if (yaml_is_empty(node)) return STATUS_OK;
    const struct yaml_node *n = node->kind == YAML_LIST ? node->child : node;
    for (; n; n = node->kind == YAML_LIST ? n->next : NULL) {
        if (patterns->count == PATTERNS_MAX)
            return settings_at(status_fail(STATUS_CONFIG, "more than %d patterns", PATTERNS_MAX), setting, n);
        TRY(settings_at(option_read_pattern(n, patterns->text[patterns->count++]), setting, n));
    }
    return STATUS_OK;
}

static enum status option_read_factor(const struct yaml_node *node, double *factor)
{
    if (node->kind != YAML_SCALAR) return status_fail(STATUS_CONFIG, "%s: expects a number", node->key);
    enum status status = number_parse_real(node->text, factor);
    if (status == STATUS_OK && !(*factor >= 0 && *factor <= FACTOR_MAX))
        status = status_fail(STATUS_CONFIG, "%s is outside 0..%g", node->text, FACTOR_MAX);
    return status == STATUS_OK ? status : status_at(status, "%s", node->key);
}

static enum status option_read_group_key(const struct yaml_node *node, struct config_group *group)
{
    if (strcmp(node->key, "match") == 0) return option_read_pattern(node, group->match);
    if (strcmp(node->key, "lr") == 0) return option_read_factor(node, &group->lr);
    if (strcmp(node->key, "weight_decay") == 0) return option_read_factor(node, &group->weight_decay);
    struct suggest s;
    suggest_start(&s, node->key);
    suggest_offer(&s, "match"), suggest_offer(&s, "lr"), suggest_offer(&s, "weight_decay");
    return status_fail(STATUS_CONFIG, "a group has no '%s'%s; its keys: match, lr, weight_decay", node->key,
                       suggest_hint(&s));
}

static enum status option_read_group(const struct setting *setting, const struct yaml_node *node,
                                     struct config_group *group)
{
    *group = (struct config_group){.lr = 1, .weight_decay = 1};
    for (const struct yaml_node *n = node->kind == YAML_MAP ? node->child : NULL; n; n = n->next)
        TRY(settings_at(option_read_group_key(n, group), setting, n));
    if (*group->match) return STATUS_OK;
    return settings_at(
        status_fail(STATUS_CONFIG, "a group is {match: PATTERN, lr: FACTOR, weight_decay: FACTOR}"), setting,
        node);
}

enum status option_read_groups(const struct setting *setting, const struct yaml_node *node,
                               struct config_groups *groups)
{
    groups->count = 0;
    if (yaml_is_empty(node)) return STATUS_OK;
    if (node->kind != YAML_LIST)
        return settings_at(
            status_fail(STATUS_CONFIG, "expects a list of groups such as [{match: \"encoder*\", lr: 0.1}]"),
            setting, node);
    for (const struct yaml_node *n = node->child; n; n = n->next) {
        if (groups->count == CONFIG_GROUPS_MAX)
            return settings_at(status_fail(STATUS_CONFIG, "more than %d groups", CONFIG_GROUPS_MAX), setting,
                               n);
        TRY(option_read_group(setting, n, &groups->of[groups->count++]));
    }
    return STATUS_OK;
}

void option_write_patterns(FILE *out, const struct patterns *patterns)
{
    fputc('[', out);
    for (int i = 0; i < patterns->count; i++) {
        fputs(i ? ", " : "", out);
        tree_write_word(out, patterns->text[i], "");
    }
    fputc(']', out);
}

void option_write_groups(FILE *out, const struct config_groups *groups)
{
    fputc('[', out);
    for (int i = 0; i < groups->count; i++) {
        char lr[NUMBER_TEXT_SIZE], decay[NUMBER_TEXT_SIZE];
        number_format(groups->of[i].lr, lr);
        number_format(groups->of[i].weight_decay, decay);
        fputs(i ? ", {match: " : "{match: ", out);
        tree_write_word(out, groups->of[i].match, "");
        fprintf(out, ", lr: %s, weight_decay: %s}", lr, decay);
    }
    fputc(']', out);
}
