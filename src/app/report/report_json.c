/* report_json.c - results of an evaluation, for programs. */
#include <stdio.h>

#include "io/json.h"
#include "io/outfile.h"
#include "app/report/report.h"
#include "nn/metrics/class_report.h"

static const char *report_json_get_name(const char *const *names, int64_t k)
{
    return names ? names[k] : NULL;
}

static void report_json_metrics(struct json *j, const struct eval_event *e)
{
    json_open(j, "metrics", '{');
    for (int64_t i = 0; i < e->metric_count; i++) json_real(j, e->metric_names[i], e->metrics[i]);
    json_close(j, '}');
}

static void report_json_counts(struct json *j, const struct scores_label *l)
{
    json_int(j, "support", l->true_positive + l->false_negative);
    json_int(j, "true_positive", l->true_positive);
    json_int(j, "false_positive", l->false_positive);
    json_int(j, "false_negative", l->false_negative);
    json_int(j, "true_negative", l->true_negative);
}

/* Writes one object for each class, label or target: its counts and every metric that is defined for a single
 * one. */
static void report_json_outputs(struct json *j, const struct eval_event *e)
{
    enum scores_kind kind = scores_kind(e->scores);
    const char *key = kind == SCORES_VALUES ? "targets" : kind <= SCORES_TWO_CLASSES ? "classes" : "labels";
    json_open(j, key, '[');
    for (int64_t k = 0; k < e->outputs; k++) {
        json_open(j, NULL, '{');
        json_int(j, "index", k);
        json_text(j, "name", report_json_get_name(e->output_names, k));
        if (kind != SCORES_VALUES) report_json_counts(j, &scores_labels(e->scores)[k]);
        for (const struct metric_ops *const *m = metric_registry(); *m; m++)
            if ((*m)->of_one && metric_is_of(*m, e->scores))
                json_real(j, (*m)->name, (*m)->of_one(e->scores, k));
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void report_json_row(struct json *j, const char *name, const struct class_report *r)
{
    json_open(j, name, '{');
    json_real(j, "precision", r->precision);
    json_real(j, "recall", r->recall);
    json_real(j, "f1-score", r->f1);
    json_int(j, "support", r->support);
    json_close(j, '}');
}

/* Writes what classification_report(output_dict=True) returns. */
static void report_json_classes(struct json *j, const struct eval_event *e)
{
    const struct scores *s = e->scores;
    const char *const *names = report_row_names(e);
    bool several = class_report_is_multilabel(s);
    char number[32];
    struct class_report r;
    json_open(j, "classification_report", '{');
    for (int64_t i = 0; i < class_report_rows(s); i++) {
        snprintf(number, sizeof number, "%lld", (long long)i);
        if (class_report_row(s, i, &r)) report_json_row(j, names ? names[i] : number, &r);
    }
    r = class_report_average(s, AVERAGE_MICRO);
    several ? report_json_row(j, "micro avg", &r) : json_real(j, "accuracy", r.f1);
    r = class_report_average(s, AVERAGE_MACRO);
    report_json_row(j, "macro avg", &r);
    r = class_report_average(s, AVERAGE_WEIGHTED);
    report_json_row(j, "weighted avg", &r);
    r = several ? class_report_average(s, AVERAGE_SAMPLES) : r;
    if (several) report_json_row(j, "samples avg", &r);
    json_close(j, '}');
}

/* Writes a list of rows, one for each true class. */
static void report_json_confusion(struct json *j, const struct eval_event *e)
{
    json_open(j, "confusion", '[');
    for (int64_t i = 0; i < e->classes; i++) {
        json_open(j, NULL, '[');
        for (int64_t k = 0; k < e->classes; k++) json_int(j, NULL, e->confusion[i * e->classes + k]);
        json_close(j, ']');
    }
    json_close(j, ']');
    if (!e->class_names) return;
    json_open(j, "class_names", '[');
    for (int64_t k = 0; k < e->classes; k++) json_text(j, NULL, e->class_names[k]);
    json_close(j, ']');
}

static void report_json_event(struct json *j, const struct eval_event *e)
{
    bool values = scores_kind(e->scores) == SCORES_VALUES;
    json_text(j, "split", e->split);
    if (e->epoch) json_int(j, "epoch", e->epoch);
    if (e->epoch) json_int(j, "step", e->step);
    json_int(j, "count", e->count);
    if (e->left_out) json_int(j, "left_out", e->left_out);
    if (!values) json_int(j, "correct", e->correct);
    json_real(j, "loss", e->loss);
    json_text(j, "headline", e->headline);
    report_json_metrics(j, e);
    report_json_outputs(j, e);
    if (!values) report_json_classes(j, e);
    if (e->confusion) report_json_confusion(j, e);
}

enum status report_write_json(const char *path, const struct eval_event *e, const char *checkpoint,
                              const char *data)
{
    struct json j = {0};
    TRY(outfile_open(&j.out, path));
    json_open(&j, NULL, '{');
    json_text(&j, "version", DDP_VERSION);
    json_text(&j, "checkpoint", checkpoint);
    json_text(&j, "data", data);
    report_json_event(&j, e);
    json_close(&j, '}');
    fputc('\n', j.out);
    return outfile_close(j.out, path);
}
