/* commands.h - the table of commands and the function of each. Private to the app layer. */
#ifndef APP_CLI_COMMANDS_COMMANDS_H
#define APP_CLI_COMMANDS_COMMANDS_H

#include "app/cli/arguments.h"

/* table.c: ended by a NULL name. */
extern const struct command command_table[];

/* One function for each command, in a file of its name. Which are collective says the table. */
enum status cmd_bench(struct comm *comm, struct arguments *a);
enum status cmd_check(struct comm *comm, struct arguments *a);
enum status cmd_convert(struct comm *comm, struct arguments *a);
enum status cmd_demo_data(struct comm *comm, struct arguments *a);
enum status cmd_eval(struct comm *comm, struct arguments *a);
enum status cmd_export(struct comm *comm, struct arguments *a);
enum status cmd_help(struct comm *comm, struct arguments *a);
enum status cmd_init(struct comm *comm, struct arguments *a);
enum status cmd_inspect(struct comm *comm, struct arguments *a);
enum status cmd_predict(struct comm *comm, struct arguments *a);
enum status cmd_report(struct comm *comm, struct arguments *a);
enum status cmd_runs(struct comm *comm, struct arguments *a);
enum status cmd_train(struct comm *comm, struct arguments *a);
enum status cmd_version(struct comm *comm, struct arguments *a);
enum status cmd_watch(struct comm *comm, struct arguments *a);

/* convert_table.c: convert csv and convert arff; the words after the format are in place. Local. */
enum status convert_table(struct arguments *a);

/* help.c: prints help on one command of a table, or on all if it is NULL. Local. */
void help_print(const struct command *commands, const struct command *command);

#endif
