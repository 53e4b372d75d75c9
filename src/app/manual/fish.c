/* fish.c - completion for fish (complete(1) of fish). */
#include "app/cli/commands/commands.h"
#include "app/manual/manual.h"

/* The conditions: a command that reads a configuration, which is also taken without any; no command yet; this one. */
#define WITH_KEYS  "__ddp_train_takes_keys"
#define NO_COMMAND "not __fish_seen_subcommand_from $__ddp_train_commands"

static void fish_quoted(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++) fprintf(out, "%s%c", *text == '\'' || *text == '\\' ? "\\" : "", *text);
    fputc('\'', out);
}

static void fish_values(FILE *out, const char *values)
{
    fputs(" -r", out);
    if (!*values) return;
    fputs(" -f -a ", out);
    fish_quoted(out, values);
}

static void fish_key(FILE *out, const char *key, const char *help, const char *values)
{
    fprintf(out, "complete -c ddp_train -n " WITH_KEYS " -l %s -d ", key);
    fish_quoted(out, help);
    fish_values(out, values);
    fputc('\n', out);
}

static void fish_flag(FILE *out, const struct flag *f)
{
    char words[WORDS_SIZE];
    words_of_flag(f, words);
    fprintf(out, "complete -c ddp_train -l %s", f->name);
    if (f->letter) fprintf(out, " -s %c", f->letter);
    if (f->sets) {
        fputs(" -n '", out);
        if (f->sets & command_find(command_table, "train")->flags) fputs(NO_COMMAND "; or ", out);
        fputs("__fish_seen_subcommand_from", out);
        for (const struct command *c = command_table; c->name; c++)
            if (flag_is_in(f, c->flags)) fprintf(out, " %s", c->name);
        fputc('\'', out);
    }
    fputs(" -d ", out);
    fish_quoted(out, f->help);
    if (f->value) fish_values(out, words);
    fputc('\n', out);
}

static void fish_command(FILE *out, const struct command *c)
{
    char words[WORDS_SIZE];
    fprintf(out, "complete -c ddp_train -n '" NO_COMMAND "' -a %s -d ", c->name);
    fish_quoted(out, c->help);
    words_after(c, words);
    if (*words) {
        fprintf(out, "\ncomplete -c ddp_train -n '__fish_seen_subcommand_from %s' -a ", c->name);
        fish_quoted(out, words);
    }
    fputc('\n', out);
}

void completion_fish(FILE *out)
{
    fputs("# Completion of ddp_train for fish, written by the build from the program's own tables.\n\n"
          "set -g __ddp_train_commands",
          out);
    for (const struct command *c = command_table; c->name; c++) fprintf(out, " %s", c->name);
    fputs("\nfunction " WITH_KEYS "\n    " NO_COMMAND "; or __fish_seen_subcommand_from", out);
    for (const struct command *c = command_table; c->name; c++)
        if (command_takes_keys(c)) fprintf(out, " %s", c->name);
    fputs("\nend\n\n", out);
    for (const struct command *c = command_table; c->name; c++) fish_command(out, c);
    for (const struct flag *f = arguments_flags(); f->name; f++) fish_flag(out, f);
    words_each_key(out, fish_key);
}
