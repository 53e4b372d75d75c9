/* grid.c - texts in rows and columns. */
#include "app/runs/grid.h"

#include <stdarg.h>
#include <string.h>

#include "core/mem.h"
#include "core/utf8.h"

#define CELL_SIZE 4096

enum status grid_add(struct grid *g, const char *format, ...)
{
    char text[CELL_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    TRY(mem_grow(&g->cells, &g->room, g->count, sizeof *g->cells, "table"));
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
static void grid_print_row(const struct grid *g, char *const *cells, const int *widths, int left, FILE *out)
{
    for (int c = 0; c < g->columns; c++) {
        int fill = widths[c] - (int)utf8_count(cells[c]);
        bool last = c == g->columns - 1, at_left = c < left;
        fprintf(out, "%s%*s%s%*s%s", c ? "  " : "", at_left ? 0 : fill, "", cells[c],
                at_left && !last ? fill : 0, "", last ? "\n" : "");
    }
}

enum status grid_print(const struct grid *g, int left, FILE *out)
{
    int *widths;
    TRY(mem_alloc(&widths, (size_t)g->columns, sizeof *widths, "table"));
    for (int c = 0; c < g->columns; c++) widths[c] = grid_width(g, c);
    for (int64_t i = 0; i < g->count; i += g->columns) grid_print_row(g, g->cells + i, widths, left, out);
    mem_free(&widths);
    return STATUS_OK;
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
