/* registry.c - the table of all kinds of transforms, and what each needs to know. */
#include "data/transform/transform.h"

#define TRANSFORM(name) extern const struct transform_ops transform_##name;
#include "data/transform/list.h"
#undef TRANSFORM

#define TRANSFORM(name) &transform_##name,
static const struct transform_ops *const registry[] = {
#include "data/transform/list.h"
    NULL};
#undef TRANSFORM

const char *const transform_pers[] = {"channel", "feature", NULL};

const struct data_kind *transform_kind_at(int index)
{
    return registry[index] ? &registry[index]->kind : NULL;
}

enum transform_needs transform_find_needs(const struct data_step *s, bool *features)
{
    const struct transform_ops *ops = (const struct transform_ops *)s->kind; /* its first member */
    *features = false;
    return ops->needs ? ops->needs(s, features) : NEEDS_NOTHING;
}

enum status transform_check_list(const struct data_step *s, int index, int64_t runs)
{
    const struct arg *args = s->kind->args;
    int64_t count = (int64_t)s->args.of[arg_slot(args, index)];
    if (count <= 1 || count == runs) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "%s has %lld numbers; give one, or one for each of %lld channels",
                       args[index].name, (long long)count, (long long)runs);
}

int transforms_find_features(const struct data_steps *steps)
{
    bool features;
    for (int i = 0; i < steps->count; i++) {
        transform_find_needs(&steps->of[i], &features);
        if (features) return i;
    }
    return -1;
}
