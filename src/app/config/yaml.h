/* yaml.h - the YAML door: one strict document as a small tree that knows where everything stood.
 *
 * Only what a configuration needs: maps, lists, scalars as text. Duplicate keys, anchors, aliases, tags,
 * several documents and keys that are no scalars are refused; every message begins with NAME:LINE:COLUMN.
 * Local functions; errors are STATUS_CONFIG. */
#ifndef APP_CONFIG_YAML_H
#define APP_CONFIG_YAML_H

#include <stdbool.h>

#include "core/status.h"

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    int line, column; /* where the value begins, from 1; 0 if it stood in no file */
    char *text;       /* YAML_SCALAR: as written, quotes and escapes resolved; otherwise NULL */
    bool plain;       /* YAML_SCALAR: written without quotes */

    char *key; /* the key in the map this node is in, or NULL */
    int key_line, key_column;

    struct yaml_node *child; /* first member of a list or map */
    struct yaml_node *next;  /* next member of the same list or map */
};

/* `name` stands for the text in messages. An empty text is an empty map. */
enum status yaml_parse(struct yaml_node **out, const char *text, const char *name);
enum status yaml_load(struct yaml_node **out, const char *path);

/* A plain scalar that stood in no file. */
enum status yaml_scalar(struct yaml_node **out, const char *text);

/* Frees the node, its members and the nodes behind it. (yaml_free is a symbol of the library itself.) */
void yaml_destroy(struct yaml_node **node);

/* Whether the node is nothing: an empty plain scalar, ~ or null. */
bool yaml_is_null(const struct yaml_node *node);

/* Version of the library behind this door. */
const char *yaml_version(void);

#endif
