/* labels.c - labels that are on or off, each for itself. */
#include <string.h>

#include "nn/scores/private.h"

/* Counts over the labels of one sample, for every lane: on and predicted on, predicted on, on. */
struct sample_counts {
    int32_t *both, *predicted, *labelled;
};

static struct sample_counts labels_sample_counts(const struct scores *s)
{
    return (struct sample_counts){s->tally, s->tally + s->columns, s->tally + 2 * s->columns};
}

static void labels_add_label(struct scores *s, const struct loss_batch *b, int64_t k)
{
    const float *out = b->logits + k * b->stride, *target = b->targets + k * b->stride;
    struct sample_counts c = labels_sample_counts(s);
    int64_t both = 0, predicted = 0, labelled = 0;
    for (int64_t n = 0; n < b->live; n++) {
        bool on = target[n] > 0.5f, predicted_on = out[n] > s->cut;
        both += on && predicted_on;
        predicted += predicted_on;
        labelled += on;
        c.both[n] += on && predicted_on;
        c.predicted[n] += predicted_on;
        c.labelled[n] += on;
        scores_keep(s, k, out[n], on);
    }
    int64_t *counts = scores_task_counts(s), labels = s->outputs;
    counts[k] += both;
    counts[labels + k] += predicted - both;
    counts[2 * labels + k] += labelled - both;
}

static double labels_quotient(int64_t part, int64_t whole)
{
    return whole ? (double)part / (double)whole : 0;
}

/* Returns -log of the probability of the true state of the only label. */
static double labels_minus_log(const struct scores *s, const struct loss_batch *b, int64_t n)
{
    double out = (double)b->logits[n];
    bool on = b->targets[n] > 0.5f;
    if (s->spec.loss->output == OUTPUT_LABEL_PROBS) return -log(on ? out : 1 - out);
    double away = on ? -out : out;
    return fmax(away, 0) + log1p(exp(-fabs(away)));
}

void scores_add_labels(struct scores *s, const struct loss_batch *b, double *row)
{
    struct sample_counts c = labels_sample_counts(s);
    for (int i = 0; i < 3; i++) memset(s->tally + i * s->columns, 0, (size_t)b->live * sizeof *s->tally);
    for (int64_t k = 0; k < b->classes; k++) labels_add_label(s, b, k);
    s->counts[COUNT_SAMPLES] += b->live;
    for (int64_t n = 0; n < b->live; n++) {
        int64_t both = c.both[n], predicted = c.predicted[n], labelled = c.labelled[n];
        s->counts[COUNT_CORRECT] += both == predicted && both == labelled;
        row[ROW_QUOTIENTS + SAMPLE_PRECISION] += labels_quotient(both, predicted);
        row[ROW_QUOTIENTS + SAMPLE_RECALL] += labels_quotient(both, labelled);
        row[ROW_QUOTIENTS + SAMPLE_F1] += labels_quotient(2 * both, predicted + labelled);
        row[ROW_QUOTIENTS + SAMPLE_JACCARD] += labels_quotient(both, predicted + labelled - both);
        if (s->kind == SCORES_BINARY) row[ROW_LOG_LOSS] += scores_clip_log(labels_minus_log(s, b, n));
    }
}
