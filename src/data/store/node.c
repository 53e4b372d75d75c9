/* node.c - features in the shared memory of a node. */
#include <string.h>

#include "comm/shared.h"
#include "core/mem.h"
#include "data/store/ops.h"

/* Of both views of a set. */
struct node_store {
    int views;
    struct shared *window;
    char *features; /* [N][F] */
};

static enum status node_create(struct store *s, const struct store_spec *spec)
{
    struct node_store *n = NULL;
    TRY(comm_agree(spec->comm, mem_alloc(&s->self, 1, sizeof *n, "data set")));
    n = s->self;
    n->views = 1;
    s->bytes = (size_t)(spec->info->samples * s->sample_bytes);
    TRY(shared_create(&n->window, spec->comm, s->bytes, spec->locator));
    n->features = shared_base(n->window);
    return STATUS_OK;
}

static void node_destroy(struct store *s)
{
    struct node_store *n = s->self;
    if (!n || --n->views > 0) return;
    shared_destroy(&n->window);
    mem_free(&s->self);
}

static enum status node_split(struct store *s, struct comm *comm, struct store *rest)
{
    struct node_store *n = s->self;
    (void)comm;
    n->views++;
    rest->self = n;
    return STATUS_OK;
}

static void *node_room(struct store *s, int64_t first)
{
    const struct node_store *n = s->self;
    return n->features + first * s->sample_bytes;
}

static enum status node_read(const struct store *s, int64_t first, int64_t count, void *out)
{
    const struct node_store *n = s->self;
    memcpy(out, n->features + first * s->sample_bytes, (size_t)(count * s->sample_bytes));
    return STATUS_OK;
}

static void node_take(struct store *s, const int64_t *samples, int64_t count, const void **features)
{
    const struct node_store *n = s->self;
    for (int64_t i = 0; i < count; i++)
        features[i] = n->features + store_number(s, samples[i]) * s->sample_bytes;
}

const struct store_ops store_node = {
    .name = "node",
    .create = node_create,
    .destroy = node_destroy,
    .split = node_split,
    .room = node_room,
    .read = node_read,
    .take = node_take,
};
