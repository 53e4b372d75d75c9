/* version.c - prints the version, the libraries and the machine. */
#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli/commands/commands.h"
#include "io/archive/unzip.h"
#include "io/gz.h"
#include "io/h5/h5.h"
#include "io/hash.h"
#include "io/json.h"
#include "io/json_object.h"
#include "io/outfile.h"
#include "math/blas.h"
#include "math/kernels.h"

#define LEVEL_NAME(level, unused) #level,
static const char *const levels[] = {KERNELS_EACH_LEVEL(LEVEL_NAME, )};
#undef LEVEL_NAME

/* Writes the name of the CPU as Linux has it; NULL where it has none (aarch64). */
static void version_write_cpu(struct json *j)
{
    char line[256], *name = NULL;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && !name && fgets(line, sizeof line, file))
        if (strncmp(line, "model name", strlen("model name")) == 0) name = strchr(line, ':');
    if (file) fclose(file);
    if (name) {
        name += strspn(name, ": ");
        name[strcspn(name, "\n")] = '\0';
    }
    json_open(j, "cpu", '{');
    json_text(j, "name", name);
    json_int(j, "processors", sysconf(_SC_NPROCESSORS_ONLN));
    json_close(j, '}');
}

static void version_write_kernels(struct json *j, const struct kernels *kernels)
{
    json_open(j, "kernels", '{');
    json_text(j, "level", kernels->level);
    json_open(j, "built", '[');
    for (int i = 0; i < KERNELS_LEVELS; i++) json_text(j, NULL, levels[i]);
    json_close(j, ']');
    json_bool(j, "bf16", kernels_have_bf16(kernels));
    json_bool(j, "bf16_instruction", kernels_hasten_bf16(kernels));
    json_close(j, '}');
}

static void version_write_libraries(struct json *j, const char *hdf5)
{
    json_open(j, "libraries", '{');
    json_text(j, "mpi", comm_version());
    json_text(j, "blas", blas_build());
    json_text(j, "blas_core", blas_core());
    json_text(j, "hdf5", hdf5);
    json_text(j, "libyaml", yaml_version());
    json_text(j, "jansson", json_object_version());
    json_text(j, "libzip", unzip_version());
    json_text(j, "zlib", gz_version());
    json_text(j, "xxhash", hash_version());
    json_text(j, "libc", gnu_get_libc_version());
    json_close(j, '}');
}

static void version_write(FILE *out, const struct kernels *kernels, const char *hdf5)
{
    struct json j = {.out = out};
    json_open(&j, NULL, '{');
    json_text(&j, "version", DDP_VERSION);
    json_text(&j, "compiler", __VERSION__);
    version_write_kernels(&j, kernels);
    version_write_libraries(&j, hdf5);
    version_write_cpu(&j);
    json_close(&j, '}');
    fputc('\n', out);
}

enum status cmd_version(struct comm *comm, struct arguments *a)
{
    (void)comm;
    blas_start();
    const struct kernels *kernels;
    TRY(kernels_select(&kernels, "auto"));
    char hdf5[H5_NAME_SIZE];
    h5_version(hdf5);
    if (a->json && strcmp(a->json, "-") == 0) {
        version_write(stdout, kernels, hdf5);
        return STATUS_OK;
    }
    printf(
        "ddp_train %s\ncompiler  %s\nkernels   %s\nOpenBLAS  %s\nlibyaml   %s\nHDF5      %s\nMPI       %s\n",
        DDP_VERSION, __VERSION__, kernels->level, blas_core(), yaml_version(), hdf5, comm_version());
    if (!a->json) return STATUS_OK;
    FILE *out;
    TRY(outfile_open(&out, a->json));
    version_write(out, kernels, hdf5);
    return outfile_close(out, a->json);
}
