/* manual.h - what the build writes about the program: manual pages and completion scripts. Private to this folder.
 *
 * All functions write to `out`; whether that failed is for the caller to see (ferror). */
#ifndef APP_MANUAL_MANUAL_H
#define APP_MANUAL_MANUAL_H

#include <stdio.h>

#include "app/cli/arguments.h"

/* ddp_train(1); the page of a command, ddp_train-NAME(1); ddp_train.yaml(5). */
void page_program(FILE *out);
void page_command(FILE *out, const struct command *c);
void page_configuration(FILE *out);

void completion_bash(FILE *out);
void completion_zsh(FILE *out);
void completion_fish(FILE *out);

/* Whether a command reads a configuration, so that it takes keys as flags. */
static inline bool command_takes_keys(const struct command *c)
{
    return (c->flags & FLAGS_CONFIG) != 0;
}

/* Calls `each` for every key of the configuration; `values`, separated by blanks, are those that it can have, "" if they
 * are no words. */
typedef void words_key(FILE *out, const char *key, const char *help, const char *values);
void words_each_key(FILE *out, words_key *each);

#define WORDS_SIZE 1024

/* The values that a flag can have, likewise. */
void words_of_flag(const struct flag *f, char words[WORDS_SIZE]);

/* The words that may follow a command at once, such as "peak step sync"; "" if these are files. */
void words_after(const struct command *c, char words[WORDS_SIZE]);

#endif
