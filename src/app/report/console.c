/* console.c - the lines of a running training. */
#include "app/report/console.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/report/progress.h"
#include "app/report/report.h"
#include "core/system/clock.h"
#include "core/log.h"
#include "nn/metrics/metric.h"

#define LOOK_SECONDS 0.1
#define LINE_SECONDS 30.0

void console_open(struct console *c)
{
    double now = clock_seconds();
    *c = (struct console){.next_look = now, .next_line = now + LINE_SECONDS};
    progress_open();
}

void console_close(struct console *c)
{
    c->class_names = NULL;
    progress_close();
}

static void console_format_shares(double data, double compute, double sync, char text[64])
{
    double scale = data + compute + sync > 0 ? 100 / (data + compute + sync) : 0;
    snprintf(text, 64, "data %.0f %%  compute %.0f %%  sync %.0f %%", data * scale, compute * scale,
             sync * scale);
}

/* Writes "" for a task without accuracy. */
static void console_format_accuracy(double accuracy, char text[32])
{
    text[0] = '\0';
    if (!isnan(accuracy)) snprintf(text, 32, "  acc %.2f %%", 100 * accuracy);
}

/* Shows progress within an epoch: a bar, or without a terminal a line every LINE_SECONDS. */
static void console_show_step(struct console *c, const struct step_event *e, double now)
{
    char label[64], eta[REPORT_TIME_SIZE], shares[64], accuracy[32], text[256];
    report_time(e->eta_seconds, eta);
    console_format_shares(e->data_seconds, e->compute_seconds, e->sync_seconds, shares);
    snprintf(label, sizeof label, "epoch %lld/%lld", (long long)e->epoch,
             (long long)(e->total_steps / e->steps_per_epoch));
    console_format_accuracy(e->accuracy, accuracy);
    snprintf(text, sizeof text, "ETA %s  loss %.4f%s  lr %.3g  %.0f samples/s  %s", eta, e->loss, accuracy,
             e->lr, e->samples_per_second, shares);
    double fraction = (double)e->step_in_epoch / (double)e->steps_per_epoch;
    if (progress_draw(label, fraction, text) || now < c->next_line) return;
    log_info("  %s  step %lld of %lld  %s", label, (long long)e->step_in_epoch, (long long)e->steps_per_epoch,
             text);
    c->next_line = now + LINE_SECONDS;
}

/* Writes ", 2 steps skipped", or "" if none was. */
static void console_format_skipped(const struct epoch_event *e, char text[48])
{
    long long skipped = e->bad_steps + e->empty_steps;
    text[0] = '\0';
    if (skipped) snprintf(text, 48, ", %lld step%s skipped", skipped, skipped == 1 ? "" : "s");
}

static void console_show_epoch(struct console *c, const struct eval_event *eval)
{
    const struct epoch_event *e = &c->epoch;
    if (!c->epoch_waits) return;
    c->epoch_waits = false;
    char shares[64], accuracy[32], skipped[48], val[96] = "", rest[REPORT_TIME_SIZE + 8] = "";
    console_format_shares(e->data_seconds, e->compute_seconds, e->sync_seconds, shares);
    console_format_accuracy(e->accuracy, accuracy);
    console_format_skipped(e, skipped);
    if (eval && *c->headline)
        snprintf(val, sizeof val, "  %s %s %.4g", eval->split, c->headline, c->headline_value);
    else if (eval)
        snprintf(val, sizeof val, "  %s acc %.2f %%", eval->split, 100 * eval->accuracy);
    double now = clock_seconds();
    if (e->epoch < e->epochs) {
        char eta[REPORT_TIME_SIZE];
        report_time(c->eta - (now - c->eta_time), eta);
        snprintf(rest, sizeof rest, "  ETA %s", eta);
    }
    log_info("epoch %*lld/%lld  loss %.4f%s%s  lr %.3g%s  %.0f samples/s  %s%s", e->epochs < 10 ? 1 : 2,
             (long long)e->epoch, (long long)e->epochs, e->loss, accuracy, val, e->lr, skipped,
             e->samples_per_second, shares, rest);
    c->next_line = now + LINE_SECONDS;
}

void console_step(struct console *c, const struct step_event *e)
{
    console_show_epoch(c, NULL);
    c->eta = e->eta_seconds;
    c->eta_time = clock_seconds();
    if (c->eta_time < c->next_look) return;
    c->next_look = c->eta_time + LOOK_SECONDS;
    console_show_step(c, e, c->eta_time);
}

void console_epoch(struct console *c, const struct epoch_event *e)
{
    console_show_epoch(c, NULL);
    c->epoch = *e;
    c->epoch_waits = true;
}

void console_eval(struct console *c, const struct eval_event *e)
{
    snprintf(c->split, sizeof c->split, "%s", e->split);
    c->correct = e->correct;
    c->count = e->count;
    c->class_names = e->class_names;
    bool lower_is_better, found = eval_metric(e, e->headline, &c->headline_value, &lower_is_better);
    struct metric m;
    bool shown_anyway = !found || (metric_find(e->headline, &m) && m.ops->primary);
    snprintf(c->headline, sizeof c->headline, "%s", shown_anyway ? "" : e->headline);
    console_show_epoch(c, e);
}

/* "final: val accuracy 0.9978 (9978 of 10000), loss 0.007268" */
static void console_show_final(const struct console *c, const struct done_event *e)
{
    char headline[64] = "", accuracy[96] = "";
    bool evaluated = *c->split != '\0';
    if (evaluated && *c->headline)
        snprintf(headline, sizeof headline, "%s %.6g, ", c->headline, c->headline_value);
    if (!isnan(e->accuracy) && evaluated)
        snprintf(accuracy, sizeof accuracy, "accuracy %.4f (%lld of %lld), ", e->accuracy,
                 (long long)c->correct, (long long)c->count);
    else if (!isnan(e->accuracy))
        snprintf(accuracy, sizeof accuracy, "accuracy %.4f, ", e->accuracy);
    log_info("final: %s %s%sloss %.6f", evaluated ? c->split : "training", headline, accuracy, e->loss);
}

void console_done(struct console *c, const struct done_event *e)
{
    console_show_epoch(c, NULL);
    console_show_final(c, e);
    report_confusion(e->classes, e->confusion, c->class_names);
    log_info("trained %.1f s, %.0f samples/s, up to %.0f MB per rank; weights hash %016" PRIx64, e->seconds,
             e->samples_per_second, e->peak_bytes / 1e6, e->weights_hash);
}
