/* drawing.c - places the nodes of a drawing: levels by longest paths, chains in one column, long edges around
 * nodes. */
#include <stdlib.h>

#include "app/report/graph/private.h"
#include "core/mem.h"

#define CELL_FREE (-1)

/* The cells (level, column) of the drawing: the value whose node is there or whose edge runs through it. */
struct drawing_grid {
    int *cells; /* [levels][columns] */
    int columns;
};

static int *drawing_cell(const struct drawing_grid *grid, int level, int column)
{
    return &grid->cells[level * grid->columns + column];
}

static void drawing_find_levels(struct graph_layout *g, const struct model *model)
{
    for (int v = 0; v < g->values; v++) {
        int count;
        const int *inputs = graph_get_inputs(model, v, &count);
        g->level[v] = 0;
        for (int i = 0; i < count; i++)
            if (g->level[inputs[i]] >= g->level[v]) g->level[v] = g->level[inputs[i]] + 1;
        if (g->level[v] >= g->levels) g->levels = g->level[v] + 1;
        g->edge_count += count;
    }
}

/* Returns the largest number of nodes on a level: as many columns are enough. */
static enum status drawing_count_columns(struct graph_layout *g)
{
    int *nodes = NULL;
    TRY(mem_alloc(&nodes, (size_t)g->levels, sizeof *nodes, "drawing of the model"));
    for (int v = 0; v < g->values; v++)
        if (++nodes[g->level[v]] > g->columns) g->columns = nodes[g->level[v]];
    mem_free(&nodes);
    return STATUS_OK;
}

/* Returns the column of the input that is on the level just above, which continues its chain. */
static int drawing_get_preferred(const struct graph_layout *g, const struct model *model, int value)
{
    int count;
    const int *inputs = graph_get_inputs(model, value, &count);
    for (int i = 0; i < count; i++)
        if (g->level[inputs[i]] == g->level[value] - 1) return g->column[inputs[i]];
    return 0;
}

/* Puts every node into the free column that is nearest to the preferred one. */
static void drawing_place_nodes(struct graph_layout *g, const struct model *model,
                                const struct drawing_grid *grid)
{
    for (int v = 0; v < g->values; v++) {
        int preferred = drawing_get_preferred(g, model, v), best = -1;
        for (int c = 0; c < g->columns; c++)
            if (*drawing_cell(grid, g->level[v], c) == CELL_FREE &&
                (best < 0 || abs(c - preferred) <= abs(best - preferred)))
                best = c;
        g->column[v] = best;
        *drawing_cell(grid, g->level[v], best) = v;
    }
}

/* Returns whether an edge of `source` may run down a column between two levels, exclusive. */
static bool drawing_is_free(const struct drawing_grid *grid, int column, int above, int below, int source)
{
    for (int level = above + 1; level < below; level++) {
        int owner = *drawing_cell(grid, level, column);
        if (owner != CELL_FREE && owner != source) return false;
    }
    return true;
}

static void drawing_take(const struct drawing_grid *grid, int column, int above, int below, int source)
{
    for (int level = above + 1; level < below; level++) *drawing_cell(grid, level, column) = source;
}

static void drawing_route(struct graph_layout *g, const struct drawing_grid *grid, struct graph_edge *e)
{
    int above = g->level[e->source], below = g->level[e->reader];
    e->route = below == above + 1 ? ROUTE_DIRECT : ROUTE_LANE;
    if (e->route == ROUTE_DIRECT) return;
    int from = g->column[e->source], to = g->column[e->reader];
    if (drawing_is_free(grid, from, above, below, e->source)) {
        e->route = ROUTE_SOURCE_COLUMN;
        drawing_take(grid, from, above, below, e->source);
    } else if (drawing_is_free(grid, to, above, below, e->source)) {
        e->route = ROUTE_READER_COLUMN;
        drawing_take(grid, to, above, below, e->source);
    }
}

/* Returns the lowest level that the lane of a source reaches. */
static int drawing_get_lane_end(const struct graph_layout *g, int source)
{
    int end = 0;
    for (int i = 0; i < g->edge_count; i++)
        if (g->edges[i].source == source && g->edges[i].route == ROUTE_LANE &&
            g->level[g->edges[i].reader] > end)
            end = g->level[g->edges[i].reader];
    return end;
}

struct drawing_span {
    int source, begin, end; /* levels */
    int lane;
};

/* Short spans get the inner lanes, so that edges around each other do not cross. */
static int drawing_compare_spans(const void *a, const void *b)
{
    const struct drawing_span *x = a, *y = b;
    int left = x->end - x->begin, right = y->end - y->begin;
    return left != right ? left - right : x->source - y->source;
}

/* Chooses the innermost lane that no earlier span of the same column needs at the same levels. */
static void drawing_choose_lane(const struct graph_layout *g, struct drawing_span *spans, int index)
{
    struct drawing_span *s = &spans[index];
    for (int k = 0; k < index; k++) {
        const struct drawing_span *other = &spans[k];
        bool apart = g->column[other->source] != g->column[s->source] || other->end <= s->begin ||
                     s->end <= other->begin;
        if (!apart && other->lane == s->lane) {
            s->lane++;
            k = -1; /* compares the next lane from the start */
        }
    }
}

/* All edges of a source share one lane. */
static enum status drawing_choose_lanes(struct graph_layout *g)
{
    struct drawing_span *spans = NULL;
    int count = 0;
    TRY(mem_alloc(&spans, (size_t)g->values, sizeof *spans, "drawing of the model"));
    for (int v = 0; v < g->values; v++) {
        int end = drawing_get_lane_end(g, v);
        if (end) spans[count++] = (struct drawing_span){.source = v, .begin = g->level[v], .end = end};
    }
    qsort(spans, (size_t)count, sizeof *spans, drawing_compare_spans);
    for (int i = 0; i < count; i++) {
        drawing_choose_lane(g, spans, i);
        int *lanes = &g->lanes[g->column[spans[i].source]];
        if (spans[i].lane >= *lanes) *lanes = spans[i].lane + 1;
        for (int e = 0; e < g->edge_count; e++)
            if (g->edges[e].source == spans[i].source) g->edges[e].lane = spans[i].lane;
    }
    mem_free(&spans);
    return STATUS_OK;
}

static enum status drawing_place(struct graph_layout *g, const struct model *model, struct drawing_grid *grid)
{
    size_t cells = (size_t)g->levels * (size_t)g->columns;
    grid->columns = g->columns;
    TRY(mem_alloc(&grid->cells, cells, sizeof *grid->cells, "drawing of the model"));
    TRY(mem_alloc(&g->edges, (size_t)g->edge_count, sizeof *g->edges, "drawing of the model"));
    TRY(mem_alloc(&g->lanes, (size_t)g->columns, sizeof *g->lanes, "drawing of the model"));
    for (size_t i = 0; i < cells; i++) grid->cells[i] = CELL_FREE;
    drawing_place_nodes(g, model, grid);
    struct graph_edge *e = g->edges;
    for (int v = 0; v < g->values; v++) {
        int count;
        const int *inputs = graph_get_inputs(model, v, &count);
        for (int i = 0; i < count; i++, e++) {
            *e = (struct graph_edge){.source = inputs[i], .reader = v};
            drawing_route(g, grid, e);
        }
    }
    return drawing_choose_lanes(g);
}

enum status graph_layout_init(struct graph_layout *g, const struct model *model)
{
    *g = (struct graph_layout){.values = model_layer_count(model) + 1};
    struct drawing_grid grid = {.cells = NULL};
    TRY(mem_alloc(&g->level, (size_t)g->values, sizeof *g->level, "drawing of the model"));
    TRY(mem_alloc(&g->column, (size_t)g->values, sizeof *g->column, "drawing of the model"));
    drawing_find_levels(g, model);
    TRY(drawing_count_columns(g));
    enum status status = drawing_place(g, model, &grid);
    mem_free(&grid.cells);
    return status;
}

void graph_layout_free(struct graph_layout *g)
{
    mem_free(&g->level);
    mem_free(&g->column);
    mem_free(&g->edges);
    mem_free(&g->lanes);
}
