/* yaml.h - YAML: one strict document as a small tree with the line and column of every node.
 *
 * Only what a configuration needs: maps, lists, scalars as text. Duplicate keys, anchors, aliases, tags,
 * several documents and keys that are not scalars are refused; every message begins with NAME:LINE:COLUMN.
 * Local functions; errors are STATUS_CONFIG. */
#ifndef APP_CONFIG_YAML_H
#define APP_CONFIG_YAML_H

#include <stdbool.h>

#include "core/status.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    int line, column; /* of the first character, from 1; 0 if it is not from a file */
    char *text;       /* YAML_SCALAR: as written, quotes and escapes resolved; otherwise NULL */
    bool plain;       /* YAML_SCALAR: written without quotes */

    char *key; /* the key in the map this node is in, or NULL */
    int key_line, key_column;

    struct yaml_node *child; /* first member of a list or map */
    struct yaml_node *next;  /* next member of the same list or map */
};

/* `name` is the name of the text in messages. An empty text is an empty map. */
enum status yaml_parse(struct yaml_node **out, const char *text, const char *name);
enum status yaml_load(struct yaml_node **out, const char *path);

/* Creates a plain scalar that is not from a file. */
enum status yaml_scalar(struct yaml_node **out, const char *text);

/* Frees the node, its members and the nodes after it. (yaml_free is a symbol of the library.) */
void yaml_destroy(struct yaml_node **node);

/* Returns whether the node is an empty plain scalar, ~ or null. */
bool yaml_is_null(const struct yaml_node *node);

/* Returns whether the node says nothing: null, or an empty text. */
bool yaml_is_empty(const struct yaml_node *node);

/* Returns the version of libyaml. */
const char *yaml_version(void);

#endif
