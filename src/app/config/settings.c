/* settings.c - assignments from files, environment and flags. */
#include "app/config/settings.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

#define VARIABLE_PREFIX "DDP_TRAIN_"
#define KEY_SIZE        128

static enum status settings_grow(struct settings *s)
{
    if (s->count < s->capacity) return STATUS_OK;
    int capacity = s->capacity ? 2 * s->capacity : 64;
    struct setting *list;
    TRY(mem_alloc(&list, (size_t)capacity, sizeof *list, "settings"));
    if (s->count) memcpy(list, s->list, (size_t)s->count * sizeof *list);
    mem_free(&s->list);
    s->list = list;
    s->capacity = capacity;
    return STATUS_OK;
}

static enum status settings_append(struct settings *s, enum setting_level level, const char *key,
                                   const char *source, const struct yaml_node *value)
{
    TRY(settings_grow(s));
    struct setting *setting = &s->list[s->count++];
    *setting = (struct setting){.level = level, .value = value};
    setting->line = value->key_line;
    setting->column = value->key_column;
    TRY(mem_copy_text(&setting->key, key));
    return mem_copy_text(&setting->source, source);
}

/* Takes ownership of a tree; roots are chained through their unused `next`. */
static void settings_keep_tree(struct settings *s, struct yaml_node *tree)
{
    if (!tree) return;
    tree->next = s->trees;
    s->trees = tree;
}

static enum status settings_add_tree(struct settings *s, const struct yaml_node *root, const char *name)
{
    if (root->kind != YAML_MAP)
        return status_fail(STATUS_CONFIG, "%s:%d:%d: a configuration starts with a section such as 'train:'",
                           name, root->line, root->column);
    for (const struct yaml_node *section = root->child; section; section = section->next) {
        if (section->kind != YAML_MAP || !section->child) {
            TRY(settings_append(s, SETTING_FILE, section->key, name, section));
            continue;
        }
        for (const struct yaml_node *node = section->child; node; node = node->next) {
            char key[KEY_SIZE];
            if (snprintf(key, sizeof key, "%s.%s", section->key, node->key) >= KEY_SIZE)
                return status_fail(STATUS_CONFIG, "%s:%d:%d: the key is too long", name, node->key_line,
                                   node->key_column);
            TRY(settings_append(s, SETTING_FILE, key, name, node));
        }
    }
    return STATUS_OK;
}

enum status settings_add_file(struct settings *s, const char *path)
{
    struct yaml_node *tree;
    TRY(yaml_load(&tree, path));
    settings_keep_tree(s, tree);
    return settings_add_tree(s, tree, path);
}

enum status settings_add_text(struct settings *s, const char *text, const char *name)
{
    struct yaml_node *tree;
    TRY(yaml_parse(&tree, text, name));
    settings_keep_tree(s, tree);
    return settings_add_tree(s, tree, name);
}

static enum status settings_add_value(struct settings *s, enum setting_level level, const char *key,
                                      const char *source, const char *value)
{
    struct yaml_node *tree;
    char name[2 * KEY_SIZE]; /* in the place of a file name */
    snprintf(name, sizeof name, "%s (%s)", key, source);
    if (!utf8_valid(value)) return status_fail(STATUS_CONFIG, "%s: is not UTF-8 text", name);
    TRY(*value == '[' || *value == '{' ? yaml_parse(&tree, value, name) : yaml_scalar(&tree, value));
    settings_keep_tree(s, tree);
    return settings_append(s, level, key, source, tree);
}

/* Adds DDP_TRAIN_OPTIM_WEIGHT_DECAY as optim.weight_decay; no section has an underscore in its name. */
static enum status settings_add_variable(struct settings *s, const char *variable, const char *equals)
{
    char name[KEY_SIZE], key[KEY_SIZE];
    size_t length = (size_t)(equals - variable);
    if (length >= sizeof name)
        return status_fail(STATUS_CONFIG, "environment %.64s...: the name is too long", variable);
    snprintf(name, sizeof name, "%.*s", (int)length, variable);
    snprintf(key, sizeof key, "%s", name + strlen(VARIABLE_PREFIX));
    for (char *c = key; *c; c++) *c = (char)tolower((unsigned char)*c);
    char *underscore = strchr(key, '_');
    if (underscore) *underscore = '.';
    return settings_add_value(s, SETTING_ENVIRONMENT, key, name, equals + 1);
}

enum status settings_add_environment(struct settings *s, char *const *environment)
{
    for (char *const *variable = environment; *variable; variable++) {
        if (strncmp(*variable, VARIABLE_PREFIX, strlen(VARIABLE_PREFIX)) != 0) continue;
        if (strncmp(*variable, "DDP_TRAIN_BIN=", strlen("DDP_TRAIN_BIN=")) == 0)
            continue; /* names the program */
        const char *equals = strchr(*variable, '=');
        if (equals) TRY(settings_add_variable(s, *variable, equals));
    }
    return STATUS_OK;
}

enum status settings_add_flag(struct settings *s, const char *key, const char *value)
{
    return settings_add_value(s, SETTING_FLAG, key, "flag", value);
}

enum status settings_add_all(struct settings *s, const struct settings *other)
{
    for (int i = 0; i < other->count; i++) {
        const struct setting *from = &other->list[i];
        TRY(settings_append(s, from->level, from->key, from->source, from->value));
        s->list[s->count - 1].line = from->line;
        s->list[s->count - 1].column = from->column;
    }
    return STATUS_OK;
}

const struct setting *settings_find(const struct settings *s, const char *key)
{
    const struct setting *winner = NULL;
    for (int i = 0; i < s->count; i++) {
        const struct setting *setting = &s->list[i];
        if (strcmp(setting->key, key) == 0 && (!winner || setting->level >= winner->level)) winner = setting;
    }
    return winner;
}

void settings_where(const struct setting *setting, const struct yaml_node *at, char text[SETTINGS_WHERE_SIZE])
{
    int line = at ? at->line : setting->line, column = at ? at->column : setting->column;
    if (setting->level == SETTING_FILE)
        snprintf(text, SETTINGS_WHERE_SIZE, "%s (%s:%d:%d)", setting->key, setting->source, line, column);
    else if (setting->level == SETTING_ENVIRONMENT)
        snprintf(text, SETTINGS_WHERE_SIZE, "%s (environment %s)", setting->key, setting->source);
    else
        snprintf(text, SETTINGS_WHERE_SIZE, "%s (flag)", setting->key);
}

enum status settings_at(enum status status, const struct setting *setting, const struct yaml_node *at)
{
    char where[SETTINGS_WHERE_SIZE];
    if (status == STATUS_OK) return status;
    settings_where(setting, at, where);
    return status_at(status, "%s", where);
}

void settings_free(struct settings *s)
{
    for (int i = 0; i < s->count; i++) {
        mem_free(&s->list[i].key);
        mem_free(&s->list[i].source);
    }
    mem_free(&s->list);
    yaml_destroy(&s->trees);
    *s = (struct settings){0};
}
