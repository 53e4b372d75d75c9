/* follow.c - reads a run and draws it in a terminal. */
#include "app/runs/follow.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/report/report.h"
#include "app/runs/events.h"
#include "app/runs/plot.h"
#include "core/mem.h"

#define TRAIN_COLOUR 6 /* of ANSI: cyan and yellow */
#define VAL_COLOUR   3
#define TITLE_VALUES 36 /* columns of a title behind its name, at most */

static enum status follow_grow(struct follow_curve *c)
{
    int64_t room = c->room;
    TRY(mem_grow(&c->x, &room, c->count, sizeof *c->x, "curve"));
    return mem_grow(&c->y, &c->room, c->count, sizeof *c->y, "curve");
}

static void follow_add(struct follow *f, struct follow_curve *c, double x, double y)
{
    if (f->status == STATUS_OK) f->status = follow_grow(c);
    if (f->status != STATUS_OK) return;
    c->x[c->count] = x;
    c->y[c->count++] = y;
}

static void follow_choose_metric(void *self, const char *key, double value)
{
    struct follow *f = self;
    struct metric m;
    (void)value;
    if (!*f->metric && metric_find(key, &m)) snprintf(f->metric, sizeof f->metric, "%s", key);
}

static void follow_add_event(void *self, const struct json_object *event)
{
    struct follow *f = self;
    const char *kind = json_object_text(event, "kind");
    if (!kind) return;
    if (strcmp(kind, "start") == 0) f->steps = events_whole(event, "steps_per_epoch");
    events_renew(event, "total_steps", &f->total_steps);
    if (strcmp(kind, "step") == 0 || strcmp(kind, "epoch") == 0) f->step = events_whole(event, "step");
    bool epoch = events_is_epoch(event), eval = events_is_val(event);
    if (!epoch && !eval) return;
    json_object_each_number(event, follow_choose_metric, f);
    double at = json_object_number(event, "epoch");
    follow_add(f, &f->loss[eval], at, json_object_number(event, "loss"));
    if (*f->metric) follow_add(f, &f->metrics[eval], at, json_object_number(event, f->metric));
}

enum status follow_read(struct follow *f, const char *folder)
{
    *f = (struct follow){.status = STATUS_OK};
    TRY(summary_read(&f->summary, folder));
    TRY(events_each(folder, follow_add_event, f));
    return f->status;
}

void follow_free(struct follow *f)
{
    for (int i = 0; i < FOLLOW_SPLITS; i++) {
        mem_free(&f->loss[i].x);
        mem_free(&f->loss[i].y);
        mem_free(&f->metrics[i].x);
        mem_free(&f->metrics[i].y);
    }
    summary_free(&f->summary);
}

static double follow_last(const struct follow_curve *c)
{
    return c->count ? c->y[c->count - 1] : NAN;
}

static void follow_put_value(FILE *out, const char *name, double value, int colour)
{
    if (isnan(value)) return;
    if (colour)
        fprintf(out, "  \033[3%dm%s\033[0m %.4g", colour, name, value);
    else
        fprintf(out, "  %s %.4g", name, value);
}

/* A title with the newest values, and the plot below. A terminal that is too narrow for the values gets the name alone:
 * only the lines that are counted are drawn over, not those that it breaks. */
static int follow_put_panel(FILE *out, const char *name, const struct follow_curve *splits, int width,
                            bool colours)
{
    struct plot_curve curves[FOLLOW_SPLITS];
    static const int of[FOLLOW_SPLITS] = {TRAIN_COLOUR, VAL_COLOUR};
    for (int i = 0; i < FOLLOW_SPLITS; i++)
        curves[i] = (struct plot_curve){splits[i].x, splits[i].y, splits[i].count, of[i]};
    if (isnan(follow_last(&splits[FOLLOW_TRAIN])) && isnan(follow_last(&splits[FOLLOW_VAL]))) return 0;
    if ((int)strlen(name) + TITLE_VALUES > width) {
        fprintf(out, "%.*s\n", width, name);
    } else {
        fputs(name, out);
        follow_put_value(out, "train", follow_last(&splits[FOLLOW_TRAIN]), colours ? TRAIN_COLOUR : 0);
        follow_put_value(out, "val", follow_last(&splits[FOLLOW_VAL]), colours ? VAL_COLOUR : 0);
        fputc('\n', out);
    }
    return 1 + (plot_draw(out, curves, FOLLOW_SPLITS, width, colours) ? PLOT_ROWS : 0);
}

/* What is left at the mean speed of the epochs; "" if that is unknown. */
static void follow_remaining(const struct follow *f, char text[REPORT_TIME_SIZE + 16])
{
    char time[REPORT_TIME_SIZE];
    const struct summary *s = &f->summary;
    int64_t done = s->epoch * f->steps;
    *text = 0;
    if (s->state != RUN_RUNNING || done == 0 || isnan(s->seconds)) return;
    report_time(s->seconds / (double)done * (double)(f->total_steps - f->step), time);
    snprintf(text, REPORT_TIME_SIZE + 16, "  %s left", time);
}

int follow_print(const struct follow *f, FILE *out, int width, bool colours)
{
    const struct summary *s = &f->summary;
    char remaining[REPORT_TIME_SIZE + 16];
    follow_remaining(f, remaining);
    char rate[64] = "", line[256];
    if (!isnan(s->rate)) snprintf(rate, sizeof rate, "  %.0f samples/s", s->rate);
    snprintf(line, sizeof line, "%s  epoch %lld/%lld  step %lld/%lld%s%s", summary_state_name(s->state),
             (long long)s->epoch, (long long)s->epochs, (long long)f->step, (long long)f->total_steps, rate,
             remaining);
    fprintf(out, "%.*s\n", width, line);
    int lines = 1 + follow_put_panel(out, "loss", f->loss, width, colours);
    return lines + (*f->metric ? follow_put_panel(out, f->metric, f->metrics, width, colours) : 0);
}

static double follow_at(const struct follow_curve *c, double epoch)
{
    int64_t i = c->count - 1;
    while (i >= 0 && c->x[i] > epoch) i--;
    return i >= 0 && c->x[i] == epoch ? c->y[i] : NAN;
}

void follow_print_epochs(const struct follow *f, int64_t after, FILE *out)
{
    for (int64_t epoch = after + 1; epoch <= f->summary.epoch; epoch++) {
        fprintf(out, "epoch %lld/%lld  loss", (long long)epoch, (long long)f->summary.epochs);
        follow_put_value(out, "train", follow_at(&f->loss[FOLLOW_TRAIN], (double)epoch), 0);
        follow_put_value(out, "val", follow_at(&f->loss[FOLLOW_VAL], (double)epoch), 0);
        if (*f->metric) fprintf(out, "  %s", f->metric);
        follow_put_value(out, "train", follow_at(&f->metrics[FOLLOW_TRAIN], (double)epoch), 0);
        follow_put_value(out, "val", follow_at(&f->metrics[FOLLOW_VAL], (double)epoch), 0);
        fputc('\n', out);
    }
}
