/* tree_text.h - a part of the configuration as YAML, as its user wrote it. */
#ifndef APP_CONFIG_MODEL_TREE_TEXT_H
#define APP_CONFIG_MODEL_TREE_TEXT_H

#include <stdio.h>

#include "app/config/yaml.h"

/* Writes a word plain if it cannot be misread, otherwise in double quotes. `also` are characters that are
 * harmless here behind the first: " " for expressions. */
void tree_write_word(FILE *out, const char *word, const char *also);

/* Writes the list model.layers, or the map model.blocks, as the value of a key that is indented by two: every
 * entry is a line. Both were read without errors; `blocks` is the map, of which those
 * that are `used` are written. Kinds and arguments have their own names
 * in place of aliases. Released with mem_free. Errors: STATUS_OTHER, memory. */
enum status tree_text(const struct yaml_node *node, const struct yaml_node *blocks, const bool *used,
                      char **text);

#endif
