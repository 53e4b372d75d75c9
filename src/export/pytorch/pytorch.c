/* pytorch.c - a folder with a readable torch.nn.Module and its weights. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "export/pytorch/private.h"
#include "io/outfile.h"

#define PATH_SIZE 4200

static enum status pytorch_write_file(const struct export_source *s, const char *folder, const char *name,
                                      enum status (*write)(const struct export_source *s, FILE *out))
{
    char path[PATH_SIZE];
    FILE *out;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= PATH_SIZE)
        return status_fail(STATUS_OTHER, "%s: the path is too long", folder);
    TRY(outfile_open(&out, path));
    enum status status = write(s, out);
    if (status != STATUS_OK) {
        outfile_discard(out, path);
        return status;
    }
    return outfile_close(out, path);
}

static enum status pytorch_write(const struct export_source *s, const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return status_fail(STATUS_OTHER, "%s: cannot be created: %s", path, strerror(errno));
    TRY(pytorch_write_file(s, path, "weights.pt", pytorch_write_weights));
    return pytorch_write_file(s, path, "model.py", pytorch_write_model);
}

extern const struct export_format format_pytorch;
const struct export_format format_pytorch = {
    .name = "pytorch",
    .ending = "",
    .help = "a folder with model.py, a torch.nn.Module to read and to use, and its weights",
    .write = pytorch_write,
};
