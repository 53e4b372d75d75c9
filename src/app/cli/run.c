/* run.c - runs the command that the command line names. */
#include "app/cli/run.h"

#include <stdlib.h>

#include "app/cli/arguments.h"
#include "app/cli/commands/commands.h"
#include "app/cli/output.h"
#include "core/system/stop.h"

static long cli_read_count(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : 0;
}

/* Fails if a launcher started several tasks, but MPI knows only this one: each would train alone and
 * overwrite the files of the others. */
static enum status cli_check_launch(const struct comm *comm)
{
    static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS", NULL};
    if (comm_size(comm) > 1) return STATUS_OK;
    for (const char *const *variable = variables; *variable; variable++) {
        long tasks = cli_read_count(*variable);
        if (tasks == 1) return STATUS_OK; /* the innermost launcher decides */
        if (tasks > 1)
            return status_fail(STATUS_CONFIG,
                               "%s says %ld tasks, but MPI sees only this one; start with mpirun, or with "
                               "srun --mpi=pmix if this "
                               "Open MPI supports it (to start one process on purpose: mpirun -np 1)",
                               *variable, tasks);
    }
    return STATUS_OK;
}

static enum status cli_run_alone(const struct command *c, struct comm *comm, struct arguments *a)
{
    if (a->help)
        help_print(a->commands, c);
    else
        TRY(c->run(comm, a));
    return output_flush();
}

static enum status cli_run_command(struct comm *comm, struct arguments *a)
{
    const struct command *c = a->version && !a->help ? command_find(a->commands, "version") : a->command;
    if (!c || c->run != cmd_train || a->help) stop_unblock();
    if (a->help || !c->collective)
        return comm_agree(comm, comm_rank(comm) == 0 ? cli_run_alone(c, comm, a) : STATUS_OK);
    TRY(cli_check_launch(comm));
    return c->run(comm, a);
}

enum status cli_run(struct comm *comm, int argc, char **argv)
{
    struct arguments a;
    enum status status = comm_agree(comm, arguments_parse(&a, command_table, argc, argv));
    if (status == STATUS_OK) status = cli_run_command(comm, &a);
    arguments_free(&a);
    return status;
}
