/* report_eval.c - results of an evaluation, for people. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/report/report.h"
#include "nn/metrics/class_report.h"
#include "core/log.h"
#include "core/utf8.h"

/* The tables' columns and rows are as wide as scikit-learn makes them. */
#define COLUMN         9
#define LONGEST_TITLE  "weighted avg"
#define TARGET_COLUMN  10
#define ALL_TARGETS    "all"
#define LINE_SIZE      512
#define CLASS_DIGITS   2
#define VALUE_DIGITS   6
#define OVERLAP_DIGITS 4

static int eval_max(int a, int b)
{
    return a > b ? a : b;
}

const char *const *report_row_names(const struct eval_event *e)
{
    return scores_kind(e->scores) == SCORES_BINARY ? e->class_names : e->output_names;
}

static const char *eval_get_name(const char *const *names, int64_t k, char number[32])
{
    if (names) return names[k];
    snprintf(number, 32, "%lld", (long long)k);
    return number;
}

/* "            cat       0.91      0.87      0.89       312"; with only_f1 the columns before f1 stay empty.
 */
static void eval_log_class(const char *name, int width, int digits, const struct class_report *r,
                           bool only_f1)
{
    int left = width - (int)utf8_count(name);
    char precision[64] = "", recall[64] = "";
    if (!only_f1) snprintf(precision, sizeof precision, "%.*f", digits, r->precision);
    if (!only_f1) snprintf(recall, sizeof recall, "%.*f", digits, r->recall);
    log_info("%*s%s  %*s %*s %*.*f %*lld", left, "", name, COLUMN, precision, COLUMN, recall, COLUMN, digits,
             r->f1, COLUMN, (long long)r->support);
}

static void eval_log_averages(const struct scores *s, int width, int digits)
{
    bool several = class_report_is_multilabel(s);
    struct class_report r = class_report_average(s, AVERAGE_MICRO);
    eval_log_class(several ? "micro avg" : "accuracy", width, digits, &r, !several);
    r = class_report_average(s, AVERAGE_MACRO);
    eval_log_class("macro avg", width, digits, &r, false);
    r = class_report_average(s, AVERAGE_WEIGHTED);
    eval_log_class(LONGEST_TITLE, width, digits, &r, false);
    if (!several) return;
    r = class_report_average(s, AVERAGE_SAMPLES);
    eval_log_class("samples avg", width, digits, &r, false);
}

/* The layout of sklearn.metrics.classification_report, to the character. */
static void eval_log_classes(const struct eval_event *e, int digits)
{
    const struct scores *s = e->scores;
    int64_t rows = class_report_rows(s);
    const char *const *names = report_row_names(e);
    struct class_report r;
    char number[32];
    int width = eval_max((int)strlen(LONGEST_TITLE), digits);
    for (int64_t i = 0; i < rows; i++)
        if (class_report_row(s, i, &r))
            width = eval_max(width, (int)utf8_count(eval_get_name(names, i, number)));
    log_info("%*s  %*s %*s %*s %*s", width, "", COLUMN, "precision", COLUMN, "recall", COLUMN, "f1-score",
             COLUMN, "support");
    log_info("%s", "");
    for (int64_t i = 0; i < rows; i++)
        if (class_report_row(s, i, &r))
            eval_log_class(eval_get_name(names, i, number), width, digits, &r, false);
    log_info("%s", "");
    eval_log_averages(s, width, digits);
}

/* Logs intersection over union and Dice of every class or label that occurs, and their means; of a single label
 * where it is on. */
static void eval_log_overlap(const struct eval_event *e, int digits)
{
    static const char *const columns[] = {"iou", "dice"};
    struct metric metrics[2];
    struct class_report r;
    char number[32];
    bool binary = scores_kind(e->scores) == SCORES_BINARY;
    int width = (int)strlen("mean");
    for (int i = 0; i < 2; i++) metric_find(columns[i], &metrics[i]);
    for (int64_t k = 0; k < e->outputs; k++)
        width = eval_max(width, (int)utf8_count(eval_get_name(e->output_names, k, number)));
    log_info("%s", "");
    log_info("%*s  %*s %*s", width, "", COLUMN, columns[0], COLUMN, columns[1]);
    log_info("%s", "");
    for (int64_t k = 0; k <= e->outputs - binary; k++) {
        int64_t row = k < e->outputs ? k : -1; /* the mean comes last */
        if (row >= 0 && !binary && !class_report_row(e->scores, row, &r)) continue;
        const char *name = row < 0  ? "mean"
                           : binary ? eval_get_name(e->class_names, 1, number)
                                    : eval_get_name(e->output_names, row, number);
        double value[2];
        for (int i = 0; i < 2; i++)
            value[i] = row < 0 ? metrics[i].ops->value(e->scores, AVERAGE_PLAIN)
                               : metrics[i].ops->of_one(e->scores, row);
        log_info("%*s%s  %*.*f %*.*f", width - (int)utf8_count(name), "", name, COLUMN, digits, value[0],
                 COLUMN, digits, value[1]);
    }
}

/* Returns whether the table of targets has a column for the metric. */
static bool eval_is_column(const struct metric_ops *m)
{
    return m->of_one && m->kinds & METRIC_OF(SCORES_VALUES);
}

static void eval_log_target(const struct scores *s, const char *name, int64_t target, int width, int digits)
{
    char line[LINE_SIZE] = "";
    int used = 0;
    for (const struct metric_ops *const *m = metric_registry(); *m; m++) {
        if (!eval_is_column(*m) || used >= LINE_SIZE) continue;
        double value = target < 0 ? (*m)->value(s, AVERAGE_PLAIN) : (*m)->of_one(s, target);
        used += snprintf(line + used, LINE_SIZE - (size_t)used, "  %*.*g",
                         eval_max((int)strlen((*m)->name), TARGET_COLUMN), digits, value);
    }
    log_info("%*s%s%s", width - (int)utf8_count(name), "", name, line);
}

static void eval_log_target_head(int width)
{
    char line[LINE_SIZE] = "";
    int used = 0;
    for (const struct metric_ops *const *m = metric_registry(); *m; m++)
        if (eval_is_column(*m) && used < LINE_SIZE)
            used += snprintf(line + used, LINE_SIZE - (size_t)used, "  %*s", TARGET_COLUMN, (*m)->name);
    log_info("%*s%s", width, "", line);
}

/* Logs one row for each target, in original units, and one for all: the means, for max_error the maximum. */
static void eval_log_targets(const struct eval_event *e, int digits)
{
    char number[32];
    int width = (int)strlen(ALL_TARGETS);
    for (int64_t k = 0; k < e->outputs; k++)
        width = eval_max(width, (int)utf8_count(eval_get_name(e->output_names, k, number)));
    eval_log_target_head(width);
    log_info("%s", "");
    for (int64_t k = 0; k < e->outputs; k++)
        eval_log_target(e->scores, eval_get_name(e->output_names, k, number), k, width, digits);
    if (e->outputs == 1) return;
    log_info("%s", "");
    eval_log_target(e->scores, ALL_TARGETS, -1, width, digits);
}

/* Returns whether the metric is in the tables. */
static bool eval_is_in_table(const struct eval_event *e, const char *name)
{
    struct metric m;
    if (!metric_find(name, &m)) return false;
    return scores_kind(e->scores) == SCORES_VALUES ? m.ops->of_one != NULL : m.ops->in_class_report;
}

static void eval_log_other_metrics(const struct eval_event *e)
{
    bool first = true;
    for (int64_t i = 0; i < e->metric_count; i++) {
        if (eval_is_in_table(e, e->metric_names[i])) continue;
        if (first) log_info("%s", "");
        first = false;
        log_info("%-20s %.6g", e->metric_names[i], isnan(e->metrics[i]) ? (double)NAN : e->metrics[i]);
    }
}

void report_eval(const struct eval_event *e, int64_t digits)
{
    bool values = scores_kind(e->scores) == SCORES_VALUES, positions = scores_positions(e->scores) > 1;
    if (values)
        log_info("loss %.6f over %lld %s", e->loss, (long long)e->count, positions ? "positions" : "samples");
    else
        log_info("accuracy %.4f (%lld of %lld), loss %.6f", e->accuracy, (long long)e->correct,
                 (long long)e->count, e->loss);
    log_info("%s", "");
    if (digits < 0) digits = values ? VALUE_DIGITS : CLASS_DIGITS;
    values ? eval_log_targets(e, (int)digits) : eval_log_classes(e, (int)digits);
    if (positions && !values) eval_log_overlap(e, OVERLAP_DIGITS);
    eval_log_other_metrics(e);
    if (!e->confusion || e->classes > REPORT_CONFUSION_MAX) return;
    log_info("%s", "");
    report_confusion(e->classes, e->confusion, e->class_names);
}
