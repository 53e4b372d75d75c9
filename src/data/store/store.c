/* store.c - chooses a kind of store and passes calls on to it. */
#include "data/store/store.h"

#include "core/mem.h"
#include "data/store/capacity.h"
#include "data/store/ops.h"

static enum status store_make(struct store **out, const struct store_ops *ops, struct store_view view,
                              int64_t sample_bytes)
{
    TRY(mem_alloc(out, 1, sizeof **out, "data set"));
    **out = (struct store){.ops = ops, .view = view, .sample_bytes = sample_bytes};
    return STATUS_OK;
}

enum status store_create(struct store **out, const struct store_spec *spec)
{
    static const struct store_ops *const kinds[] = {[STORE_NODE] = &store_node,
                                                    [STORE_CLUSTER] = &store_cluster,
                                                    [STORE_WINDOW] = &store_window,
                                                    [STORE_SCRATCH] = &store_scratch};
    const struct source_info *info = spec->info;
    enum data_store kind = spec->options->kind;
    *out = NULL;
    if (kind == STORE_AUTO || (kind == STORE_CLUSTER && spec->options->in_order))
        TRY(capacity_choose(&kind, spec));
    enum status status =
        comm_agree(spec->comm, store_make(out, kinds[kind], (struct store_view){NULL, info->samples},
                                          shape_features(info->shape) * feature_bytes(info->type)));
    if (status == STATUS_OK) status = (*out)->ops->create(*out, spec);
    if (status != STATUS_OK) store_destroy(out);
    return status;
}

enum status store_stay_in_file(struct store *s, const struct store_spec *spec)
{
    s->ops = &store_window;
    return s->ops->create(s, spec);
}

enum status store_create_view(struct store **out, const struct store_spec *spec, struct store_view view)
{
    int64_t bytes = shape_features(spec->info->shape) * feature_bytes(spec->info->type);
    *out = NULL;
    enum status status = comm_agree(spec->comm, store_make(out, &store_window, view, bytes));
    if (status == STATUS_OK) status = store_stay_in_file(*out, spec);
    if (status != STATUS_OK) store_destroy(out);
    return status;
}

void store_destroy(struct store **s)
{
    if (!*s) return;
    (*s)->ops->destroy(*s);
    mem_free(s);
}

enum status store_restrict(struct store *s, struct comm *comm, struct store_view view)
{
    if (s->ops->narrow) return s->ops->narrow(s, comm, view);
    s->view = view;
    return STATUS_OK;
}

enum status store_split(struct store *s, struct comm *comm, struct store_view kept, struct store_view rest,
                        struct store **out)
{
    *out = NULL;
    TRY(store_restrict(s, comm, kept));
    enum status status = comm_agree(comm, store_make(out, s->ops, rest, s->sample_bytes));
    if (status == STATUS_OK) status = s->ops->split(s, comm, *out);
    if (status != STATUS_OK) store_destroy(out);
    return status;
}

void *store_room(struct store *s, int64_t first)
{
    return s->ops->room ? s->ops->room(s, first) : NULL;
}

enum status store_fill(struct store *s, struct source *source, int64_t first, int64_t count)
{
    return s->ops->fill ? s->ops->fill(s, source, first, count) : STATUS_OK;
}

enum status store_read(const struct store *s, int64_t first, int64_t count, void *out)
{
    return s->ops->read(s, first, count, out);
}

enum status store_prepare(struct store *s, struct comm *comm, const struct store_plan *plan)
{
    return s->ops->prepare ? s->ops->prepare(s, comm, plan) : STATUS_OK;
}

struct order store_order(const struct store *s, uint64_t seed, uint64_t epoch, bool shuffle)
{
    if (s->block == 0) return order_make(seed, epoch, s->view.samples, shuffle);
    return order_make_windows(seed, epoch, s->view.samples, shuffle, s->block, s->window);
}

void store_expect(struct store *s, const struct order *order, int64_t position)
{
    if (s->ops->expect) s->ops->expect(s, order, position);
}

enum status store_stream(struct store *s, int64_t first, int64_t end, int64_t at_once)
{
    return s->ops->stream ? s->ops->stream(s, first, end, at_once) : STATUS_OK;
}

void store_take(struct store *s, const int64_t *samples, int64_t count, const void **features)
{
    s->ops->take(s, samples, count, features);
}

enum status store_status(const struct store *s)
{
    return s->ops->status ? s->ops->status(s) : STATUS_OK;
}

bool store_is_spread(const struct store *s)
{
    return s->ops->spread;
}

const char *store_name(const struct store *s)
{
    return s->ops->name;
}

bool store_stays_in_file(const struct store *s)
{
    return !s->ops->read;
}

size_t store_bytes(const struct store *s)
{
    return s->bytes;
}

void store_windows(const struct store *s, int64_t *block, int64_t *window)
{
    *block = s->block;
    *window = s->window;
}
