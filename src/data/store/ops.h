/* ops.h - what a kind of store is. */
#ifndef DATA_STORE_OPS_H
#define DATA_STORE_OPS_H

#include "data/store/store.h"

/* Functions that are NULL do nothing; without `read` the features stay in the file. */
struct store_ops {
    const char *name; /* of data.store */
    bool spread;      /* store_is_spread */

    /* Collective. `narrow` sets the view, when nothing is read ahead any more; NULL = nothing else has to be done.
     * `split`: both have their views, `s` as with `narrow`; `rest` has no more yet. */
    enum status (*create)(struct store *s, const struct store_spec *spec);
    void (*destroy)(struct store *s);
    enum status (*narrow)(struct store *s, struct comm *comm, struct store_view view);
    enum status (*split)(struct store *s, struct comm *comm, struct store *rest);
    enum status (*prepare)(struct store *s, struct comm *comm, const struct store_plan *plan);

    void *(*room)(struct store *s, int64_t first); /* in place of `fill` */
    enum status (*fill)(struct store *s, struct source *source, int64_t first, int64_t count);
    enum status (*read)(const struct store *s, int64_t first, int64_t count, void *out);
    void (*expect)(struct store *s, const struct order *order, int64_t position);
    enum status (*stream)(struct store *s, int64_t first, int64_t end, int64_t at_once);
    void (*take)(struct store *s, const int64_t *samples, int64_t count, const void **features);
    enum status (*status)(const struct store *s);
};

struct store {
    const struct store_ops *ops;
    struct store_view view;
    int64_t sample_bytes;
    int64_t block, window; /* of the order; 0 = none */
    size_t bytes;          /* of memory of the node */
    void *self;
};

/* Number in the source of a sample of the view. */
static inline int64_t store_number(const struct store *s, int64_t sample)
{
    return s->view.numbers ? s->view.numbers[sample] : sample;
}

/* window.c: samples of a block, and blocks of a window. A block is at least a chunk of the file, and large enough to
 * be read well; a window mixes many of them. */
void window_choose_sizes(const struct store_spec *spec, int64_t *block, int64_t *window);

/* store.c: a store in the file for some of the samples; and makes one of a store that has only its view. For stores
 * that give some samples from there. Collective. */
enum status store_create_view(struct store **out, const struct store_spec *spec, struct store_view view);
enum status store_stay_in_file(struct store *s, const struct store_spec *spec);

/* kept.c: the same for a store that has only its view, of which each rank keeps in memory what it takes. Collective. */
enum status store_keep(struct store *s, const struct store_spec *spec);

extern const struct store_ops store_node, store_cluster, store_window, store_scratch;

#endif
