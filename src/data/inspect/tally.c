/* tally.c - counts and prints labels and weights. */
#include "data/inspect/tally.h"

#include <inttypes.h>
#include <math.h>

#include "core/mem.h"
#include "data/measure/moments.h"

#define CLASSES_SHOWN 64
#define TARGETS_SHOWN 8

/* As for a loss that takes everything. */
static const struct infer_options anything = {.takes = (1u << TARGET_KINDS) - 1};

static enum status tally_allocate(struct tally *t)
{
    size_t width = (size_t)t->width, doubles = (size_t)moments_block_doubles(t->width);
    float **floats[] = {&t->mean, &t->std, &t->min, &t->max, &t->shift};
    for (int i = 0; i < 5; i++) TRY(mem_alloc(floats[i], width, sizeof(float), "statistics of labels"));
    TRY(mem_alloc(&t->block, doubles, sizeof *t->block, "moments"));
    TRY(mem_alloc(&t->total, doubles, sizeof *t->total, "moments"));
    TRY(mem_alloc(&t->ones, width, sizeof *t->ones, "label counts"));
    return mem_alloc(&t->counts, TALLY_CLASSES, sizeof *t->counts, "class counts");
}

/* Integers with several axes are taken for a class at each position. */
static bool tally_has_positions(const struct source_info *info)
{
    return info->label_integers && info->label_rank > 1;
}

enum status tally_init(struct tally *t, const struct source_info *info)
{
    *t = (struct tally){.width = info->label_width ? info->label_width : 1,
                        .countable = infer_is_index(&anything, info) || tally_has_positions(info),
                        .positions = tally_has_positions(info) ? info->label_width : 1,
                        .weight_width = info->weight_width,
                        .largest = -1,
                        .weight_min = INFINITY};
    infer_begin(&t->facts);
    enum status status = tally_allocate(t);
    if (status != STATUS_OK) {
        tally_free(t);
        return status;
    }
    for (int64_t k = 0; k < t->width; k++) t->min[k] = INFINITY, t->max[k] = -INFINITY;
    return STATUS_OK;
}

void tally_free(struct tally *t)
{
    void *all[] = {&t->mean,  &t->std,   &t->min,  &t->max,   &t->shift,
                   &t->block, &t->total, &t->ones, &t->counts};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}

static void tally_add_row(struct tally *t, const float *row)
{
    for (int64_t k = 0; k < t->width; k++) {
        t->ones[k] += row[k] == 1;
        t->min[k] = fminf(t->min[k], row[k]);
        t->max[k] = fmaxf(t->max[k], row[k]);
    }
    for (int64_t p = 0; p < t->positions && t->countable; p++) {
        t->countable = row[p] >= 0 && row[p] < TALLY_CLASSES;
        if (!t->countable) return;
        t->counts[(int64_t)row[p]]++;
        if ((int64_t)row[p] > t->largest) t->largest = (int64_t)row[p];
    }
}

static void tally_add_weight(struct tally *t, float weight)
{
    t->weight_sum += (double)weight;
    t->weight_zeros += weight == 0;
    t->weight_min = fminf(t->weight_min, weight);
    t->weight_max = fmaxf(t->weight_max, weight);
}

void tally_add(struct tally *t, int64_t count, const float *targets, const float *weights)
{
    const struct shape shape = shape_flat(t->width);
    for (int64_t k = 0; t->samples == 0 && k < t->width; k++) t->shift[k] = targets[k];
    moments_block(FEATURE_F32, shape, targets, count, t->shift, t->block);
    for (int64_t i = 0; i < moments_block_doubles(t->width); i++) t->total[i] += t->block[i];
    infer_scan(&t->facts, &anything, t->samples, count, t->width, targets);
    for (int64_t i = 0; i < count; i++) tally_add_row(t, targets + i * t->width);
    for (int64_t i = 0; weights && i < count * t->weight_width; i++) tally_add_weight(t, weights[i]);
    t->samples += count;
}

void tally_end(struct tally *t, const struct source_info *info)
{
    const struct shape shape = shape_flat(t->width);
    moments_finish(FEATURE_F32, shape, t->samples, t->shift, t->total, 1, t->mean, t->std);
    t->kind = t->countable ? TARGET_INDEX : infer_kind(&t->facts, &anything, info).kind;
    t->classes = t->largest + 1 > info->class_count ? t->largest + 1 : info->class_count;
    if (t->classes > TALLY_CLASSES) t->classes = TALLY_CLASSES;
}

static const char *tally_name_of(const struct source_info *info, int64_t k)
{
    return k < info->class_count ? info->class_names[k] : "";
}

/* Shares are of `all` samples or positions. */
static void tally_print_counts(const struct source_info *info, int64_t count, const int64_t *counts,
                               int64_t all, FILE *out)
{
    for (int64_t k = 0; k < count && k < CLASSES_SHOWN; k++)
        fprintf(out, "    %4" PRId64 "  %-20s %10" PRId64 "  %6.2f %%\n", k, tally_name_of(info, k),
                counts[k], 100 * (double)counts[k] / (double)all);
    if (count > CLASSES_SHOWN) fprintf(out, "    ... and %" PRId64 " more\n", count - CLASSES_SHOWN);
}

static void tally_print_values(const struct tally *t, const struct source_info *info, FILE *out)
{
    fprintf(out, "          %-20s %14s %14s %14s %14s\n", "", "mean", "std", "min", "max");
    for (int64_t k = 0; k < t->width && k < TARGETS_SHOWN; k++)
        fprintf(out, "    %4" PRId64 "  %-20s %14.6g %14.6g %14.6g %14.6g\n", k, tally_name_of(info, k),
                (double)t->mean[k], (double)t->std[k], (double)t->min[k], (double)t->max[k]);
    if (t->width > TARGETS_SHOWN) fprintf(out, "    ... and %" PRId64 " more\n", t->width - TARGETS_SHOWN);
}

static void tally_print_weights(const struct tally *t, const struct source_info *info, FILE *out)
{
    fprintf(out, "  weights  mean %.6g, min %.6g, max %.6g, %" PRId64 " of 0\n",
            t->weight_sum / (double)(info->samples * t->weight_width), (double)t->weight_min,
            (double)t->weight_max, t->weight_zeros);
}

void tally_print(const struct tally *t, const struct source_info *info, FILE *out)
{
    static const char *const what[TARGET_KINDS] = {
        [TARGET_ONEHOT] = "one class a row",
        [TARGET_PROBS] = "probabilities of classes",
        [TARGET_MULTILABEL] = "labels that are on or off",
        [TARGET_VALUES] = "real values",
    };
    char stored[INFER_TEXT_SIZE];
    infer_stored_text(info, stored);
    if (t->kind == TARGET_INDEX) {
        fprintf(out, "  classes %" PRId64 "%s", t->classes, info->class_count ? "" : " (without names)");
        if (t->positions > 1) fprintf(out, ", one at each position of %s", stored);
        fputc('\n', out);
        tally_print_counts(info, t->classes, t->counts, info->samples * t->positions, out);
        if (info->class_count && t->largest >= info->class_count)
            fprintf(out,
                    "  problem: label %" PRId64 ", but only %" PRId64
                    " class names; number classes from 0, or say which number is which: data.label_map\n",
                    t->largest, info->class_count);
    } else {
        fprintf(out, "  labels %s: %s, %s\n", stored, target_name(t->kind), what[t->kind]);
        if (t->kind == TARGET_ONEHOT || t->kind == TARGET_MULTILABEL)
            tally_print_counts(info, t->width, t->ones, info->samples, out);
        else
            tally_print_values(t, info, out);
        if (info->class_count && t->width != info->class_count)
            fprintf(out, "  problem: %" PRId64 " columns, but %" PRId64 " names\n", t->width,
                    info->class_count);
    }
    if (info->has_weights) tally_print_weights(t, info, out);
}
