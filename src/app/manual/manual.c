/* manual.c - a program of the build: ddp_manual FOLDER writes the manual pages and the completion of the shells to where
 * they belong below the folder `share` of an installation. */
#include "app/manual/manual.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/cli/commands/commands.h"

static void manual_die(const char *what, const char *name)
{
    fprintf(stderr, "ddp_manual: error: %s '%s': %s\n", what, name, strerror(errno));
    exit(STATUS_OTHER);
}

/* Opens a file, and makes the folders above it that are not there. */
static FILE *manual_open(const char *folder, const char *name, char path[FILENAME_MAX])
{
    snprintf(path, FILENAME_MAX, "%s/%s", folder, name);
    for (char *slash = path + strlen(folder); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(path, 0777) != 0 && errno != EEXIST) manual_die("cannot make folder", path);
        *slash = '/';
    }
    FILE *out = fopen(path, "w");
    if (!out) manual_die("cannot write", path);
    return out;
}

static void manual_close(FILE *out, const char *path)
{
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) manual_die("cannot write", path);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*write)(FILE *out);
    } files[] = {{"man/man1/ddp_train.1", page_program},
                 {"man/man5/ddp_train.yaml.5", page_configuration},
                 {"bash-completion/completions/ddp_train", completion_bash},
                 {"zsh/site-functions/_ddp_train", completion_zsh},
                 {"fish/vendor_completions.d/ddp_train.fish", completion_fish}};
    char path[FILENAME_MAX], name[128];
    if (argc != 2) {
        fputs("usage: ddp_manual FOLDER\n", stderr);
        return STATUS_CONFIG;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        FILE *out = manual_open(argv[1], files[i].name, path);
        files[i].write(out);
        manual_close(out, path);
    }
    for (const struct command *c = command_table; c->name; c++) {
        snprintf(name, sizeof name, "man/man1/ddp_train-%s.1", c->name);
        FILE *out = manual_open(argv[1], name, path);
        page_command(out, c);
        manual_close(out, path);
    }
    return STATUS_OK;
}
