/* block.c - reads and checks definitions of blocks. */
#include "app/config/model/block.h"

#include <stdio.h>
#include <string.h>

#include "core/mem.h"

static const char *const keys[] = {"name", "from", "repeat", "when", "share", NULL};

const char *block_key(int index)
{
    return keys[index];
}

bool block_is_key(const char *name)
{
    for (const char *const *key = keys; *key; key++)
        if (strcmp(*key, name) == 0) return true;
    return false;
}

int block_find_parameter(const struct block *block, const char *name)
{
    for (int i = 0; i < block->parameter_count; i++)
        if (strcmp(block->parameters[i].name, name) == 0) return i;
    return -1;
}

static enum status block_check_word(const char *word, const char *what)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    size_t length = strspn(word, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
    if (!*word || word[length] || !strchr(letters, *word))
        return status_fail(STATUS_CONFIG,
                           "'%s' is not a name for %s; use letters, digits and '_', beginning with a letter",
                           word, what);
    if (length >= EXPRESSION_NAME)
        return status_fail(STATUS_CONFIG, "'%s' is longer than %d characters", word, EXPRESSION_NAME - 1);
    return STATUS_OK;
}

static enum status block_add_parameter(struct block *b, const char *name, const struct yaml_node *value)
{
    TRY(block_check_word(name, "a parameter"));
    if (block_is_key(name) || strcmp(name, "i") == 0)
        return status_fail(STATUS_CONFIG, "'%s' has a meaning of its own; choose another name", name);
    if (b->parameter_count == BLOCK_MAX_PARAMETERS)
        return status_fail(STATUS_CONFIG, "more than %d parameters", BLOCK_MAX_PARAMETERS);
    struct block_parameter *p = &b->parameters[b->parameter_count++];
    snprintf(p->name, sizeof p->name, "%s", name);
    p->default_value = value && !yaml_is_null(value) ? value : NULL;
    return STATUS_OK;
}

/* What happens with the name of a parameter that a definition refers to. */
typedef enum status block_visit(struct block *b, const char *name);

/* Calls `each` for every parameter that a text refers to, but for `i`, which counts repetitions. */
static enum status block_visit_text(struct block *b, const char *text, block_visit *each)
{
    char name[EXPRESSION_NAME];
    while (text && expression_next_parameter(&text, name))
        if (strcmp(name, "i") != 0) TRY(each(b, name));
    return STATUS_OK;
}

/* Visits the texts of a node and of those below it, keys included; *place is the node of a failure. */
static enum status block_visit_tree(struct block *b, const struct yaml_node *node, block_visit *each,
                                    const struct yaml_node **place)
{
    *place = node;
    TRY(block_visit_text(b, node->key, each));
    TRY(block_visit_text(b, node->text, each));
    for (const struct yaml_node *n = node->child; n; n = n->next) TRY(block_visit_tree(b, n, each, place));
    return STATUS_OK;
}

/* A definition without `args`: the parameters are those that it uses. */
static enum status block_collect(struct block *b, const char *name)
{
    return block_find_parameter(b, name) >= 0 ? STATUS_OK : block_add_parameter(b, name, NULL);
}

static enum status block_check_known(struct block *b, const char *name)
{
    struct suggest s;
    if (block_find_parameter(b, name) >= 0) return STATUS_OK;
    suggest_start(&s, name);
    for (int i = 0; i < b->parameter_count; i++) suggest_offer(&s, b->parameters[i].name);
    return status_fail(STATUS_CONFIG, "block '%s' has no parameter '%s'%s", b->name, name, suggest_hint(&s));
}

static bool block_uses(const struct yaml_node *node, const char *name)
{
    char found[EXPRESSION_NAME];
    const char *texts[] = {node->key, node->text};
    for (int i = 0; i < 2; i++)
        while (texts[i] && expression_next_parameter(&texts[i], found))
            if (strcmp(found, name) == 0) return true;
    for (const struct yaml_node *n = node->child; n; n = n->next)
        if (block_uses(n, name)) return true;
    return false;
}

/* A default may use the parameters before it. */
static enum status block_read_args(struct block *b, const struct yaml_node *args,
                                   const struct yaml_node **place)
{
    for (const struct yaml_node *n = args->child; n; n = n->next) {
        TRY(block_visit_tree(b, n, block_check_known, place));
        TRY(block_add_parameter(b, n->key, n));
    }
    TRY(block_visit_tree(b, b->layers, block_check_known, place));
    for (const struct yaml_node *n = args->child; n; n = n->next) {
        bool used = block_uses(b->layers, n->key);
        for (const struct yaml_node *later = n->next; later && !used; later = later->next)
            used = block_uses(later, n->key);
        *place = n;
        if (!used)
            return status_fail(STATUS_CONFIG, "block '%s' does not use its parameter '%s'; write $%s in it",
                               b->name, n->key, n->key);
    }
    return STATUS_OK;
}

/* Reads {args: {...}, layers: [...]}. */
static enum status block_read_map(struct block *b, const struct yaml_node **place)
{
    const struct yaml_node *args = NULL;
    for (const struct yaml_node *n = b->node->child; n; n = n->next) {
        *place = n;
        if (strcmp(n->key, "args") == 0)
            args = n;
        else if (strcmp(n->key, "layers") == 0)
            b->layers = n;
        else
            return status_fail(STATUS_CONFIG, "block '%s' has no '%s'; it has args and layers", b->name,
                               n->key);
    }
    *place = args;
    if (args && !yaml_is_null(args) && args->kind != YAML_MAP)
        return status_fail(STATUS_CONFIG, "args: expects a map such as {out: , stride: 1}; empty = required");
    *place = b->layers ? b->layers : b->node;
    if (!b->layers || b->layers->kind != YAML_LIST || !b->layers->child)
        return status_fail(STATUS_CONFIG, "block '%s' needs 'layers', a list", b->name);
    return args ? block_read_args(b, args, place) : block_visit_tree(b, b->layers, block_collect, place);
}

static enum status block_read(struct block *b, const struct yaml_node *node, const struct yaml_node **place)
{
    *b = (struct block){.name = node->key, .node = node};
    *place = node;
    TRY(block_check_word(node->key, "a block"));
    if (node->kind == YAML_MAP) return block_read_map(b, place);
    if (node->kind != YAML_LIST || !node->child)
        return status_fail(STATUS_CONFIG, "block '%s' is a list of layers, or {args: {...}, layers: [...]}",
                           b->name);
    b->layers = node;
    for (const struct yaml_node *n = node->child; n; n = n->next)
        TRY(block_visit_tree(b, n, block_collect, place));
    return STATUS_OK;
}

enum status block_check_all(const struct setting *setting)
{
    struct block b;
    const struct yaml_node *place = setting->value;
    if (yaml_is_null(setting->value)) return STATUS_OK;
    if (setting->value->kind != YAML_MAP)
        return settings_at(status_fail(STATUS_CONFIG, "expects blocks by name: {NAME: [layers]}"), setting,
                           place);
    for (const struct yaml_node *n = setting->value->child; n; n = n->next) {
        enum status status = block_read(&b, n, &place);
        if (status != STATUS_OK) return settings_at(status, setting, place);
    }
    return STATUS_OK;
}

static void block_mark_tree(const struct yaml_node *blocks, const struct yaml_node *node, bool *used);

/* Marks the block of that name, and the blocks that it names itself. */
static void block_mark_name(const struct yaml_node *blocks, const char *name, bool *used)
{
    int i = 0;
    const struct yaml_node *b = name ? blocks->child : NULL;
    for (; b && strcmp(b->key, name) != 0; b = b->next) i++;
    if (!b || used[i]) return;
    used[i] = true;
    for (const struct yaml_node *n = b->child; n; n = n->next) block_mark_tree(blocks, n, used);
}

static void block_mark_tree(const struct yaml_node *blocks, const struct yaml_node *node, bool *used)
{
    block_mark_name(blocks, node->key, used);
    block_mark_name(blocks, node->text, used);
    for (const struct yaml_node *n = node->child; n; n = n->next) block_mark_tree(blocks, n, used);
}

enum status block_find_used(const struct yaml_node *blocks, const struct yaml_node *layers, bool **used)
{
    size_t count = 0;
    for (const struct yaml_node *b = blocks->child; b; b = b->next) count++;
    TRY(mem_alloc(used, count, sizeof **used, "blocks"));
    block_mark_tree(blocks, layers, *used);
    return STATUS_OK;
}

enum status block_check_used(const struct setting *setting, const struct yaml_node *layers)
{
    bool *used;
    TRY(block_find_used(setting->value, layers, &used));
    const struct yaml_node *b = setting->value->child;
    for (int i = 0; b && used[i]; i++) b = b->next;
    mem_free(&used);
    if (!b) return STATUS_OK;
    return settings_at(status_fail(STATUS_CONFIG,
                                   "block '%s' is not used; remove it, or write '- %s' in the layers", b->key,
                                   b->key),
                       setting, b);
}

bool block_find(const struct setting *setting, const char *name, struct block *block)
{
    const struct yaml_node *place;
    if (!setting) return false;
    for (const struct yaml_node *n = setting->value->child; n; n = n->next)
        if (strcmp(n->key, name) == 0) return block_read(block, n, &place) == STATUS_OK;
    return false;
}

void block_offer_names(const struct setting *setting, struct suggest *s)
{
    for (const struct yaml_node *n = setting ? setting->value->child : NULL; n; n = n->next)
        suggest_offer(s, n->key);
}
