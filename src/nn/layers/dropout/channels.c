/* channels.c - random channels that are zero, in training. */
#include "nn/layers/dropout/dropout.h"

static int dropout_axes(const struct layer *l)
{
    return l->ops->name[strlen("dropout")] - '0';
}

enum status dropout_plan_channels(struct layer *l)
{
    char shape[SHAPE_TEXT];
    shape_text(l->in[0], shape);
    if (l->in[0].rank != dropout_axes(l))
        return status_fail(STATUS_CONFIG,
                           "takes channels and %d axes, but its input has shape %s; use dropout%dd",
                           dropout_axes(l), shape, l->in[0].rank);
    l->out = l->in[0];
    return STATUS_OK;
}

void dropout_measure_channels(struct layer *l)
{
    dropout_measure_features(l, l->in[0].c);
}

void dropout_forward_channels(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    dropout_run(l, p, l->in[0].c, x[0], y);
}

void dropout_backward_channels(const struct layer *l, const struct pass *p, const float *const *x,
                               const float *y, float *dy, float *const *dx)
{
    (void)x, (void)y;
    dropout_run_backward(l, p, l->in[0].c, dy, dx[0]);
}
