/* report_confusion.c - the confusion matrix, for people and for spreadsheets. */
#include <stdio.h>
#include <string.h>

#include "io/outfile.h"
#include "app/report/report.h"
#include "core/log.h"
#include "core/utf8.h"

#define LINE_SIZE  512
#define NAME_WIDTH 16
#define LABEL_SIZE (8 + 4 * NAME_WIDTH)

static int confusion_count_digits(int64_t value)
{
    return snprintf(NULL, 0, "%lld", (long long)value);
}

/* Writes "3 Dress", or just "3" if that is the name of the class. */
static void confusion_format_class(const char *const *names, int64_t k, char text[LABEL_SIZE])
{
    int length = snprintf(text, LABEL_SIZE, "%lld", (long long)k);
    if (names && strcmp(names[k], text) != 0)
        snprintf(text + length, LABEL_SIZE - (size_t)length, " %.*s", (int)utf8_bytes(names[k], NAME_WIDTH),
                 names[k]);
}

/* Returns the field width that makes printf, which counts bytes, fill `columns`. */
static int confusion_field_width(const char *text, int columns)
{
    return columns + (int)(strlen(text) - utf8_count(text));
}

void report_confusion(int64_t classes, const int64_t *confusion, const char *const *names)
{
    if (!confusion || classes > REPORT_CONFUSION_MAX) return;
    int width = confusion_count_digits(classes), label_width = (int)strlen("true \\ predicted");
    char label[LABEL_SIZE], line[LINE_SIZE];
    for (int64_t i = 0; i < classes * classes; i++)
        if (confusion_count_digits(confusion[i]) > width) width = confusion_count_digits(confusion[i]);
    for (int64_t k = 0; k < classes; k++) {
        confusion_format_class(names, k, label);
        if ((int)utf8_count(label) > label_width) label_width = (int)utf8_count(label);
    }
    int used = 0;
    for (int64_t k = 0; k < classes && used < LINE_SIZE; k++)
        used += snprintf(line + used, LINE_SIZE - (size_t)used, " %*lld", width, (long long)k);
    log_info("  %-*s%s   recall", label_width, "true \\ predicted", line);
    for (int64_t row = 0; row < classes; row++) {
        int64_t total = 0;
        used = 0;
        for (int64_t k = 0; k < classes && used < LINE_SIZE; k++) {
            total += confusion[row * classes + k];
            used += snprintf(line + used, LINE_SIZE - (size_t)used, " %*lld", width,
                             (long long)confusion[row * classes + k]);
        }
        confusion_format_class(names, row, label);
        if (total)
            log_info("  %-*s%s   %.4f", confusion_field_width(label, label_width), label, line,
                     (double)confusion[row * classes + row] / (double)total);
        else
            log_info("  %-*s%s   -", confusion_field_width(label, label_width), label, line);
    }
}

/* Writes a CSV cell: a name with a comma, quote or line break is quoted (RFC 4180). */
static void confusion_write_name(FILE *out, const char *const *names, int64_t index)
{
    if (!names) {
        fprintf(out, "%lld", (long long)index);
        return;
    }
    bool quote = strpbrk(names[index], ",\"\r\n") != NULL;
    if (quote) fputc('"', out);
    for (const char *c = names[index]; *c; c++) fprintf(out, quote && *c == '"' ? "\"%c" : "%c", *c);
    if (quote) fputc('"', out);
}

enum status report_write_confusion(const char *path, int64_t classes, const int64_t *confusion,
                                   const char *const *names)
{
    FILE *out;
    TRY(outfile_open(&out, path));
    fputs("true\\predicted", out);
    for (int64_t k = 0; k < classes; k++) {
        fputc(',', out);
        confusion_write_name(out, names, k);
    }
    for (int64_t row = 0; row < classes; row++) {
        fputc('\n', out);
        confusion_write_name(out, names, row);
        for (int64_t k = 0; k < classes; k++) fprintf(out, ",%lld", (long long)confusion[row * classes + k]);
    }
    fputc('\n', out);
    return outfile_close(out, path);
}
