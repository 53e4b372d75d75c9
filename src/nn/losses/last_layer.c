/* last_layer.c - checks that a model ends with a layer whose outputs the loss can take. */
#include "nn/layers/layer.h"
#include "nn/losses/loss.h"

/* The first layer that always gives outputs of this range. */
static const char *last_layer_for(enum output_range range)
{
    const struct layer_ops *const *layer = layer_registry();
    while ((*layer)->ranges != RANGE_BIT(range)) layer++;
    return (*layer)->name;
}

/* A loss for the same labels that takes any outputs; NULL if there is none. */
static const struct loss_ops *last_layer_other_loss(const struct loss *l)
{
    enum task task = loss_output_task(l->ops->output);
    for (const struct loss_ops *const *other = loss_registry(); *other; other++)
        if ((*other)->needs == RANGE_REAL && (*other)->targets & TARGET_BIT(l->kind) &&
            loss_output_task((*other)->output) == task)
            return *other;
    return NULL;
}

enum status loss_check_last_layer(const struct loss *l, const struct layer_ops *last)
{
    static const char *const ranges[] = {
        [RANGE_PROBABILITIES] = "probabilities", [RANGE_LOG_PROBABILITIES] = "log-probabilities"};
    for (int i = 0; i < l->part_count; i++) TRY(loss_check_last_layer(&l->parts[i], last));
    enum output_range needs = l->ops->needs;
    if (needs == RANGE_REAL || last->ranges & RANGE_BIT(needs)) return STATUS_OK;
    const struct loss_ops *other = last_layer_other_loss(l);
    return status_fail(STATUS_CONFIG,
                       "loss.name: %s takes %s, but the model ends with %s; end it with %s%s%s", l->ops->name,
                       ranges[needs], last->name, last_layer_for(needs), other ? ", or use loss " : "",
                       other ? other->name : "");
}
