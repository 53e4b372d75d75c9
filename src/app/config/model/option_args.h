/* option_args.h - reads the value of an argument of a layer, which may differ from axis to axis. */
#ifndef APP_CONFIG_MODEL_OPTION_ARGS_H
#define APP_CONFIG_MODEL_OPTION_ARGS_H

#include "app/config/yaml.h"
#include "core/arg.h"

/* Reads `node` into the slots of entry `index`: one value, which holds for every axis, or for an argument with
 * axes a list of one value per axis; where an axis has two sides, each may be [before, after], and an argument
 * of one axis may be [before, after] itself. Local. Errors: STATUS_CONFIG, saying what is expected. */
enum status option_args_read(const struct arg *table, int index, const struct yaml_node *node,
                             double values[ARG_MAX]);

/* Finds the argument that `node`, one of the entries from `first` on, is the value of. Local. Errors: STATUS_CONFIG if
 * `owner` has none of that name, or an entry before gives the same one under its alias. */
enum status option_args_find(const struct arg *table, const char *owner, const struct yaml_node *first,
                             const struct yaml_node *node, int *index);

#endif
