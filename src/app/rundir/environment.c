/* environment.c - writes env.json. */
#include "app/rundir/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/config/yaml.h"
#include "io/json.h"
#include "io/outfile.h"
#include "core/system/clock.h"

/* Only these: an environment also holds secrets (SLURM_JWT). */
static const char *const variables[] = {"SLURM_JOB_ID",
                                        "SLURM_JOB_NAME",
                                        "SLURM_JOB_PARTITION",
                                        "SLURM_JOB_NODELIST",
                                        "SLURM_JOB_NUM_NODES",
                                        "SLURM_NTASKS",
                                        "SLURM_CPUS_PER_TASK",
                                        "SLURM_CLUSTER_NAME",
                                        "SLURM_SUBMIT_DIR",
                                        "SLURM_RESTART_COUNT",
                                        "OMPI_COMM_WORLD_SIZE",
                                        "OMPI_COMM_WORLD_LOCAL_SIZE",
                                        "OMPI_MCA_btl",
                                        "OMPI_MCA_mpi_yield_when_idle",
                                        "OMPI_MCA_hwloc_base_binding_policy",
                                        "OMP_NUM_THREADS",
                                        "OPENBLAS_NUM_THREADS",
                                        "OPENBLAS_CORETYPE",
                                        NULL};

static void environment_write_place(struct json *j)
{
    struct utsname system;
    char folder[4096];
    if (uname(&system) == 0) {
        json_text(j, "host", system.nodename);
        json_text(j, "system", system.sysname);
        json_text(j, "kernel", system.release);
        json_text(j, "machine", system.machine);
    }
    json_text(j, "folder", getcwd(folder, sizeof folder));
}

static void environment_write_versions(struct json *j, const struct trainer_info *info)
{
    json_open(j, "versions", '{');
    json_text(j, "ddp_train", DDP_VERSION);
    json_text(j, "compiler", __VERSION__);
    json_text(j, "libyaml", yaml_version());
    json_text(j, "blas", info->blas);
    json_text(j, "isa", info->isa);
    json_close(j, '}');
}

enum status environment_write(const char *path, const struct environment *e)
{
    FILE *out;
    TRY(outfile_open(&out, path));
    char stamp[CLOCK_STAMP_SIZE];
    clock_stamp(stamp);
    struct json j = {.out = out};
    json_open(&j, NULL, '{');
    json_text(&j, "utc", stamp);
    environment_write_place(&j);
    json_int(&j, "ranks", comm_size(e->comm));
    json_int(&j, "nodes", comm_nodes(e->comm));
    json_int(&j, "local_ranks", comm_local_size(e->comm));
    json_bool(&j, "crowded", comm_crowded(e->comm));
    environment_write_versions(&j, e->info);
    json_open(&j, "machines", '{');
    machines_write(&j, e->machines);
    json_close(&j, '}');
    json_open(&j, "command", '[');
    for (int i = 0; i < e->argc; i++) json_text(&j, NULL, e->argv[i]);
    json_close(&j, ']');
    if (e->resumed_from) json_text(&j, "resumed_from", e->resumed_from);
    if (e->weights_from) json_text(&j, "weights_from", e->weights_from);
    json_open(&j, "environment", '{');
    for (const char *const *name = variables; *name; name++)
        if (getenv(*name)) json_text(&j, *name, getenv(*name));
    json_close(&j, '}');
    json_close(&j, '}');
    fputc('\n', out);
    return outfile_close(out, path);
}
