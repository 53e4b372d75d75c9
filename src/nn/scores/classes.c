/* classes.c - one class a sample: the confusion matrix, the rank of the true class, its probability. */
#include <string.h>

#include "nn/scores/private.h"

static bool classes_is_scored(const struct scores *s, int32_t label)
{
    return label >= 0 && label < s->outputs && label != s->spec.loss->ignored;
}

/* The output of each sample's class; that of class 0 where there is none. */
static void classes_choose_outputs(const struct scores *s, const struct loss_batch *b)
{
    for (int64_t n = 0; n < b->live; n++)
        s->chosen[n] = b->logits[(classes_is_scored(s, b->labels[n]) ? b->labels[n] : 0) * b->stride + n];
}

/* Counts the classes that are ranked before the true one: larger outputs, and equal outputs of lower
 * index. */
static void classes_find_ranks(const struct scores *s, const struct loss_batch *b)
{
    memset(s->tally, 0, (size_t)b->live * sizeof *s->tally);
    for (int64_t k = 0; k < b->classes; k++) {
        const float *z = b->logits + k * b->stride;
        for (int64_t n = 0; n < b->live; n++)
            s->tally[n] += z[n] > s->chosen[n] || (z[n] == s->chosen[n] && k < b->labels[n]);
    }
}

/* sum[n] = -log softmax(logits)[label]. */
static void classes_find_logs(const struct scores *s, const struct loss_batch *b)
{
    for (int64_t n = 0; n < b->live; n++) s->shift[n] = b->logits[n], s->sum[n] = 0;
    for (int64_t k = 1; k < b->classes; k++)
        for (int64_t n = 0; n < b->live; n++) {
            float z = b->logits[k * b->stride + n];
            s->shift[n] = z > s->shift[n] ? z : s->shift[n];
        }
    for (int64_t k = 0; k < b->classes; k++)
        for (int64_t n = 0; n < b->live; n++)
            s->sum[n] += exp((double)b->logits[k * b->stride + n] - (double)s->shift[n]);
    for (int64_t n = 0; n < b->live; n++)
        s->sum[n] = log(s->sum[n]) + ((double)s->shift[n] - (double)s->chosen[n]);
}

/* Of two classes, the difference of the outputs orders samples as the probability of class 1 does, without
 * its rounding. */
void scores_add_classes(struct scores *s, const struct loss_batch *b, double *row)
{
    int64_t classes = s->outputs, *confusion = scores_task_counts(s);
    classes_choose_outputs(s, b);
    classes_find_ranks(s, b);
    if (s->spec.loss->output == OUTPUT_LOGITS)
        classes_find_logs(s, b);
    else
        for (int64_t n = 0; n < b->live; n++) s->sum[n] = -(double)s->chosen[n];
    for (int64_t n = 0; n < b->live; n++) {
        int32_t label = b->labels[n];
        if (!classes_is_scored(s, label)) continue;
        s->counts[COUNT_SAMPLES]++;
        s->counts[COUNT_CORRECT] += b->predicted[n] == label;
        s->counts[COUNT_TOP_K] += s->tally[n] < s->spec.top_k;
        confusion[label * classes + b->predicted[n]]++;
        row[ROW_LOG_LOSS] += scores_clip_log(s->sum[n]);
        if (s->ranked) scores_keep(s, 0, b->logits[b->stride + n] - b->logits[n], label == 1);
    }
}
