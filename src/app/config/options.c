/* options.c - from assignments to a checked configuration. */
#include "app/config/options.h"

#include <assert.h>
#include <string.h>

#include "app/config/family.h"
#include "app/config/model/block.h"
#include "app/config/model/tree_text.h"
#include "app/config/option_table.h"
#include "app/config/options_check.h"
#include "app/config/value/option_value.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/number.h"

#define LIST_SIZE 256

/* Appends `word` to a comma-separated list, as far as it fits. */
static void options_append_word(char list[LIST_SIZE], const char *word)
{
    size_t used = strlen(list);
    snprintf(list + used, LIST_SIZE - used, "%s%s", used ? ", " : "", word);
}

static enum status options_read_scalar(const struct option *o, const struct yaml_node *node, void *field)
{
    if (node->kind != YAML_SCALAR) return status_fail(STATUS_CONFIG, "expects a single value");
    const char *text = o->kind == OPTION_TEXT && yaml_is_null(node) ? "" : node->text;
    int64_t integer;
    double real;
    int index;
    switch (o->kind) {
    case OPTION_INT:
        TRY(number_parse_int(text, &integer));
        if ((double)integer < o->min || (double)integer > o->max)
            return status_fail(STATUS_CONFIG, "%s is outside %.0f..%.0f", text, o->min, o->max);
        memcpy(field, &integer, sizeof integer);
        return STATUS_OK;
    case OPTION_REAL:
        TRY(number_parse_real(text, &real));
        if (real < o->min || real > o->max)
            return status_fail(STATUS_CONFIG, "%s is outside %g..%g", text, o->min, o->max);
        memcpy(field, &real, sizeof real);
        return STATUS_OK;
    case OPTION_BOOL:
        return number_parse_bool(text, field);
    case OPTION_CHOICE:
        return arg_parse_choice(o->choices, text, field);
    case OPTION_TEXT:
        if (o->choices) TRY(arg_parse_choice(o->choices, text, &index));
        mem_free(field);
        return mem_copy_text(field, text);
    default:
        return STATUS_OK;
    }
}

/* Reads model.layers, and keeps what the user wrote if it uses blocks. `s` may be NULL. */
static enum status options_read_layers(const struct settings *s, const struct setting *setting,
                                       struct config *config)
{
    bool uses_blocks;
    const struct setting *blocks = s ? settings_find(s, "model.blocks") : NULL;
    mem_free(&config->blocks_text);
    mem_free(&config->layers_text);
    TRY(option_read_layers(setting, blocks, &config->model, &uses_blocks));
    if (!uses_blocks) return STATUS_OK;
    bool *used = NULL;
    TRY(block_find_used(blocks->value, setting->value, &used));
    enum status status = tree_text(blocks->value, blocks->value, used, &config->blocks_text);
    mem_free(&used);
    if (status != STATUS_OK) return status;
    return tree_text(setting->value, blocks->value, NULL, &config->layers_text);
}

static enum status options_read_option(const struct option *o, const struct settings *s,
                                       const struct setting *setting, struct config *config)
{
    void *field = (char *)config + o->offset;
    if (o->kind == OPTION_INPUT) return option_read_input(setting, setting->value, field);
    if (o->kind == OPTION_INIT) return option_read_init(setting, o->max == 1, field);
    if (o->kind == OPTION_BLOCKS) return option_check_blocks(setting);
    if (o->kind == OPTION_LAYERS) return options_read_layers(s, setting, config);
    if (o->kind == OPTION_PATTERNS) return option_read_patterns(setting, setting->value, field);
    if (o->kind == OPTION_GROUPS) return option_read_groups(setting, setting->value, field);
    if (o->kind == OPTION_STEPS) return option_read_steps(o, setting, field);
    if (o->kind == OPTION_LABEL_MAP) return option_read_label_map(setting, setting->value, field);
    enum status status = o->kind == OPTION_LOCATOR ? option_read_locator(setting->value, field)
                                                   : options_read_scalar(o, setting->value, field);
    if (status == STATUS_OK) return status;
    char where[SETTINGS_WHERE_SIZE];
    settings_where(setting, setting->value, where);
    return status_at(status, "%s", where);
}

static enum status options_set_defaults(struct config *config)
{
    for (const struct option *o = option_table(); o->key; o++) {
        if (!o->default_text) continue;
        struct yaml_node *node;
        TRY(yaml_scalar(&node, o->default_text));
        struct setting setting = {.level = SETTING_FLAG, .key = (char *)o->key, .value = node};
        enum status status = options_read_option(o, NULL, &setting, config);
        yaml_destroy(&node);
        TRY(status);
    }
    return STATUS_OK;
}

static struct arg_values *options_get_values(const struct family *f, struct config *config)
{
    return (struct arg_values *)((char *)config + f->args_offset);
}

/* Returns the list of losses, or NULL if `loss` is a section as usual. Errors: both at once. */
static enum status options_find_losses(const struct settings *s, const struct setting **list)
{
    char where[SETTINGS_WHERE_SIZE];
    *list = settings_find(s, "loss");
    if (*list && (*list)->value->kind != YAML_LIST) *list = NULL;
    for (int i = 0; *list && i < s->count; i++) {
        if (strncmp(s->list[i].key, "loss.", 5) != 0) continue;
        settings_where(&s->list[i], NULL, where);
        return status_fail(STATUS_CONFIG, "%s: loss is a list; give the key to one of its entries", where);
    }
    return STATUS_OK;
}

/* Chooses the loss, the optimizer and the schedule, and sets the defaults of their arguments. */
static enum status options_choose_entries(const struct settings *s, struct config *config)
{
    const struct setting *losses;
    TRY(options_find_losses(s, &losses));
    for (const struct family *f = family_table(); f->section; f++) {
        char key[LIST_SIZE], where[SETTINGS_WHERE_SIZE], list[LIST_SIZE] = "";
        if (losses && strcmp(f->section, "loss") == 0) {
            config->loss = &sum_of_losses;
            arg_values_defaults(sum_of_losses.args, &config->loss_args);
            continue;
        }
        snprintf(key, sizeof key, "%s.name", f->section);
        const struct setting *setting = settings_find(s, key);
        const char *name = !setting                              ? f->default_name
                           : setting->value->kind == YAML_SCALAR ? setting->value->text
                                                                 : "";
        struct family_entry entry;
        if (!family_entry_find(f, name, &entry)) {
            assert(setting); /* the default exists */
            settings_where(setting, setting->value, where);
            for (int i = 0; f->entry(i, &entry); i++) options_append_word(list, entry.name);
            return status_fail(STATUS_CONFIG, "%s: '%s' is not one of %s", where, name, list);
        }
        memcpy((char *)config + f->ops_offset, &entry.ops, sizeof entry.ops);
        arg_values_defaults(entry.args, options_get_values(f, config));
    }
    return STATUS_OK;
}

void options_offer(struct suggest *s, const char *prefix)
{
    char key[LIST_SIZE];
    for (const struct option *o = option_table(); o->key; o++) {
        snprintf(key, sizeof key, "%s%s", prefix, o->key);
        suggest_offer(s, key);
    }
    for (const struct family *f = family_table(); f->section; f++) {
        struct family_entry entry;
        for (int i = 0; f->entry(i, &entry); i++)
            for (const struct arg *a = entry.args; a && a->name; a++) {
                snprintf(key, sizeof key, "%s%s.%s", prefix, f->section, a->name);
                suggest_offer(s, key);
            }
        snprintf(key, sizeof key, "%s%s.name", prefix, f->section);
        suggest_offer(s, key);
    }
}

static enum status options_fail_unknown(const struct setting *setting)
{
    char where[SETTINGS_WHERE_SIZE];
    settings_where(setting, NULL, where);
    struct suggest s;
    suggest_start(&s, setting->key);
    options_offer(&s, "");
    return status_fail(STATUS_CONFIG, "%s: unknown key%s (see 'ddp_train help keys')", where,
                       suggest_hint(&s));
}

/* Handles a key that another entry of the family has, but not the chosen one. */
static enum status options_skip_or_fail(const struct family *f, const struct family_entry *chosen,
                                        const struct settings *s, const struct setting *setting)
{
    char where[SETTINGS_WHERE_SIZE], name_key[LIST_SIZE], list[LIST_SIZE] = "";
    settings_where(setting, NULL, where);
    snprintf(name_key, sizeof name_key, "%s.name", f->section);
    const struct setting *name = settings_find(s, name_key);
    if (name && name->level > setting->level) {
        log_warn("%s: ignored, because %s has no such key", where, chosen->name);
        return STATUS_OK;
    }
    for (const struct arg *a = chosen->args; a && a->name; a++) options_append_word(list, a->name);
    if (!*list) options_append_word(list, "none");
    return status_fail(STATUS_CONFIG, "%s: %s '%s' has no such key; its keys: %s", where, f->section,
                       chosen->name, list);
}

static enum status options_read_argument(const struct family *f, const struct settings *s,
                                         const struct setting *setting, struct config *config)
{
    const char *name = strchr(setting->key, '.') + 1;
    if (strcmp(name, "name") == 0) return STATUS_OK;
    struct family_entry chosen = family_chosen(f, config), other;
    int index = arg_find(chosen.args, name);
    if (index < 0) {
        for (int i = 0; f->entry(i, &other); i++)
            if (arg_find(other.args, name) >= 0) return options_skip_or_fail(f, &chosen, s, setting);
        return options_fail_unknown(setting);
    }
    const struct yaml_node *at;
    enum status status =
        option_read_value(&chosen.args[index], setting->value, options_get_values(f, config), index, &at);
    if (status == STATUS_OK) return status;
    char where[SETTINGS_WHERE_SIZE];
    settings_where(setting, at, where);
    return status_at(status, "%s", where);
}

/* Handles a key without a dot: an empty section (valid), a section with a value (an error), or a misplaced
 * key. */
static enum status options_read_section(const struct setting *setting)
{
    for (const char *const *section = option_sections(); *section; section++) {
        if (strcmp(*section, setting->key) != 0) continue;
        if (setting->value->kind == YAML_MAP || yaml_is_null(setting->value)) return STATUS_OK;
        char where[SETTINGS_WHERE_SIZE];
        settings_where(setting, NULL, where);
        bool named = setting->value->kind == YAML_SCALAR && family_find(*section, strlen(*section));
        return status_fail(STATUS_CONFIG,
                           "%s: is a section and has no value; write keys below it, such as '%s: {%s: %s}'",
                           where, *section, named ? "name" : "key", named ? setting->value->text : "value");
    }
    return options_fail_unknown(setting);
}

static enum status options_read_setting(const struct settings *s, const struct setting *setting,
                                        struct config *config)
{
    const char *dot = strchr(setting->key, '.');
    if (config->loss == &sum_of_losses && strcmp(setting->key, "loss") == 0)
        return option_read_losses(setting, &config->loss_list);
    if (!dot) return options_read_section(setting);
    const struct option *o = option_find(setting->key);
    if (o) return options_read_option(o, s, setting, config);
    const struct family *f = family_find(setting->key, (size_t)(dot - setting->key));
    return f ? options_read_argument(f, s, setting, config) : options_fail_unknown(setting);
}

enum status options_resolve(const struct settings *s, struct config *config)
{
    *config = (struct config){0};
    TRY(options_set_defaults(config));
    TRY(options_choose_entries(s, config));
    for (enum setting_level level = SETTING_FILE; level <= SETTING_FLAG; level++)
        for (int i = 0; i < s->count; i++)
            if (s->list[i].level == level) TRY(options_read_setting(s, &s->list[i], config));
    return options_check(s, config);
}

enum status options_read_file(const char *path, struct config *config)
{
    struct settings settings = {0};
    enum status status = settings_add_file(&settings, path);
    if (status == STATUS_OK) status = options_resolve(&settings, config);
    settings_free(&settings);
    return status;
}

void options_free(struct config *config)
{
    mem_free(&config->blocks_text);
    mem_free(&config->layers_text);
    for (const struct option *o = option_table(); o->key; o++)
        if (o->kind == OPTION_TEXT || o->kind == OPTION_LOCATOR)
            mem_free((char *)config + o->offset);
        else if (o->kind == OPTION_STEPS)
            option_free_steps((struct data_steps *)((char *)config + o->offset));
        else if (o->kind == OPTION_LABEL_MAP)
            option_free_label_map((struct label_map *)((char *)config + o->offset));
    for (const struct family *f = family_table(); f->section; f++)
        arg_values_free(options_get_values(f, config));
    loss_list_free(&config->loss_list);
}
