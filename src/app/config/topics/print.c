/* print.c - topics as text of the terminal. */
#include <string.h>

#include "app/config/topics/topics.h"

static void print_text(FILE *out, const char *text)
{
    while (*text) {
        size_t length = strcspn(text, "\n");
        fprintf(out, "%s%.*s\n", length ? "  " : "", (int)length, text);
        text += length + (text[length] == '\n');
    }
}

/* Ends a line with " (rel, abs)" and the like, or with nothing. */
static void print_choices(FILE *out, const char *const *choices)
{
    for (int i = 0; choices && choices[i]; i++)
        fprintf(out, "%s%s", i ? ", " : " (", *choices[i] ? choices[i] : "''");
    fputs(choices ? ")\n" : "\n", out);
}

/* Prints " (or Conv2d)" and the like, or nothing. */
static void print_aliases(FILE *out, const char *const *aliases)
{
    for (int i = 0; aliases && aliases[i]; i++) fprintf(out, "%s%s", i ? ", " : " (or ", aliases[i]);
    if (aliases) fputc(')', out);
}

static void print_entry(FILE *out, const char *name, const char *const *aliases, const char *help)
{
    fprintf(out, "    %s", name);
    print_aliases(out, aliases);
    fprintf(out, ": %s\n", help);
}

static void print_item(FILE *out, const struct topics_item *item)
{
    fprintf(out, "%*s%-*s %-12s %s", item->of_entry ? 6 : 2, "", item->width, item->name, item->value,
            item->help);
    print_aliases(out, item->alias ? (const char *const[]){item->alias, NULL} : NULL);
    print_choices(out, item->choices);
}

static const struct topics_writer print_writer = {print_text, print_entry, print_item};

bool topics_print(const char *topic, FILE *out)
{
    if (!topics_write(topic, &print_writer, out)) return false;
    for (int i = 1; strcmp(topic, topics_at(0)) == 0 && topics_at(i); i++) {
        fputc('\n', out);
        topics_write(topics_at(i), &print_writer, out);
    }
    return true;
}
