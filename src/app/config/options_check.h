/* options_check.h - whether the keys of a configuration fit together. */
#ifndef APP_CONFIG_OPTIONS_CHECK_H
#define APP_CONFIG_OPTIONS_CHECK_H

#include "app/config/settings.h"
#include "train/config.h"

/* Checks what no single key shows, once all are read. Local. Errors: STATUS_CONFIG, with the place of the key. */
enum status options_check(const struct settings *s, const struct config *config);

#endif
