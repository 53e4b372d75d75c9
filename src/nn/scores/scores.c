/* scores.c - creates, fills and merges the counts and sums of an evaluation. */
#include "nn/scores/private.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "core/mem.h"

static enum scores_kind scores_find_kind(const struct scores_spec *spec)
{
    switch (loss_task(spec->loss)) {
    case TASK_CLASSES:
        return spec->loss->outputs == 2 ? SCORES_TWO_CLASSES : SCORES_CLASSES;
    case TASK_LABELS:
        return spec->loss->outputs == 1 ? SCORES_BINARY : SCORES_LABELS;
    default:
        return SCORES_VALUES;
    }
}

static bool scores_is_classes(const struct scores *s)
{
    return s->kind <= SCORES_TWO_CLASSES;
}

static int64_t scores_count_ranked(const struct scores *s)
{
    if (s->kind == SCORES_LABELS) return s->outputs;
    return s->kind == SCORES_TWO_CLASSES || s->kind == SCORES_BINARY;
}

bool scores_can_rank(const struct scores_spec *spec)
{
    const struct loss *l = spec->loss;
    int64_t labels = loss_task(l) == TASK_LABELS ? l->outputs : 1;
    if (loss_positions(l) == 1) return true;
    return spec->samples <= SCORES_MAX_RANKED / loss_positions(l) / labels;
}

static enum status scores_allocate(struct scores *s)
{
    size_t columns = (size_t)s->columns, ranked = (size_t)s->ranked, outputs = (size_t)s->outputs;
    bool values = s->kind == SCORES_VALUES;
    TRY(mem_alloc(&s->counts, (size_t)s->count_size, sizeof *s->counts, "counts of an evaluation"));
    TRY(mem_alloc(&s->rows, (size_t)s->spec.blocks, (size_t)s->row * sizeof *s->rows,
                  "sums of an evaluation"));
    TRY(mem_alloc(&s->totals, (size_t)s->row, sizeof *s->totals, "sums of an evaluation"));
    TRY(mem_alloc(&s->labels, values ? 0 : outputs, sizeof *s->labels, "counts of an evaluation"));
    TRY(mem_alloc(&s->values, values ? outputs : 0, sizeof *s->values, "sums of an evaluation"));
    TRY(mem_alloc(&s->keys, ranked, (size_t)s->capacity * sizeof *s->keys, "scores to rank"));
    TRY(mem_alloc(&s->key_count, 2 * ranked, sizeof *s->key_count, "scores to rank"));
    TRY(mem_alloc(&s->rankings, 2 * ranked, sizeof *s->rankings, "scores to rank"));
    TRY(mem_alloc(&s->shift, columns, sizeof *s->shift, "columns of an evaluation"));
    TRY(mem_alloc(&s->chosen, columns, sizeof *s->chosen, "columns of an evaluation"));
    TRY(mem_alloc(&s->sum, columns, sizeof *s->sum, "columns of an evaluation"));
    return mem_alloc(&s->tally, 3 * columns, sizeof *s->tally, "columns of an evaluation");
}

static enum status scores_init(struct scores *s, const struct scores_spec *spec)
{
    int64_t k = spec->loss->outputs;
    s->spec = *spec;
    s->kind = scores_find_kind(spec);
    s->outputs = k;
    s->columns = spec->lanes > SCORES_COLUMNS ? spec->lanes : SCORES_COLUMNS;
    if (scores_is_classes(s) && k > SCORES_MAX_CLASSES)
        return status_fail(STATUS_CONFIG,
                           "the model has %" PRId64
                           " outputs, but a confusion matrix may have at most %d classes; reduce the classes",
                           k, SCORES_MAX_CLASSES);
    if (s->spec.top_k > k) s->spec.top_k = k;
    s->cut = loss_cut(spec->loss);
    s->count_size = COUNT_TASK + (scores_is_classes(s) ? k * k : s->kind == SCORES_VALUES ? 0 : 3 * k);
    s->loss_row = ROW_VALUES + (s->kind == SCORES_VALUES ? k * SCORES_TARGET_DOUBLES : 0);
    s->row = s->loss_row + spec->loss->totals;
    s->ranked = scores_can_rank(spec) ? scores_count_ranked(s) : 0;
    s->capacity = s->ranked ? spec->blocks * spec->lanes * loss_positions(spec->loss) : 0;
    return scores_allocate(s);
}

enum status scores_create(struct scores **out, const struct scores_spec *spec)
{
    TRY(mem_alloc(out, 1, sizeof **out, "scores"));
    enum status status = scores_init(*out, spec);
    if (status != STATUS_OK) scores_destroy(out);
    return status;
}

void scores_destroy(struct scores **out)
{
    struct scores *s = *out;
    if (!s) return;
    void *all[] = {&s->counts,    &s->rows,     &s->totals, &s->labels, &s->values, &s->keys,
                   &s->key_count, &s->rankings, &s->shift,  &s->chosen, &s->sum,    &s->tally};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
    mem_free(out);
}

static void scores_clear(void *values, int64_t count, size_t size)
{
    if (count > 0) memset(values, 0, (size_t)count * size);
}

void scores_reset(struct scores *s)
{
    scores_clear(s->counts, s->count_size, sizeof *s->counts);
    scores_clear(s->rows, s->spec.blocks * s->row, sizeof *s->rows);
    scores_clear(s->totals, s->row, sizeof *s->totals);
    scores_clear(s->key_count, 2 * s->ranked, sizeof *s->key_count);
    scores_clear(s->rankings, 2 * s->ranked, sizeof *s->rankings);
}

static void scores_add_columns(struct scores *s, const struct loss_batch *b, double *row)
{
    if (scores_is_classes(s))
        scores_add_classes(s, b, row);
    else if (s->kind == SCORES_VALUES)
        scores_add_values(s, b, row);
    else
        scores_add_labels(s, b, row);
}

/* Whether all columns of a block can be counted as one row: they lie side by side. Sums of values are merged position
 * by position all the same where lanes could be beside those of another block, so that they do not depend on it. */
static bool scores_is_run(const struct scores *s, const struct loss_batch *b)
{
    return loss_batch_positions(b) > 1 && b->row == b->live &&
           (s->kind != SCORES_VALUES || b->lanes % 16 != 0);
}

void scores_add(struct scores *s, int64_t block, const struct loss_batch *b, const struct loss_sums *sums)
{
    assert(block < s->spec.blocks && b->live <= s->spec.lanes && b->classes == s->outputs);
    bool run = scores_is_run(s, b);
    int64_t count = loss_batch_positions(b), step = 1;
    double *row = s->rows + block * s->row;
    struct loss_batch all = *b;
    row[ROW_LOSS] = sums->loss;
    row[ROW_WEIGHT] = sums->weight;
    s->counts[COUNT_SEEN] += b->live;
    if (run) { /* as if each column were a position of its own */
        all.row = 1;
        all.weight_row = b->weight_row > 0;
        count *= b->live;
        step = s->columns;
    }
    for (int64_t p = 0; p < count; p += step) {
        struct loss_batch part = loss_batch_at(&all, p);
        if (run) part.live = count - p < step ? count - p : step;
        scores_add_columns(s, &part, row);
    }
}

double *scores_loss_totals(struct scores *s, int64_t block)
{
    return (block < 0 ? s->totals : s->rows + block * s->row) + s->loss_row;
}

int64_t *scores_counts(struct scores *s, int64_t *count)
{
    *count = s->count_size;
    return s->counts;
}

double *scores_totals(struct scores *s, int64_t *count)
{
    *count = s->row;
    return s->totals;
}

void scores_fold(const struct scores *s, double *totals)
{
    for (int64_t i = 0; i < s->spec.blocks; i++) {
        const double *row = s->rows + i * s->row;
        if (s->kind == SCORES_VALUES) scores_fold_values(s, row, totals);
        for (int64_t k = 0; k < ROW_VALUES; k++) totals[k] += row[k];
        for (int64_t k = s->loss_row; k < s->row; k++) totals[k] += row[k];
    }
}

/* Fills the counts of each class against the rest from the confusion matrix. */
static void scores_finish_classes(struct scores *s)
{
    int64_t classes = s->outputs, *confusion = scores_task_counts(s);
    memset(s->labels, 0, (size_t)classes * sizeof *s->labels);
    for (int64_t i = 0; i < classes; i++)
        for (int64_t k = 0; k < classes; k++) {
            int64_t count = confusion[i * classes + k];
            if (i == k) {
                s->labels[k].true_positive = count;
            } else {
                s->labels[i].false_negative += count;
                s->labels[k].false_positive += count;
            }
        }
}

static void scores_finish_labels(struct scores *s)
{
    const int64_t *counts = scores_task_counts(s);
    for (int64_t k = 0, labels = s->outputs; k < labels; k++)
        s->labels[k] = (struct scores_label){.true_positive = counts[k],
                                             .false_positive = counts[labels + k],
                                             .false_negative = counts[2 * labels + k]};
}

void scores_finish(struct scores *s)
{
    if (s->kind == SCORES_VALUES) {
        scores_finish_values(s);
        return;
    }
    scores_is_classes(s) ? scores_finish_classes(s) : scores_finish_labels(s);
    for (int64_t k = 0; k < s->outputs; k++) {
        struct scores_label *l = &s->labels[k];
        l->true_negative = scores_samples(s) - l->true_positive - l->false_positive - l->false_negative;
    }
    if (s->kind != SCORES_BINARY) return;
    const struct scores_label *l = &s->labels[0];
    s->binary[0] = l->true_negative, s->binary[1] = l->false_positive;
    s->binary[2] = l->false_negative, s->binary[3] = l->true_positive;
}

enum scores_kind scores_kind(const struct scores *s)
{
    return s->kind;
}

int64_t scores_outputs(const struct scores *s)
{
    return s->outputs;
}

int64_t scores_samples(const struct scores *s)
{
    return s->counts[COUNT_SAMPLES];
}

int64_t scores_positions(const struct scores *s)
{
    return loss_positions(s->spec.loss);
}

int64_t scores_correct(const struct scores *s)
{
    return s->counts[COUNT_CORRECT];
}

double scores_accuracy(const struct scores *s)
{
    if (s->kind == SCORES_VALUES) return NAN;
    return scores_samples(s) ? (double)scores_correct(s) / (double)scores_samples(s) : 0;
}

int64_t scores_top_k(const struct scores *s)
{
    return s->counts[COUNT_TOP_K];
}

struct loss_sums scores_loss_sums(const struct scores *s)
{
    return (struct loss_sums){.loss = s->totals[ROW_LOSS],
                              .weight = s->totals[ROW_WEIGHT],
                              .correct = scores_correct(s),
                              .valid = scores_samples(s),
                              .count = s->counts[COUNT_SEEN]};
}

bool scores_have_probabilities(const struct scores *s)
{
    enum loss_output output = s->spec.loss->output;
    return s->kind != SCORES_VALUES && output != OUTPUT_SCORES && output != OUTPUT_LABEL_SCORES;
}

double scores_log_loss(const struct scores *s)
{
    return s->totals[ROW_LOG_LOSS];
}

const int64_t *scores_confusion(const struct scores *s, int64_t *classes)
{
    *classes = scores_is_classes(s) ? s->outputs : s->kind == SCORES_BINARY ? 2 : 0;
    return scores_is_classes(s) ? scores_task_counts(s) : s->kind == SCORES_BINARY ? s->binary : NULL;
}

const struct scores_label *scores_labels(const struct scores *s)
{
    return s->labels;
}

double scores_sample_sum(const struct scores *s, enum scores_sample which)
{
    return s->totals[ROW_QUOTIENTS + which];
}

const struct scores_value *scores_values(const struct scores *s)
{
    return s->values;
}
