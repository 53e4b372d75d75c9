/* block.h - blocks of layers that a configuration defines in model.blocks: their parameters, and the checks of
 * a definition.
 *
 *     blocks:
 *       cbr: [{conv2d: {out: $out, kernel: 3}}, batchnorm, relu]          # all parameters are required
 *       residual:
 *         args: {out: , stride: 1, hidden: $out * 4}                      # empty = required
 *         layers: [...]
 *
 * Local functions; errors are STATUS_CONFIG with key, line and column. */
#ifndef APP_CONFIG_MODEL_BLOCK_H
#define APP_CONFIG_MODEL_BLOCK_H

#include "app/config/model/expression.h"
#include "app/config/settings.h"
#include "app/config/suggest.h"

#define BLOCK_MAX_PARAMETERS 24

struct block_parameter {
    char name[EXPRESSION_NAME];
    const struct yaml_node *default_value; /* NULL = required */
};

/* A definition; everything is borrowed from the tree of the configuration. */
struct block {
    const char *name;
    const struct yaml_node *node;   /* the definition */
    const struct yaml_node *layers; /* the list */
    int parameter_count;
    struct block_parameter parameters[BLOCK_MAX_PARAMETERS]; /* the first is the one a scalar sets */
};

/* Checks all definitions of the assignment of model.blocks: forms, names, parameters that are unknown, unused
 * or given twice. What the layers mean is checked where a block is used. */
enum status block_check_all(const struct setting *setting);

/* Finds which blocks the layers name, directly or in blocks that they name; released with mem_free. */
enum status block_find_used(const struct yaml_node *blocks, const struct yaml_node *layers, bool **used);

/* Fails if one is not among them. */
enum status block_check_used(const struct setting *setting, const struct yaml_node *layers);

/* Finds a definition that passed the checks. Returns false if there is none; `setting` may be NULL. */
bool block_find(const struct setting *setting, const char *name, struct block *block);

/* Offers the names of all blocks. */
void block_offer_names(const struct setting *setting, struct suggest *s);

/* Returns the position of a parameter, or -1. */
int block_find_parameter(const struct block *block, const char *name);

/* Keys of the use of a block that are not parameters: name, from, repeat, when, share; NULL after the last. */
const char *block_key(int index);
bool block_is_key(const char *name);

#endif
