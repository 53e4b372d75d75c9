/* svg.c - a model as a picture. */
#include <stdlib.h>

#include "app/report/graph/private.h"
#include "core/mem.h"
#include "core/utf8.h"

/* Pixels. */
#define NODE_WIDTH  290
#define NODE_HEIGHT 40
#define ROW_GAP     26
#define COLUMN_GAP  24
#define LANE_WIDTH  12
#define MARGIN      20
#define CORNER      7
#define TEXT_LIMIT  44 /* characters of a line of text in a node */

struct svg {
    FILE *out;
    const struct model *model;
    struct graph_layout layout;
    int *left; /* [columns + 1]: x of each column, and of the right end */
};

static int svg_get_top(const struct svg *s, int value)
{
    return MARGIN + s->layout.level[value] * (NODE_HEIGHT + ROW_GAP);
}

static int svg_get_middle(const struct svg *s, int column)
{
    return s->left[column] + NODE_WIDTH / 2;
}

/* Writes text with the characters escaped that mean something in XML. */
static void svg_write_text(FILE *out, const char *text, size_t limit)
{
    size_t bytes = utf8_bytes(text, utf8_count(text) > limit ? limit - 3 : limit);
    for (size_t i = 0; i < bytes; i++) switch (text[i]) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        default:
            fputc(text[i], out);
        }
    if (text[bytes]) fputs("...", out);
}

static const char *svg_get_class(const struct model *model, int value, const struct graph_label *label)
{
    int count;
    graph_get_inputs(model, value, &count);
    if (value == 0 || value == model_layer_count(model)) return "end";
    if (label->params) return "weights";
    return count > 1 ? "join" : "plain";
}

static void svg_write_node(const struct svg *s, int value)
{
    struct graph_label label;
    graph_get_label(s->model, value, &label);
    int x = s->left[s->layout.column[value]], y = svg_get_top(s, value);
    char title[2 * GRAPH_TEXT + 2];
    snprintf(title, sizeof title, "%s%s%s", label.title, *label.title ? ": " : "", label.kind);
    fprintf(s->out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\"><title>",
            svg_get_class(s->model, value, &label), x, y, NODE_WIDTH, NODE_HEIGHT);
    svg_write_text(s->out, title, sizeof title);
    fprintf(s->out, "</title></rect>\n<text x=\"%d\" y=\"%d\">", x + 8, y + 16);
    svg_write_text(s->out, title, TEXT_LIMIT);
    fprintf(s->out, "</text>\n<text class=\"small\" x=\"%d\" y=\"%d\">%s</text>\n", x + 8, y + 32,
            label.shape);
    if (label.params)
        fprintf(s->out, "<text class=\"small right\" x=\"%d\" y=\"%d\">%lld parameters</text>\n",
                x + NODE_WIDTH - 8, y + 32, (long long)label.params);
}

/* Writes a horizontal piece of a path from (from, y) to x `to` with round corners: it comes from above and
 * goes on down. */
static void svg_write_step(FILE *out, int from, int to, int y)
{
    int side = to > from ? CORNER : -CORNER;
    if (abs(to - from) < 2 * CORNER) {
        fprintf(out, " V%d L%d %d", y - CORNER, to, y + CORNER);
        return;
    }
    fprintf(out, " V%d q0 %d %d %d H%d q%d 0 %d %d", y - CORNER, CORNER, side, CORNER, to - side, side, side,
            CORNER);
}

static void svg_write_edge(const struct svg *s, const struct graph_edge *e)
{
    const struct graph_layout *g = &s->layout;
    int from = svg_get_middle(s, g->column[e->source]), to = svg_get_middle(s, g->column[e->reader]);
    int start = svg_get_top(s, e->source) + NODE_HEIGHT, end = svg_get_top(s, e->reader);
    int below_source = start + ROW_GAP / 2, above_reader = end - ROW_GAP / 2;
    fputs("<path d=\"", s->out);
    if (e->route == ROUTE_LANE) {
        int right = s->left[g->column[e->source]] + NODE_WIDTH, lane = right + (e->lane + 1) * LANE_WIDTH;
        fprintf(s->out, "M%d %d H%d q%d 0 %d %d", right, start - NODE_HEIGHT / 2, lane - CORNER, CORNER,
                CORNER, CORNER);
        svg_write_step(s->out, lane, to + NODE_WIDTH / 4, above_reader);
    } else {
        fprintf(s->out, "M%d %d", from, start);
        if (from != to)
            svg_write_step(s->out, from, to, e->route == ROUTE_SOURCE_COLUMN ? above_reader : below_source);
    }
    fprintf(s->out, " V%d\"/>\n", end - 1);
}

static enum status svg_find_columns(struct svg *s)
{
    const struct graph_layout *g = &s->layout;
    TRY(mem_alloc(&s->left, (size_t)g->columns + 1, sizeof *s->left, "drawing of the model"));
    s->left[0] = MARGIN;
    for (int c = 0; c < g->columns; c++)
        s->left[c + 1] = s->left[c] + NODE_WIDTH + COLUMN_GAP + g->lanes[c] * LANE_WIDTH;
    return STATUS_OK;
}

static void svg_write(const struct svg *s)
{
    static const char style[] =
        "<style>text{font:12px sans-serif;fill:#222}.small{font-size:11px;fill:#555}.right{text-anchor:end}"
        "rect{stroke:#777;fill:#f4f4f4}rect.weights{fill:#dceaf7;stroke:#4a7fb0}rect.join{fill:#fbe8cf;stroke:#b8843a}"
        "rect.end{fill:#dff0dc;stroke:#5c9852}path{fill:none;stroke:#555;stroke-width:1.3;marker-end:url(#a)}</style>\n"
        "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" "
        "markerHeight=\"7\" "
        "orient=\"auto\"><polygon points=\"0,0 8,4 0,8\" fill=\"#555\"/></marker></defs>\n";
    const struct graph_layout *g = &s->layout;
    int width = s->left[g->columns] - COLUMN_GAP + MARGIN;
    int height = 2 * MARGIN + g->levels * (NODE_HEIGHT + ROW_GAP) - ROW_GAP;
    fprintf(s->out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\">\n%s"
            "<rect width=\"100%%\" height=\"100%%\" style=\"fill:#fff;stroke:none\"/>\n",
            width, height, width, height, style);
    for (int i = 0; i < g->edge_count; i++) svg_write_edge(s, &g->edges[i]);
    for (int v = 0; v < g->values; v++) svg_write_node(s, v);
    fputs("</svg>\n", s->out);
}

enum status graph_write_svg(const struct model *model, FILE *out)
{
    struct svg s = {.out = out, .model = model};
    enum status status = graph_layout_init(&s.layout, model);
    if (status == STATUS_OK) status = svg_find_columns(&s);
    if (status == STATUS_OK) svg_write(&s);
    graph_layout_free(&s.layout);
    mem_free(&s.left);
    return status;
}
