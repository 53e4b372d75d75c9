/* shapes.c - what becomes of the shape of samples, and of their labels. */
#include "train/shapes.h"

#include <string.h>

enum status shapes_find(struct sample_shapes *s, const struct config *config, struct shape stored)
{
    const struct data_config *d = &config->data;
    *s = (struct sample_shapes){.stored = stored};
    TRY(augment_find_shape(&d->augment, stored, &s->moved));
    TRY(transforms_find_shape(&d->transforms, s->moved, &s->input));
    s->cuts = transforms_find_cut(&d->transforms, s->moved, s->first);
    s->change = !shape_equal(stored, s->moved) || transforms_change_shape(&d->transforms);
    return STATUS_OK;
}

static bool shapes_same_positions(struct shape a, struct shape b)
{
    a.c = b.c;
    return shape_equal(a, b);
}

bool shapes_labels_follow(const struct sample_shapes *s, struct shape outputs)
{
    return s->cuts && shapes_same_positions(outputs, s->input) && !shapes_same_positions(s->input, s->stored);
}

int64_t shapes_find_positions(struct shape outputs, int64_t stored)
{
    return stored == 1 ? 1 : shape_positions(outputs);
}

int64_t shapes_stored_positions(const struct sample_shapes *s, struct shape outputs, int64_t positions)
{
    return positions > 1 && shapes_labels_follow(s, outputs) ? shape_positions(s->stored) : positions;
}

void shapes_fill_spec(const struct sample_shapes *s, struct shape outputs, struct augment_spec *spec)
{
    spec->stored = s->stored;
    spec->input = s->input;
    spec->loss_positions = shapes_find_positions(outputs, spec->positions);
    spec->cut_labels = shapes_labels_follow(s, outputs) && !shapes_same_positions(s->input, s->moved);
    memcpy(spec->cut_first, s->first, sizeof spec->cut_first);
}

enum status shapes_init_still(struct augment *a, struct augment_spec spec)
{
    struct shape moved;
    spec.still = true;
    TRY(augment_find_shape(spec.steps, spec.stored, &moved));
    bool labels = spec.cut_labels && (spec.positions > 1 || spec.weight_width > 1);
    if (shape_equal(moved, spec.stored) && !labels) return STATUS_OK;
    return augment_init(a, &spec);
}
