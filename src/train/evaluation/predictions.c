/* predictions.c - probabilities and predictions from the outputs of a network. */
#include "train/evaluation/predictions.h"

#include <math.h>

bool predictions_have_probabilities(const struct loss *l)
{
    return l->output == OUTPUT_LOGITS || l->output == OUTPUT_LOG_PROBS || l->output == OUTPUT_LABEL_LOGITS ||
           l->output == OUTPUT_LABEL_PROBS;
}

static void predictions_softmax(const float *x, int64_t count, float *p)
{
    double max = (double)x[0], sum = 0;
    for (int64_t k = 1; k < count; k++) max = fmax(max, (double)x[k]);
    for (int64_t k = 0; k < count; k++) sum += exp((double)x[k] - max);
    for (int64_t k = 0; k < count; k++) p[k] = (float)(exp((double)x[k] - max) / sum);
}

static float predictions_probability(enum loss_output output, float x)
{
    if (output == OUTPUT_LOG_PROBS) return (float)exp((double)x);
    return output == OUTPUT_LABEL_LOGITS ? (float)(1 / (1 + exp(-(double)x))) : x;
}

void predictions_find_probabilities(const struct loss *l, const float *outputs, int64_t rows,
                                    float *probabilities)
{
    int64_t width = l->outputs;
    for (int64_t i = 0; l->output == OUTPUT_LOGITS && i < rows; i++)
        predictions_softmax(outputs + i * width, width, probabilities + i * width);
    for (int64_t i = 0; l->output != OUTPUT_LOGITS && i < rows * width; i++)
        probabilities[i] = predictions_probability(l->output, outputs[i]);
}

int64_t predictions_find_maximum(const float *x, int64_t count)
{
    int64_t best = 0;
    for (int64_t k = 1; k < count && !isnan(x[best]); k++)
        if (!(x[best] >= x[k])) best = k;
    return best;
}

void predictions_find_classes(const struct loss *l, const float *outputs, int64_t rows, int64_t *classes)
{
    for (int64_t i = 0; i < rows; i++)
        classes[i] = predictions_find_maximum(outputs + i * l->outputs, l->outputs);
}

void predictions_find_labels(const struct loss *l, const float *outputs, int64_t rows, uint8_t *labels)
{
    float cut = loss_cut(l);
    for (int64_t i = 0; i < rows * l->outputs; i++) labels[i] = outputs[i] > cut;
}

void predictions_find_values(const struct loss *l, const struct normal *targets, const float *outputs,
                             int64_t rows, float *values)
{
    bool logs = l->output == OUTPUT_LOG_VALUES, scaled = targets->channels > 0;
    for (int64_t i = 0; i < rows * l->outputs; i++) {
        double value = logs ? exp((double)outputs[i]) : (double)outputs[i];
        int64_t k = i % l->outputs;
        values[i] = (float)(scaled ? value * (double)targets->std[k] + (double)targets->mean[k] : value);
    }
}
