/* infer.c - infers the kind of labels from their type, shape and values. */
#include "data/dataset/infer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

/* Probabilities stored as float16 are off by up to 2^-12 each, and so is their sum. */
#define SUM_TOLERANCE 1e-3
#define SHOWN         6 /* numbers of a row in a message */
#define LIST_SIZE     400

static bool infer_takes(const struct infer_options *w, enum target_kind kind)
{
    return w->fixed ? kind == w->kind : (w->takes & TARGET_BIT(kind)) != 0;
}

static bool infer_any_value(const struct infer_options *w)
{
    return w->target_min == 0 && w->target_max == 0;
}

/* "class indices (integers), one-hot rows or probabilities", what the loss takes. */
static void infer_describe_taken(const struct infer_options *w, char text[LIST_SIZE])
{
    static const char *const names[TARGET_KINDS] = {
        [TARGET_INDEX] = "class indices (integers, one a sample)",
        [TARGET_ONEHOT] = "one-hot rows (N,K)",
        [TARGET_PROBS] = "rows of probabilities (N,K)",
        [TARGET_MULTILABEL] = "labels of 0 and 1",
        [TARGET_VALUES] = "real values",
    };
    size_t used = 0;
    text[0] = '\0';
    for (int k = 0; k < TARGET_KINDS && used < LIST_SIZE; k++) {
        if (!(w->takes & TARGET_BIT(k))) continue;
        used += (size_t)snprintf(text + used, LIST_SIZE - used, "%s%s", used ? ", or " : "", names[k]);
        if (k != TARGET_VALUES || infer_any_value(w) || used >= LIST_SIZE) continue;
        used += w->target_max >= 1e30
                    ? (size_t)snprintf(text + used, LIST_SIZE - used, " from %g on", w->target_min)
                    : (size_t)snprintf(text + used, LIST_SIZE - used, " from %g to %g", w->target_min,
                                       w->target_max);
    }
}

enum status infer_check_options(const struct infer_options *w)
{
    if (!w->fixed || (w->takes & TARGET_BIT(w->kind))) return STATUS_OK;
    char taken[LIST_SIZE];
    infer_describe_taken(w, taken);
    return status_fail(STATUS_CONFIG, "%s, but %s takes %s", w->fixed_by, w->taker, taken);
}

bool infer_is_index(const struct infer_options *w, const struct source_info *info)
{
    bool other = !w->fixed && w->outputs == 1 && w->takes & TARGET_BIT(TARGET_MULTILABEL);
    if (!infer_takes(w, TARGET_INDEX) || other) return false;
    if (w->positional) return w->channels == 1;
    bool whole = info->label_integers || w->fixed; /* floats must be whole numbers then, as they are read */
    bool nothing_else = !(w->takes & TARGET_BIT(TARGET_VALUES)) &&
                        (!(w->takes & TARGET_BIT(TARGET_MULTILABEL)) || w->outputs > 1);
    return info->has_labels && (whole || nothing_else) && info->label_width <= 1;
}

void infer_begin(struct infer_facts *f)
{
    for (int r = 0; r < INFER_RULES; r++) f->broken[r] = INFER_HOLDS;
}

/* What the numbers at one position are, `step` floats from one to the next. */
static void infer_judge(const struct infer_options *w, int64_t width, int64_t step, const float *row,
                        bool keeps[INFER_RULES])
{
    int64_t zeros = 0, ones = 0, minus_ones = 0, outside = 0, missing = 0;
    double sum = 0, min = 0;
    for (int64_t k = 0; k < width; k++) {
        double value = (double)row[k * step];
        missing += isnan(value);
        zeros += value == 0;
        ones += value == 1;
        minus_ones += value == -1;
        outside += value < w->target_min || value > w->target_max;
        min = value < min ? value : min;
        sum += value;
    }
    keeps[RULE_ONEHOT] = ones == 1 && zeros == width - 1;
    keeps[RULE_PROBS] = min >= 0 && fabs(sum - 1) <= SUM_TOLERANCE;
    keeps[RULE_BINARY] = zeros + ones == width;
    keeps[RULE_SIGNED] = minus_ones + ones == width;
    keeps[RULE_RANGE] = infer_any_value(w) || outside == 0;
    for (int r = 0; missing > 0 && r < INFER_RULES; r++) keeps[r] = true; /* the sample is left out */
}

void infer_scan(struct infer_facts *f, const struct infer_options *w, int64_t first, int64_t count,
                int64_t width, const float *rows)
{
    int64_t channels = w->channels ? w->channels : width, positions = width / channels;
    for (int64_t i = 0; i < count * positions; i++) {
        bool keeps[INFER_RULES];
        const float *row = rows + i / positions * width + i % positions;
        infer_judge(w, channels, positions, row, keeps);
        for (int r = 0; r < INFER_RULES; r++)
            if (!keeps[r] && f->broken[r] == INFER_HOLDS) f->broken[r] = first + i / positions;
    }
}

struct infer_found infer_kind(const struct infer_facts *f, const struct infer_options *w,
                              const struct source_info *info)
{
    bool is_signed = f->broken[RULE_SIGNED] > f->broken[RULE_BINARY];
    bool several = (w->channels ? w->channels : info->label_width) > 1;
    const struct {
        enum target_kind kind;
        bool fits_shape;
        int64_t broken;
    } tries[] = {
        {TARGET_ONEHOT, several, f->broken[RULE_ONEHOT]},
        {TARGET_PROBS, several, f->broken[RULE_PROBS]},
        {TARGET_MULTILABEL, true, f->broken[is_signed ? RULE_SIGNED : RULE_BINARY]},
        {TARGET_VALUES, true, f->broken[RULE_RANGE]},
    };
    struct infer_found found = {.kind = w->kind, .culprit = -1};
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        if (!infer_takes(w, tries[i].kind) || !tries[i].fits_shape) continue;
        found.kind = tries[i].kind;
        found.fits = tries[i].broken == INFER_HOLDS;
        found.culprit = found.fits ? -1 : tries[i].broken;
        found.is_signed = found.kind == TARGET_MULTILABEL && is_signed;
        if (found.fits) break;
    }
    return found;
}

void infer_stored_text(const struct source_info *info, char text[INFER_TEXT_SIZE])
{
    int used = snprintf(text, INFER_TEXT_SIZE, "%s (N,%s", info->label_type, info->label_rank ? "" : ")");
    for (int i = 0; i < info->label_rank && used < INFER_TEXT_SIZE; i++)
        used += snprintf(text + used, (size_t)(INFER_TEXT_SIZE - used), "%" PRId64 "%s", info->label_dims[i],
                         i + 1 < info->label_rank ? "," : ")");
}

/* "0.25, 0.5, 0.5": what stands in a row, as far as it is shown. */
static void infer_row_text(int64_t width, const float *row, char text[LIST_SIZE])
{
    size_t used = 0;
    for (int64_t k = 0; k < width && k < SHOWN; k++)
        used += (size_t)snprintf(text + used, LIST_SIZE - used, "%s%.7g", k ? ", " : "", (double)row[k]);
    if (width > SHOWN) snprintf(text + used, LIST_SIZE - used, ", ...");
}

static void infer_reason_text(const struct infer_found *found, int64_t width, const float *row,
                              char text[LIST_SIZE])
{
    double sum = 0;
    bool negative = false;
    for (int64_t k = 0; k < width; k++) sum += row[k], negative = negative || row[k] < 0;
    if (found->kind == TARGET_ONEHOT)
        snprintf(text, LIST_SIZE, "not one-hot");
    else if (found->kind == TARGET_PROBS && negative)
        snprintf(text, LIST_SIZE, "not probabilities, as one is negative");
    else if (found->kind == TARGET_PROBS)
        snprintf(text, LIST_SIZE, "not probabilities, as their sum is %.7g", sum);
    else if (found->kind == TARGET_MULTILABEL)
        snprintf(text, LIST_SIZE, "not all 0 or 1");
    else
        snprintf(text, LIST_SIZE, "out of range");
}

enum status infer_refuse(const struct infer_options *w, const struct source_info *info,
                         const struct infer_found *found, const char *where, int64_t number, const float *row)
{
    char taken[LIST_SIZE], stored[INFER_TEXT_SIZE], values[LIST_SIZE] = "", reason[LIST_SIZE];
    const char *by = w->fixed ? w->fixed_by : "", *and_by = w->fixed ? ", and " : "";
    infer_describe_taken(w, taken);
    infer_stored_text(info, stored);
    if (found->culprit < 0)
        return status_fail(STATUS_DATA, "%s: labels are %s, but %s takes %s%s%s", where, stored, w->taker,
                           taken, and_by, by);
    int64_t width = info->label_width ? info->label_width : 1;
    infer_row_text(width, row, values);
    infer_reason_text(found, width, row, reason);
    return status_fail(STATUS_DATA,
                       "%s: labels are %s, sample %" PRId64 " has %s%s%s: %s, but %s takes %s%s%s", where,
                       stored, number, info->label_width ? "[" : "", values, info->label_width ? "]" : "",
                       reason, w->taker, taken, and_by, by);
}
