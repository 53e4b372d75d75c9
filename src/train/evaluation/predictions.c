/* predictions.c - probabilities and predictions from the outputs of a network. */
#include "train/evaluation/predictions.h"

#include <math.h>

bool predictions_have_probabilities(const struct loss *l)
{
    return l->output == OUTPUT_LOGITS || l->output == OUTPUT_LOG_PROBS || l->output == OUTPUT_LABEL_LOGITS ||
           l->output == OUTPUT_LABEL_PROBS;
}

/* Of `count` outputs, `step` floats from one to the next. */
static void predictions_softmax(const float *x, int64_t count, int64_t step, float *p)
{
    double max = (double)x[0], sum = 0;
    for (int64_t k = 1; k < count; k++) max = fmax(max, (double)x[k * step]);
    for (int64_t k = 0; k < count; k++) sum += exp((double)x[k * step] - max);
    for (int64_t k = 0; k < count; k++) p[k * step] = (float)(exp((double)x[k * step] - max) / sum);
}

/* The first number of cell `i`: position i % P of row i / P. */
static int64_t predictions_cell(const struct loss *l, int64_t i)
{
    return i / l->positions * l->outputs * l->positions + i % l->positions;
}

static float predictions_probability(enum loss_output output, float x)
{
    if (output == OUTPUT_LOG_PROBS) return (float)exp((double)x);
    return output == OUTPUT_LABEL_LOGITS ? (float)(1 / (1 + exp(-(double)x))) : x;
}

void predictions_find_probabilities(const struct loss *l, const float *outputs, int64_t rows,
                                    float *probabilities)
{
    int64_t cells = rows * l->positions;
    for (int64_t i = 0; l->output == OUTPUT_LOGITS && i < cells; i++) {
        int64_t at = predictions_cell(l, i);
        predictions_softmax(outputs + at, l->outputs, l->positions, probabilities + at);
    }
    for (int64_t i = 0; l->output != OUTPUT_LOGITS && i < cells * l->outputs; i++)
        probabilities[i] = predictions_probability(l->output, outputs[i]);
}

int64_t predictions_find_maximum(const float *x, int64_t count, int64_t step)
{
    int64_t best = 0;
    for (int64_t k = 1; k < count && !isnan(x[best * step]); k++)
        if (!(x[best * step] >= x[k * step])) best = k;
    return best;
}

void predictions_find_classes(const struct loss *l, const float *outputs, int64_t rows, int64_t *classes)
{
    for (int64_t i = 0; i < rows * l->positions; i++)
        classes[i] = predictions_find_maximum(outputs + predictions_cell(l, i), l->outputs, l->positions);
}

void predictions_find_labels(const struct loss *l, const float *outputs, int64_t rows, uint8_t *labels)
{
    float cut = loss_cut(l);
    for (int64_t i = 0; i < rows * l->outputs * l->positions; i++) labels[i] = outputs[i] > cut;
}

void predictions_find_values(const struct loss *l, const struct normal *targets, const float *outputs,
                             int64_t rows, float *values)
{
    bool logs = l->output == OUTPUT_LOG_VALUES, scaled = targets->channels > 0;
    for (int64_t i = 0; i < rows * l->outputs * l->positions; i++) {
        double value = logs ? exp((double)outputs[i]) : (double)outputs[i];
        int64_t k = i / l->positions % l->outputs;
        values[i] = (float)(scaled ? value * (double)targets->std[k] + (double)targets->mean[k] : value);
    }
}
