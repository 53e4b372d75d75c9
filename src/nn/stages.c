#include "nn/stages.h"

/* max(relu(x)) = relu(max(x)), and where the maximum is not positive neither order lets a gradient through: after the
 * pooling there are fewer elements to go over. */
static bool swaps(const struct layer *first, const struct layer *second)
{
    return first->ops->follows_max && second->ops->is_max;
}

int stages_arrange(const struct layer *layers, int count, struct layer *stages)
{
    for (int i = 0; i < count; i++) {
        stages[i] = layers[i];
        if (i + 1 == count || !swaps(&layers[i], &layers[i + 1])) continue;
        stages[i] = layers[i + 1];
        stages[i + 1] = layers[i];
        stages[i + 1].in = stages[i + 1].out = layers[i + 1].out;
        i++;
    }
    return count;
}
