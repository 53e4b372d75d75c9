#include "nn/stages.h"

/* max(relu(x)) = relu(max(x)), and where the maximum is not positive neither order lets a gradient through: after the
 * pooling there are fewer elements to go over. */
static void pool_first(struct layer *stages, int count)
{
    for (int i = 0; i + 1 < count; i++) {
        if (!stages[i].ops->is_relu || !stages[i + 1].ops->is_max) continue;
        struct layer relu = stages[i];
        stages[i] = stages[i + 1];
        stages[i + 1] = relu;
        stages[i + 1].in = stages[i + 1].out = stages[i].out;
    }
}

/* Between two layers that can, ReLU is applied where the first stores its output, and its gradient where the second does. */
static bool fuses(const struct layer *stages, int count, int i)
{
    return i > 0 && i + 1 < count && stages[i].ops->is_relu && stages[i - 1].ops->fuses_relu &&
           stages[i + 1].ops->fuses_relu;
}

static int fuse_relus(struct layer *stages, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (fuses(stages, count, i)) {
            stages[kept - 1].relu_out = true;
            stages[i + 1].relu_in = true;
        } else {
            stages[kept++] = stages[i];
        }
    }
    return kept;
}

int stages_arrange(const struct layer *layers, int count, struct layer *stages)
{
    for (int i = 0; i < count; i++) stages[i] = layers[i];
    pool_first(stages, count);
    return fuse_relus(stages, count);
}
