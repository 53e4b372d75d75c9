/* options.h - from assignments to a checked configuration, and back to text.
 *
 * One constant table (option_table.c) gives every key its type, range, default and help; the sections loss,
 * optim and schedule take their keys from the registries. The text form is complete and canonical: it reads
 * back to the same configuration. Local functions; errors are STATUS_CONFIG, naming key and place. */
#ifndef APP_CONFIG_OPTIONS_H
#define APP_CONFIG_OPTIONS_H

#include <stdbool.h>

#include "train/config.h"
#include "app/config/settings.h"
#include "app/config/suggest.h"

/* Fills *config (released with options_free, also after an error). If a higher level chooses another loss,
 * optimizer or schedule, keys that it does not have are ignored with a warning; any other unknown key is an
 * error. */
enum status options_resolve(const struct settings *s, struct config *config);

/* The same of a file alone, without flags and variables. */
enum status options_read_file(const char *path, struct config *config);
void options_free(struct config *config);

/* Reads a locator of the command line, or a list of them in brackets, as data.train takes it; released with
 * mem_free. */
enum status options_read_locator(const char *given, char **text);

/* Writes the resolved configuration as YAML; released with mem_free. `expanded`: blocks are written as the
 * layers they stand for, otherwise as their user wrote them. */
enum status options_text(const struct config *config, bool expanded, char **text);

/* Calls `each` for every key whose values differ, with both values as text, and whether a resumed run may
 * differ in it (because it does not change what the run computes). */
typedef void options_difference(void *self, const char *key, const char *was, const char *is,
                                bool may_change);
enum status options_compare(const struct config *was, const struct config *is, options_difference *each,
                            void *self);

/* Offers every key, with `prefix` before it. */
void options_offer(struct suggest *s, const char *prefix);

#endif
