#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "ddp/options.h"
#include "ddp/suggest.h"

static void print_all(void)
{
    puts("ddp_train - trains neural networks on many CPU cores, with the same bits at any number of ranks\n\n"
         "usage: ddp_train [COMMAND] [FLAGS]          for example: mpirun -np 8 ddp_train train "
         "my.yaml\n\ncommands:");
    for (const struct command *c = command_table(); c->name; c++) printf("  %-10s %s\n", c->name, c->help);
    puts("\nflags of train:");
    arguments_help(command_find("train")->flags);
    puts("\n'ddp_train help COMMAND' explains a command, 'ddp_train help keys' every key of the "
         "configuration.\n"
         "exit codes: 0 done, 1 failed, 2 usage or configuration, 3 data, 4 diverged, 130 interrupted");
}

void help_print(const struct command *c)
{
    if (!c) {
        print_all();
        return;
    }
    printf("usage: ddp_train %s %s\n\n%s\n%s%s\nflags:\n", c->name, c->synopsis, c->help,
           *c->details ? "\n" : "", c->details);
    arguments_help(c->flags);
}

enum status cmd_help(struct comm *comm, struct arguments *a)
{
    (void)comm;
    if (a->word_count && strcmp(a->words[0], "keys") == 0) {
        options_help(stdout);
        return STATUS_OK;
    }
    const struct command *c = a->word_count ? command_find(a->words[0]) : NULL;
    if (a->word_count && !c) {
        struct suggest s;
        suggest_start(&s, a->words[0]);
        suggest_offer(&s, "keys");
        for (c = command_table(); c->name; c++) suggest_offer(&s, c->name);
        return status_fail(STATUS_CONFIG, "help: there is no command '%s'%s", a->words[0], suggest_hint(&s));
    }
    help_print(c);
    return STATUS_OK;
}
