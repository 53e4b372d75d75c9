/* init.c - writes the demo's configuration as a starting point. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/cli/commands/commands.h"
#include "app/config/setup.h"
#include "core/log.h"

enum status cmd_init(struct comm *comm, struct arguments *a)
{
    (void)comm;
    const char *path = a->word_count ? a->words[0] : SETUP_DEFAULT_FILE;
    FILE *out = fopen(path, "wx");
    if (!out && errno == EEXIST)
        return status_fail(STATUS_CONFIG,
                           "%s: already exists and is not replaced; choose another file: ddp_train init FILE",
                           path);
    if (!out) return status_fail(STATUS_CONFIG, "%s: cannot be written: %s", path, strerror(errno));
    bool failed = fputs(demo_config, out) < 0;
    if (fclose(out) != 0 || failed)
        return status_fail(STATUS_OTHER, "%s: cannot be written: %s", path, strerror(errno));
    log_info("wrote %s; run it with: mpirun -np 2 ddp_train train %s", path, path);
    return STATUS_OK;
}
