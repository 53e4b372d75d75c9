/* use.h - one use of a block, for the file that expands blocks.
 *
 * Local functions; errors are STATUS_CONFIG with key, line and column. */
#ifndef APP_CONFIG_MODEL_USE_H
#define APP_CONFIG_MODEL_USE_H

#include "app/config/model/option_graph.h"
#include "app/config/model/substitute.h"

/* A list that is being read: model.layers, or one repetition of a block. */
struct use_list {
    struct option_graph graph;
    struct substitute parameters;
    const struct use_list *outer; /* NULL = model.layers */
    int depth;
};

/* The use of a block. */
struct use {
    const struct yaml_node *entry; /* with parameters of the outer list */
    const struct block *block;
    char name[LAYER_NAME]; /* full; "" = none: repetitions count on from those before */
    bool counts;           /* repetitions have numbers in their names */
    int repeat;
    char share[LAYER_NAME]; /* full name of the use whose parameters it uses; "" = it has its own */
    int16_t inputs[LAYER_MAX_INPUTS];
    int input_count;
};

/* Reads the keys of a use into it (entry, block and repeat = 1 are set), after checks: the block is not
 * within itself, and has all parameters that are given. */
enum status use_read(struct use_list *list, struct use *use);

/* Fills inner->parameters for one repetition: arguments see the parameters of the outer list and $i, defaults
 * the parameters before them. Released with substitute_free, also after an error. */
enum status use_set_parameters(struct use_list *outer, struct use_list *inner, const struct use *use,
                               int repetition);

/* Makes the name of a repetition, and from it the prefix of the names in it. The message has no place. */
enum status use_name_repetition(const struct use_list *outer, const struct use *use, int repetition,
                                char name[LAYER_NAME], char prefix[LAYER_NAME]);

/* Sets inner->graph.share for a repetition whose prefix is known. The message has no place. */
enum status use_set_share(const struct use_list *outer, struct use_list *inner, const struct use *use,
                          int repetition);

/* Lets a layer that has its name use the parameters of the layer of the same name in the block that is shared.
 * The message has no place. */
enum status use_share_layer(const struct use_list *list, struct layer_spec *layer);

/* Gives a layer of a block a name if it has none: its kind, and from the second of the kind on a number. The
 * message has no place. */
enum status use_name_layer(const struct use_list *list, struct layer_spec *layer);

/* Copies an entry with values in place of parameters; released with yaml_destroy. */
enum status use_copy(struct use_list *list, const struct yaml_node *node, struct yaml_node **copy);

/* Evaluates a text of the list. */
enum status use_evaluate(struct use_list *list, const struct yaml_node *node, const char *text,
                         char value[EXPRESSION_TEXT]);

/* Reads the value of `when`, already copied; NULL = true. */
enum status use_read_when(const struct use_list *list, const struct yaml_node *node, bool *when);

#endif
