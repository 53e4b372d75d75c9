/* option_init.h - initial values in the configuration: kaiming_normal, {normal: 0.02}, {normal: {std: 0.02}}. */
#ifndef APP_CONFIG_MODEL_OPTION_INIT_H
#define APP_CONFIG_MODEL_OPTION_INIT_H

#include <stdio.h>

#include "app/config/settings.h"
#include "nn/init/init.h"

/* Reads a kind of initial values with its arguments. Local. Errors: STATUS_CONFIG with the place. */
enum status option_init_read(const struct setting *setting, const struct yaml_node *node, struct init *init);

/* Writes it as option_init_read takes it. */
void option_init_write(FILE *out, const struct init *init);

#endif
