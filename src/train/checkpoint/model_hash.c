/* model_hash.c - what tells two models apart: kinds, arguments and edges of their layers. */
#include <string.h>

#include "io/hash.h"
#include "train/checkpoint/private.h"

#define VERSION_2_ARGS 8 /* numbers that files of version 2 keep of every layer */

static void model_hash_add_integer(struct hash *h, int64_t value)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
    hash_add(h, bytes, sizeof bytes);
}

/* The bits of a number; -0 counts as 0. */
static void model_hash_add_number(struct hash *h, double value)
{
    int64_t bits;
    value += 0.0;
    memcpy(&bits, &value, sizeof bits);
    model_hash_add_integer(h, bits);
}

static void model_hash_add_shape(struct hash *h, struct shape s)
{
    int64_t dims[1 + SHAPE_AXES];
    int count = shape_dims(s, dims);
    model_hash_add_integer(h, count);
    for (int i = 0; i < count; i++) model_hash_add_integer(h, dims[i]);
}

static void model_hash_add_text(struct hash *h, const char *text)
{
    model_hash_add_integer(h, (int64_t)strlen(text));
    hash_add(h, text, strlen(text));
}

/* Arguments that came after files of version 3 are left out while they have their default value. */
static bool model_hash_has_arg(const struct layer *l, int index)
{
    const struct arg *arg = &l->ops->args[index];
    return !arg->later || !arg_equals(arg, l->args + arg_slot(l->ops->args, index), arg->default_value);
}

/* One number where all axes are equal, as before they could differ. */
static void model_hash_add_arg(struct hash *h, const struct layer *l, int index)
{
    const struct arg *arg = &l->ops->args[index];
    const double *slots = l->args + arg_slot(l->ops->args, index);
    int first = arg_first_used(arg), end = arg_slots(arg);
    if (arg->later) model_hash_add_text(h, arg->name);
    if (arg_equals(arg, slots, slots[first])) end = first + 1;
    for (int i = first; i < end; i++) model_hash_add_number(h, slots[i]);
}

static void model_hash_add_layer(struct hash *h, const struct layer *l)
{
    int all = 0, args = 0;
    for (; l->ops->args && l->ops->args[all].name; all++) args += model_hash_has_arg(l, all);
    model_hash_add_text(h, l->ops->name);
    model_hash_add_integer(h, args);
    for (int i = 0; i < all; i++)
        if (model_hash_has_arg(l, i)) model_hash_add_arg(h, l, i);
    model_hash_add_integer(h, l->input_count);
    for (int i = 0; i < l->input_count; i++) model_hash_add_integer(h, l->inputs[i]);
    model_hash_add_shape(h, l->out);
    if (l->shared) model_hash_add_integer(h, l->shared->index);
}

/* The hash of version 2: chains of images only. A model with other edges gets a hash that no such file has.
 */
static void model_hash_add_old_shape(struct hash *h, struct shape s)
{
    int64_t sides[3] = {s.c, s.d[AXIS_H], s.d[AXIS_W]};
    hash_add(h, sides, sizeof sides);
}

static void model_hash_add_old_layer(struct hash *h, const struct layer *l)
{
    double args[VERSION_2_ARGS] = {0};
    const struct arg *table = l->ops->args;
    for (int i = 0, to = 0; table && table[i].name && to < VERSION_2_ARGS; i++)
        if (!table[i].later) args[to++] = l->args[arg_slot(table, i) + arg_first_used(&table[i])];
    hash_add(h, l->ops->name, strlen(l->ops->name) + 1);
    hash_add(h, args, sizeof args);
    model_hash_add_old_shape(h, l->in[0]);
    model_hash_add_old_shape(h, l->out);
    if (l->input_count != 1 || l->inputs[0] != l->index) model_hash_add_integer(h, l->inputs[0]);
}

/* Limited outputs were a layer then. */
static void model_hash_add_old_limit(struct hash *h, const struct model *m)
{
    static const char kind[] = "hardtanh";
    double limit = model_clip_logits(m), args[VERSION_2_ARGS] = {-limit, limit};
    if (limit == 0) return;
    hash_add(h, kind, sizeof kind);
    hash_add(h, args, sizeof args);
    model_hash_add_old_shape(h, model_output_shape(m));
    model_hash_add_old_shape(h, model_output_shape(m));
}

uint64_t checkpoint_model_hash(const struct model *m, int64_t version)
{
    struct hash h;
    hash_begin(&h);
    for (int i = 0; version == 2 && i < model_layer_count(m); i++)
        model_hash_add_old_layer(&h, model_layer(m, i));
    if (version == 2) {
        model_hash_add_old_limit(&h, m);
        return hash_end(&h);
    }
    model_hash_add_shape(&h, model_input_shape(m));
    model_hash_add_integer(&h, model_layer_count(m));
    for (int i = 0; i < model_layer_count(m); i++) model_hash_add_layer(&h, model_layer(m, i));
    model_hash_add_number(&h, model_clip_logits(m));
    return hash_end(&h);
}
