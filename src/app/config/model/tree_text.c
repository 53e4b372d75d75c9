/* tree_text.c - writes layers and blocks as YAML. */
#include "app/config/model/tree_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"
#include "nn/layers/layer.h"

#define EXPRESSION " $*()<>=%!" /* what expressions have beside words */

/* Returns whether YAML 1.1 allows a character in double quotes (c-printable) and keeps it: not ends of lines,
 * which are folded, and not the byte order mark. */
static bool tree_is_printable(uint32_t code)
{
    bool line_end = code == 0x2028 || code == 0x2029;
    return (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code < 0xfeff && !line_end) ||
           (code > 0xfeff && code < 0xfffe) || code > 0xffff;
}

/* Values are UTF-8 (checked by settings.c). */
static void tree_write_character(FILE *out, const char *character, size_t length, uint32_t code)
{
    if (code == '"' || code == '\\')
        fprintf(out, "\\%c", (char)code);
    else if (tree_is_printable(code))
        fwrite(character, 1, length, out);
    else
        fprintf(out, code < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)code);
}

/* Whether a word is all of letters, digits and what else is harmless in YAML. */
static bool tree_is_harmless(const char *word, const char *also)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:+-";
    const char *c = word;
    while (*c && (strchr(harmless, *c) || (strchr(also, *c) && (c > word || *c == '$')))) c++;
    return !*c;
}

void tree_write_word(FILE *out, const char *word, const char *also)
{
    size_t length = strlen(word);
    if (length && tree_is_harmless(word, also) && !strchr("+-:", word[0]) &&
        !strchr(": ", word[length - 1]) && !strstr(word, ": ") && strcmp(word, "null") != 0) {
        fputs(word, out);
        return;
    }
    fputc('"', out);
    for (size_t used; *word; word += used) {
        uint32_t code;
        used = utf8_decode(word, &code);
        if (used == 0) break;
        tree_write_character(out, word, used, code);
    }
    fputc('"', out);
}

/* Writes a node in one line: {key: value}, [value] or a word. An empty value stays empty. The keys of a layer,
 * `ops`, get its names in place of aliases. */
static void tree_write_flow(FILE *out, const struct yaml_node *node, const struct layer_ops *ops)
{
    if (node->kind == YAML_SCALAR) {
        if (yaml_is_null(node))
            fputs(node->key ? "" : "~", out);
        else
            tree_write_word(out, node->text, EXPRESSION);
        return;
    }
    fputc(node->kind == YAML_MAP ? '{' : '[', out);
    for (const struct yaml_node *n = node->child; n; n = n->next) {
        if (node->kind == YAML_MAP) {
            int index = ops ? arg_find(ops->args, n->key) : -1;
            tree_write_word(out, index >= 0 ? ops->args[index].name : n->key, EXPRESSION);
            fputs(": ", out);
        }
        tree_write_flow(out, n, NULL);
        if (n->next) fputs(", ", out);
    }
    fputc(node->kind == YAML_MAP ? '}' : ']', out);
}

/* Returns the kind of layer that a name stands for, or NULL: it is a block or has parameters. */
static const struct layer_ops *tree_find_layer(const struct yaml_node *blocks, const char *name)
{
    for (const struct yaml_node *b = blocks->child; b; b = b->next)
        if (strcmp(b->key, name) == 0) return NULL;
    return layer_find(name);
}

/* Writes a list with a line for each entry; an entry {kind: value} without its braces. Entries of blocks that
 * are not used may be anything. */
static void tree_write_list(FILE *out, const struct yaml_node *list, const struct yaml_node *blocks,
                            int indent)
{
    for (const struct yaml_node *n = list->child; n; n = n->next) {
        bool has_value = n->kind == YAML_MAP && n->child && !n->child->next;
        const char *kind = has_value ? n->child->key : n->text;
        const struct layer_ops *ops = kind ? tree_find_layer(blocks, kind) : NULL;
        fprintf(out, "\n%*s- ", indent, "");
        if (has_value) {
            tree_write_word(out, ops ? ops->name : kind, EXPRESSION);
            fputs(": ", out);
            tree_write_flow(out, n->child, ops);
        } else if (ops) {
            fputs(ops->name, out);
        } else {
            tree_write_flow(out, n, NULL);
        }
    }
}

/* Writes the definition of a block: a list, or {args: {...}, layers: [...]}. */
static void tree_write_block(FILE *out, const struct yaml_node *block, const struct yaml_node *blocks)
{
    fprintf(out, "\n    %s:", block->key);
    if (block->kind == YAML_LIST) tree_write_list(out, block, blocks, 6);
    for (const struct yaml_node *n = block->kind == YAML_MAP ? block->child : NULL; n; n = n->next) {
        fprintf(out, "\n      %s:", n->key);
        if (n->kind == YAML_LIST) {
            tree_write_list(out, n, blocks, 8);
            continue;
        }
        fputc(' ', out);
        tree_write_flow(out, n, NULL);
    }
}

enum status tree_text(const struct yaml_node *node, const struct yaml_node *blocks, const bool *used,
                      char **text)
{
    char *buffer = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&buffer, &bytes);
    if (!out) return status_fail(STATUS_OTHER, "layers: out of memory");
    if (node->kind == YAML_LIST) tree_write_list(out, node, blocks, 4);
    for (const struct yaml_node *n = node->kind == YAML_MAP ? node->child : NULL; n; n = n->next, used++)
        if (*used) tree_write_block(out, n, blocks);
    bool failed = fclose(out) != 0;
    enum status status =
        failed ? status_fail(STATUS_OTHER, "layers: out of memory") : mem_copy_text(text, buffer);
    free(buffer);
    return status;
}
