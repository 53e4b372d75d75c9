/* grid.c - texts in rows and columns. */
#include "app/runs/grid.h"

#include <stdarg.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

#define CELL_SIZE 4096

static enum status grid_grow(struct grid *g)
{
    char **more;
    if (g->count < g->room) return STATUS_OK;
    int64_t room = g->room ? 2 * g->room : 64;
    TRY(mem_alloc(&more, (size_t)room, sizeof *more, "table"));
    if (g->count) memcpy(more, g->cells, (size_t)g->count * sizeof *more);
    mem_free(&g->cells);
    g->cells = more;
    g->room = room;
    return STATUS_OK;
}

enum status grid_add(struct grid *g, const char *format, ...)
{
    char text[CELL_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    TRY(grid_grow(g));
    return mem_copy_text(&g->cells[g->count++], text);
}

static int grid_width(const struct grid *g, int column)
{
    size_t width = 0;
    for (int64_t i = column; i < g->count; i += g->columns) {
        size_t here = utf8_count(g->cells[i]);
        if (here > width) width = here;
    }
    return (int)width;
}

/* Ends a line without blanks. */
void grid_print(const struct grid *g, int left, FILE *out)
{
    for (int64_t i = 0; i < g->count; i++) {
        int column = (int)(i % g->columns), fill = grid_width(g, column) - (int)utf8_count(g->cells[i]);
        bool last = column == g->columns - 1, at_left = column < left;
        fprintf(out, "%s%*s%s%*s%s", column ? "  " : "", at_left ? 0 : fill, "", g->cells[i],
                at_left && !last ? fill : 0, "", last ? "\n" : "");
    }
}

static void grid_write_cell(const char *text, FILE *out)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) fprintf(out, "%s%c", *text == '"' ? "\"" : "", *text);
    fputc('"', out);
}

void grid_write_csv(const struct grid *g, FILE *out)
{
    for (int64_t i = 0; i < g->count; i++) {
        grid_write_cell(g->cells[i], out);
        fputc((i + 1) % g->columns ? ',' : '\n', out);
    }
}

void grid_free(struct grid *g)
{
    for (int64_t i = 0; i < g->count; i++) mem_free(&g->cells[i]);
    mem_free(&g->cells);
    *g = (struct grid){.columns = 0};
}
