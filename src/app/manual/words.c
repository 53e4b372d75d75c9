/* words.c - the words that a shell may offer, read from the tables and from the synopses in them. */
#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "app/cli/commands/commands.h"
#include "app/config/family.h"
#include "app/config/option_table.h"
#include "app/config/topics/topics.h"
#include "app/manual/manual.h"

static void words_add(char words[WORDS_SIZE], const char *word, size_t length)
{
    size_t used = strlen(words);
    assert(used + length + 2 <= WORDS_SIZE);
    snprintf(words + used, WORDS_SIZE - used, "%s%.*s", used ? " " : "", (int)length, word);
}

static void words_add_all(char words[WORDS_SIZE], const char *const *all)
{
    for (; all && *all; all++)
        if (**all) words_add(words, *all, strlen(*all));
}

/* Of "auto|PATH|never" and "csv IN OUT | idx IMAGES" what one types as it stands: the first words in small letters. */
static void words_add_alternatives(char words[WORDS_SIZE], const char *text)
{
    while (*text) {
        text += strspn(text, " |");
        size_t word = strcspn(text, " |");
        if (islower((unsigned char)*text)) words_add(words, text, word);
        text += strcspn(text, "|");
    }
}

void words_of_flag(const struct flag *f, char words[WORDS_SIZE])
{
    *words = 0;
    if (f->value && strchr(f->value, '|')) words_add_alternatives(words, f->value);
}

void words_after(const struct command *c, char words[WORDS_SIZE])
{
    *words = 0;
    if (strstr(c->synopsis, "COMMAND"))
        for (const struct command *other = command_table; other->name; other++)
            words_add(words, other->name, strlen(other->name));
    for (int i = 0; strstr(c->synopsis, "TOPIC") && topics_at(i); i++)
        words_add(words, topics_at(i), strlen(topics_at(i)));
    words_add_alternatives(words, c->synopsis);
}

static void words_of_option(const struct option *o, char words[WORDS_SIZE])
{
    static const char *const switches[] = {"true", "false", NULL};
    *words = 0;
    words_add_all(words, o->kind == OPTION_BOOL ? switches : o->choices);
}

/* Whether an entry before this one has the argument, too: sgd and adam have `lr`. */
static bool words_seen(const struct family *f, int entry, const char *name)
{
    struct family_entry earlier;
    for (int i = 0; i < entry && f->entry(i, &earlier); i++)
        for (const struct arg *a = earlier.args; a && a->name; a++)
            if (strcmp(a->name, name) == 0) return true;
    return false;
}

static void words_each_family_key(FILE *out, words_key *each, const struct family *f)
{
    struct family_entry entry;
    char key[128], words[WORDS_SIZE] = "";
    for (int i = 0; f->entry(i, &entry); i++) words_add(words, entry.name, strlen(entry.name));
    snprintf(key, sizeof key, "%s.name", f->section);
    each(out, key, "which one", words);
    for (int i = 0; f->entry(i, &entry); i++)
        for (const struct arg *a = entry.args; a && a->name; a++) {
            if (words_seen(f, i, a->name)) continue;
            *words = 0;
            words_add_all(words, a->choices);
            snprintf(key, sizeof key, "%s.%s", f->section, a->name);
            each(out, key, a->help, words);
        }
}

void words_each_key(FILE *out, words_key *each)
{
    char words[WORDS_SIZE];
    for (const struct option *o = option_table(); o->key; o++) {
        words_of_option(o, words);
        each(out, o->key, o->help, words);
    }
    for (const struct family *f = family_table(); f->section; f++) words_each_family_key(out, each, f);
}
