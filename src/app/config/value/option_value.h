/* option_value.h - reads, writes and frees values of the configuration that are more than a number or a word.
 *
 * Local functions. */
#ifndef APP_CONFIG_VALUE_OPTION_VALUE_H
#define APP_CONFIG_VALUE_OPTION_VALUE_H

#include <stdio.h>

#include "app/config/option_table.h"

struct setting;
struct yaml_node;

/* Read and write one value of a table of arguments. `at` is the node that a message is about. */
enum status option_read_value(const struct arg *arg, const struct yaml_node *node, struct arg_values *values,
                              int index, const struct yaml_node **at);
void option_write_value(FILE *out, const struct arg *arg, const struct arg_values *values, int index);

/* option_loss.c: read and write a list of losses, `before` in front of each. Errors: STATUS_CONFIG, with the
 * place. */
enum status option_read_losses(const struct setting *setting, struct loss_list *list);
void option_write_losses(FILE *out, const struct loss_list *list, const char *before);

/* ../model/option_model.c: read the options of the section model. Errors: STATUS_CONFIG, with the place. */
enum status option_read_input(const struct setting *setting, const struct yaml_node *node,
                              struct model_spec *model);
enum status option_read_init(const struct setting *setting, bool of_biases, struct model_spec *model);
enum status option_check_blocks(const struct setting *setting);
enum status option_read_layers(const struct setting *setting, const struct setting *blocks,
                               struct model_spec *model, bool *uses_blocks);

/* Reads a locator or a list of locators into a text with a line for each. Errors: STATUS_CONFIG,
 * without the place. Writes it back. */
enum status option_read_locator(const struct yaml_node *node, char **text);
void option_write_locator(FILE *out, const char *text);

/* option_patterns.c: read and write lists of patterns of names, and of groups of parameters. Errors:
 * STATUS_CONFIG, with the place. */
enum status option_read_patterns(const struct setting *setting, const struct yaml_node *node,
                                 struct patterns *patterns);
enum status option_read_groups(const struct setting *setting, const struct yaml_node *node,
                               struct config_groups *groups);
void option_write_patterns(FILE *out, const struct patterns *patterns);
void option_write_groups(FILE *out, const struct config_groups *groups);

/* option_steps.c: read and write a list of steps of data, and free what it holds. Errors: STATUS_CONFIG, with the
 * place. */
enum status option_read_steps(const struct option *o, const struct setting *setting,
                              struct data_steps *steps);
void option_write_steps(FILE *out, const struct data_steps *steps);
void option_free_steps(struct data_steps *steps);

/* option_label_map.c: read and write which number stands for which class, and free what it holds. Errors:
 * STATUS_CONFIG, with the place. */
enum status option_read_label_map(const struct setting *setting, const struct yaml_node *node,
                                  struct label_map *map);
void option_write_label_map(FILE *out, const struct label_map *map);
void option_free_label_map(struct label_map *map);

#endif
