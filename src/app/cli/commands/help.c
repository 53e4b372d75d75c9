/* help.c - prints help. */
#include <stdio.h>

#include "app/cli/commands/commands.h"
#include "app/config/topics/topics.h"

static void help_print_all(const struct command *commands)
{
    puts("ddp_train - data-parallel training of neural networks on CPUs: identical bits at any number of "
         "ranks\n\n"
         "usage: ddp_train [COMMAND] [FLAGS]          for example: mpirun -np 8 ddp_train train "
         "my.yaml\n\ncommands:");
    for (const struct command *c = commands; c->name; c++) printf("  %-10s %s\n", c->name, c->help);
    puts("\nflags of train:");
    arguments_print_flags(command_find(commands, "train")->flags);
    puts("\n'ddp_train help COMMAND' explains a command, 'ddp_train help keys' every key of the "
         "configuration,\n"
         "'ddp_train help layers' (or blocks, initializers, losses, metrics, optimizers, schedules, "
         "transforms, augment)\nthe available choices.");
    fputs("exit codes:", stdout);
#define STATUS_HELP(name, code, text) printf("%s %d %s", (code) ? "," : "", code, text);
    STATUS_MAP(STATUS_HELP)
#undef STATUS_HELP
    puts("");
}

void help_print(const struct command *commands, const struct command *c)
{
    if (!c) {
        help_print_all(commands);
        return;
    }
    printf("usage: ddp_train %s%s%s\n\n%s\n%s%s\nflags:\n", c->name, *c->synopsis ? " " : "", c->synopsis,
           c->help, c->details ? "\n" : "", c->details ? c->details : "");
    arguments_print_flags(c->flags);
}

enum status cmd_help(struct comm *comm, struct arguments *a)
{
    (void)comm;
    const char *word = a->word_count ? a->words[0] : NULL;
    const struct command *c = word ? command_find(a->commands, word) : NULL;
    if (!word || c) {
        help_print(a->commands, c);
        return STATUS_OK;
    }
    if (topics_print(word, stdout)) return STATUS_OK;
    struct suggest s;
    suggest_start(&s, word);
    for (c = a->commands; c->name; c++) suggest_offer(&s, c->name);
    topics_offer(&s);
    return status_fail(STATUS_CONFIG, "help: unknown command or topic '%s'%s (see 'ddp_train help')", word,
                       suggest_hint(&s));
}
