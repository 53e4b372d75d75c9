/* command.c - finds a command in a table of commands. */
#include "app/cli/command.h"

#include <string.h>

const struct command *command_find(const struct command *commands, const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}
