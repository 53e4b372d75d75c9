/* topics.h - what can be configured, topic by topic: keys, layers, losses and so on, from the tables that read them.
 *
 * One description serves the terminal and the manual pages: it calls a writer for each text, entry and item. Local
 * functions. */
#ifndef APP_CONFIG_TOPICS_TOPICS_H
#define APP_CONFIG_TOPICS_TOPICS_H

#include <stdbool.h>
#include <stdio.h>

#include "app/config/suggest.h"

/* A key, or an argument of an entry. */
struct topics_item {
    const char *name, *value, *help; /* value: the default, or "required" */
    const char *alias;               /* or NULL */
    const char *const *choices;      /* ended by NULL, or NULL */
    int width;                       /* of the longest name beside it */
    bool of_entry;
};

struct topics_writer {
    /* Lines; those that begin with blanks, and tables, stand as they are. */
    void (*text)(FILE *out, const char *text);
    /* A kind of layer, a loss, ...; aliases are ended by NULL, or NULL. */
    void (*entry)(FILE *out, const char *name, const char *const *aliases, const char *help);
    void (*item)(FILE *out, const struct topics_item *item);
};

/* The topics in the order of the help, ended by NULL. "keys" is the first; the others are one registry each. */
const char *topics_at(int index);

/* Writes a topic. Returns false if there is no such topic. */
bool topics_write(const char *topic, const struct topics_writer *w, FILE *out);

void topics_offer(struct suggest *s);

/* For the terminal: the same, with "keys" being everything. */
bool topics_print(const char *topic, FILE *out);

#endif
