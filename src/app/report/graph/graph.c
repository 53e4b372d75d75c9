/* graph.c - draws a model into a file. */
#include "app/report/graph/graph.h"

#include <string.h>

#include "app/report/graph/private.h"
#include "io/outfile.h"

static bool graph_has_ending(const char *path, const char *ending)
{
    size_t length = strlen(path), end = strlen(ending);
    return length > end && strcmp(path + length - end, ending) == 0;
}

enum status graph_check_path(const char *path)
{
    if (graph_has_ending(path, ".svg") || graph_has_ending(path, ".dot")) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "--graph: '%s' must end in .svg (a picture) or .dot (for graphviz)",
                       path);
}

enum status graph_draw(const struct model *model, const char *path)
{
    FILE *out;
    TRY(graph_check_path(path));
    TRY(outfile_open(&out, path));
    enum status status = STATUS_OK;
    if (graph_has_ending(path, ".svg"))
        status = graph_write_svg(model, out);
    else
        graph_write_dot(model, out);
    enum status closed = outfile_close(out, path);
    return status == STATUS_OK ? closed : status;
}
