#include "app/cli/command.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/h5/h5.h"
#include "core/system/stop.h"

static const struct command commands[] = {
    {"train", "[FILE.yaml]", "train a model (the default command)",
     "Without a FILE the configuration is ddp_train.yaml in this folder, or if there is none the built-in "
     "demo.\n"
     "Everything a run leaves behind lies in its run directory.\n\n"
     "--resume auto goes on from the newest good checkpoint in the run directory of -o, or without -o in "
     "that of the "
     "newest\n"
     "run of the name that is neither complete nor running (within a Slurm job: of the job); where there is "
     "none, it "
     "begins\n"
     "anew. --resume PATH takes a checkpoint or a run directory, and goes on there, or in a new one with -o. "
     "Ranks and "
     "nodes\n"
     "are free; a configuration that would change the results is refused, with a list, but for "
     "--resume-override.\n"
     "Without a FILE it is the checkpoint's.\n\n"
     "  mpirun -np 8 ddp_train train my.yaml -o runs/a --resume auto\n"
     "  mpirun -np 4 ddp_train train --resume runs/a --train.epochs=20\n"
     "  mpirun -np 4 ddp_train train --resume runs/a/checkpoints/best.h5 -o runs/b\n",
     FLAGS_CONFIG | FLAGS_RUN | FLAGS_EXTERNAL, 0, 1, true, cmd_train},
    {"eval", "CHECKPOINT --data LOCATOR", "evaluate a checkpoint on a data set",
     "Prints accuracy and loss; precision, recall and F1 as scikit-learn's classification_report does, or "
     "for real\n"
     "values a table of the errors of each target, in original units, whose last row has the means (of the "
     "greatest\n"
     "error the greatest); the other metrics of the task; and the confusion matrix of up to 30 classes.\n",
     FLAGS_DATA | FLAGS_EVAL | FLAGS_EXTERNAL, 1, 1, true, cmd_eval},
    {"predict", "CHECKPOINT --data LOCATOR --out FILE.h5", "write what a checkpoint says of each sample",
     "HDF5, rows in the order of the data: logits (N,K), what the network puts out; probabilities (N,K), "
     "where the loss\n"
     "makes them some; predicted: the class (N,), labels 0 and 1 (N,K) by metrics.threshold, or values (N,K) "
     "in original\n"
     "units. The data need no labels; if they have some, labels and, of classes and labels, correct (N,) are "
     "written, too.\n\n"
     "  mpirun -np 4 ddp_train predict runs/a/checkpoints/final.h5 --data new.h5 --out new-predictions.h5\n",
     FLAGS_DATA | FLAGS_PREDICT | FLAGS_FORCE | FLAGS_EXTERNAL, 1, 1, true, cmd_predict},
    {"check", "[FILE.yaml]", "check configuration, data and model, and stop before the first step", "",
     FLAGS_CONFIG | FLAGS_EXTERNAL, 0, 1, true, cmd_check},
    {"inspect", "FILE", "show what a data set or a checkpoint holds", "", FLAGS_EXTERNAL, 1, 1, false,
     cmd_inspect},
    {"convert", "idx IMAGES LABELS OUT.h5 | csv IN.csv OUT.h5 | arff IN.arff OUT.h5",
     "turn IDX, CSV and ARFF files (also .gz) into a data set",
     "idx   MNIST and its relatives: images (N,H,W) and labels (N,), both uint8.\n"
     "csv   RFC 4180. COLUMNS are names or numbers from 0, separated by commas. The first row is a header if "
     "its\n"
     "      cells are texts where columns of numbers are expected, that is outside --target, --categorical "
     "and\n"
     "      --drop; where that is not clear, --header decides. Missing are empty cells, NA, N/A, NaN, null, "
     "?.\n"
     "arff  Weka's and Mulan's, dense or sparse. A nominal attribute becomes one column for each value, "
     "{0,1} "
     "one\n"
     "      column of 0 and 1; string and date attributes are left out with --drop. Missing is ?.\n\n"
     "The kinds of --labels: index are classes, texts or integers, in one column (classes are counted from 0 "
     "in "
     "the\n"
     "order of their bytes, integers by size, those of ARFF as declared); multilabel is 0 or 1 in each "
     "target; "
     "target\n"
     "are numbers; auto takes texts as index, 0 and 1 as labels, other numbers as target.\n"
     "--missing mean uses the mean of the training rows. Rows are counted from 0, before any is dropped.\n\n"
     "  ddp_train convert idx images.gz labels.gz train.h5 --class-names cat,dog\n"
     "  ddp_train convert csv houses.csv houses.h5 --target price --categorical town --missing mean --split "
     "0.2\n"
     "  ddp_train convert csv letters.csv letters.h5 --target 0 --delimiter ';' --header no --split-at 2\n"
     "  ddp_train convert arff genes-train.arff genes.h5 --labels-xml genes.xml --test-file genes-test.arff\n"
     "  ddp_train convert arff flowers.arff flowers.h5 --target species --test-every 5\n",
     FLAGS_CONVERT, 1, 4, false, cmd_convert},
    {"demo-data", "OUT.h5", "write the built-in demo data set to a file", "", FLAGS_FORCE, 1, 1, false,
     cmd_demo_data},
    {"init", "[FILE.yaml]", "write the demo's configuration, with comments, to start from",
     "FILE.yaml is ddp_train.yaml if not given; an existing file is never replaced.\n", 0, 0, 1, false,
     cmd_init},
    {"bench", "checkpoint [FILE.yaml]|kernels [NAME]|loader DATA|peak|step [FILE.yaml]|sync",
     "measure the machine and the program's parts",
     "checkpoint: what saving costs the run, on the disk of the current folder; FILE.yaml and flags as for "
     "train.\n"
     "kernels: every kernel (with NAME in its name) against the peak, the memory's speed, and sgemm.\n"
     "loader: DATA (as data.train) against reading the file once, its batches against memcpy.\n"
     "peak: products by sgemm and the bandwidth of memory, on all ranks at once.\n"
     "step: where the time of a training step goes, in ms and shares of the peak. FILE.yaml and flags as "
     "for\n"
     "      train; --data.train=synthetic:1x28x28:10:60000 needs no file.\n"
     "sync: synchronisation and update of gradients against MPI_Allreduce.\n",
     FLAGS_BENCH | FLAGS_CONFIG | FLAGS_EXTERNAL, 1, 2, true, cmd_bench},
    {"version", "", "print version and libraries", "", 0, 0, 0, false, cmd_version},
    {"help", "[COMMAND|TOPIC]", "explain a command, or what can be configured",
     "TOPIC is keys (everything), layers, losses, optimizers, schedules or metrics.\n", 0, 0, 1, false,
     cmd_help},
    {.name = NULL},
};

const struct command *command_table(void)
{
    return commands;
}

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}

static long count_of(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : 0;
}

/* A launcher started several tasks, but MPI knows nothing of the others: every one of them would train alone
 * and write over the others' files. */
static enum status check_launch(const struct comm *comm)
{
    static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS", NULL};
    if (comm_size(comm) > 1) return STATUS_OK;
    for (const char *const *variable = variables; *variable; variable++) {
        long tasks = count_of(*variable);
        if (tasks == 1) return STATUS_OK; /* what the nearest launcher says counts */
        if (tasks > 1)
            return status_fail(
                STATUS_CONFIG,
                "%s says %ld tasks, but MPI sees only this one; start it with mpirun, or with srun "
                "--mpi=pmix if this Open MPI supports it (for one process on purpose: mpirun -np 1)",
                *variable, tasks);
    }
    return STATUS_OK;
}

enum status command_flush(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return STATUS_OK;
    return status_fail(STATUS_OTHER, "the output cannot be written: %s", strerror(errno));
}

static enum status run_alone(const struct command *c, struct comm *comm, struct arguments *a)
{
    if (a->help)
        help_print(c);
    else
        TRY(c->run(comm, a));
    return command_flush();
}

static enum status run(struct comm *comm, struct arguments *a)
{
    const struct command *c = a->version && !a->help ? command_find("version") : a->command;
    if (!c || c->run != cmd_train || a->help) stop_release();
    if (a->help || !c->everyone)
        return comm_agree(comm, comm_rank(comm) == 0 ? run_alone(c, comm, a) : STATUS_OK);
    TRY(check_launch(comm));
    return c->run(comm, a);
}

enum status command_run(struct comm *comm, int argc, char **argv)
{
    struct arguments a;
    enum status status = comm_agree(comm, arguments_parse(&a, argc, argv));
    h5_allow_external(a.allow_external); /* a configuration may allow it later */
    if (status == STATUS_OK) status = run(comm, &a);
    arguments_free(&a);
    return status;
}
