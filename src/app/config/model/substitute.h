/* substitute.h - copies of parts of the configuration with values in place of parameters. */
#ifndef APP_CONFIG_MODEL_SUBSTITUTE_H
#define APP_CONFIG_MODEL_SUBSTITUTE_H

#include "app/config/model/block.h"

/* The parameters that a text may refer to. */
struct substitute {
    const struct block *block; /* or NULL: outside of blocks */
    struct yaml_node *values[BLOCK_MAX_PARAMETERS];
    int repetition;                /* the value of $i, or -1 */
    const struct yaml_node *place; /* of the last error */
};

/* Copies a node and what is below it, not those after it; released with yaml_destroy. A text that is a
 * parameter and nothing else becomes its value, whatever that is; any other expression its value. Errors:
 * STATUS_CONFIG, with s->place. */
enum status substitute_copy(struct substitute *s, const struct yaml_node *node, struct yaml_node **copy);

/* Copies a text, evaluated, to `value`. */
enum status substitute_text(struct substitute *s, const struct yaml_node *node, const char *text,
                            char value[EXPRESSION_TEXT]);

void substitute_free(struct substitute *s);

#endif
