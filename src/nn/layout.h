/* layout.h - which buffers a pass over the stages needs, when, and which of them are one.
 *
 * Time runs from 0: forward of stage s is at s, the loss at S (the number of stages), backward of stage s at
 * 2 S - s.
 *   - A value lives from its producer to its last reader, and to the backward pass of a layer that keeps it.
 *   - A layer that works in place writes over its input where it is the last reader and no backward pass
 * needs what is overwritten; a view is its input.
 *   - The gradient of a value lives from the first contribution, which is that of its last reader, to the
 * backward pass of its producer. Further readers write to a buffer of their own, which is then added:
 * contributions are added in the order of the backward pass. */
#ifndef NN_LAYOUT_H
#define NN_LAYOUT_H

#include "nn/plan.h"
#include "nn/stages.h"

#define LAYOUT_NONE (-1)
#define LAYOUT_INPUT                                                                                         \
    (-2) /* the model's input, which is no buffer of the plan: nothing is ever written over it */

struct layout {
    struct plan_buffer *buffers;
    int count;
    size_t bytes; /* of all of them, placed */
    int *value;   /* [values]: the buffer of a value, or LAYOUT_INPUT */
    int *grad;    /* [values]: that of its gradient */
    int *dx; /* [edges]: where a backward pass writes the gradient of an input; the buffer of dy where it is
                dy itself */
    int *sum;       /* [edges]: the gradient that dx is added to afterwards */
    int *saved;     /* [stages] */
    bool *backward; /* [stages]: has a backward pass */
    int scratch;
    int clipped; /* the limited outputs of a model with clip_logits */
};

/* Errors: STATUS_OTHER, memory. */
enum status layout_init(struct layout *o, const struct stages *s, int64_t lanes, bool training, bool clips);
void layout_free(struct layout *o);

#endif
