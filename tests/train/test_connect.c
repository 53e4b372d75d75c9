// ranks: 1 2 3 5
/* The update over the parameters that ranks share: the same bits as an update of one vector in one process,
 * however ranks are cut into nodes. Gradients are multiples of 2^-10, so that their sums are exact in any
 * order. */
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "kernels.h"
#include "spec.h"
#include "train/trainer/connect.h"

#define STEPS   3
#define LEAVES  8
#define DIVISOR 7.5

static struct config configure(const char *optim, double clip_norm, double clip_value, bool decay_biases)
{
    struct config c = {.optim = optim_find(optim),
                       .clip_norm = clip_norm,
                       .clip_value = clip_value,
                       .decay_biases = decay_biases};
    arg_values_defaults(c.optim->args, &c.optim_args);
    c.optim_args.of[c.optim->decay_arg] = 0.1;
    return c;
}

static float gradient_of(int step, int leaf, int64_t i)
{
    uint64_t z = ((uint64_t)i * LEAVES + (uint64_t)leaf) * STEPS + (uint64_t)step + 1;
    z *= 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 31)) * 0xbf58476d1ce4e5b9;
    return (float)((int)(z >> 53) - 1024) * 0x1p-10f;
}

/* Writes the sum over leaves [lo, hi); the gaps between tensors stay zero. */
static void write_gradient(const struct model *m, int step, struct tree_node g, float *to)
{
    for (int i = 0; i < model_layer_count(m); i++)
        for (int t = 0; t < model_layer(m, i)->tensor_count; t++) {
            const struct tensor *at = &model_layer(m, i)->tensors[t];
            for (int64_t k = at->offset; k < at->offset + tensor_count(at); k++) {
                to[k] = 0;
                for (int64_t v = g.lo; v < g.hi; v++) to[k] += gradient_of(step, (int)v, k);
            }
        }
}

/* The whole vector in one process. */
struct vector {
    int64_t floats;
    float *params, *gradient, *slots[UPDATE_SLOTS];
};

static void visit_all(void *self, update_visit *visit, void *visitor)
{
    struct vector *v = self;
    visit(visitor, 0, v->floats, v->params, v->gradient, v->slots);
}

static void fill(void *self, float *params)
{
    model_init_params(self, 5, params);
}

/* The expected parameters after STEPS updates, in v->params, and the norm of the last gradient. */
static double compute(const struct config *config, struct model *m, struct vector *v)
{
    struct update u;
    CHECK_STATUS(connect_update(&u, kernels, config, m, NULL), STATUS_OK);
    u.spec.vector = (struct update_vector){v, visit_all, NULL, visit_all};
    v->floats = model_param_floats(m);
    float **arrays[] = {&v->params, &v->gradient, &v->slots[0], &v->slots[1], &v->slots[2]};
    for (int i = 0; i < 2 + config->optim->slots; i++)
        CHECK_STATUS(mem_alloc(arrays[i], (size_t)v->floats, sizeof(float), "test"), STATUS_OK);
    fill(m, v->params);
    for (int step = 0; step < STEPS; step++) {
        write_gradient(m, step, (struct tree_node){0, LEAVES}, v->gradient);
        update_apply(&u, &(struct update_step){0.1, step, DIVISOR, LEAVES});
    }
    double norm = u.gradient_norm;
    update_free(&u);
    return norm;
}

/* How a run is cut. */
struct cut {
    int64_t ranks_per_node;
    int group; /* virtual ranks in one, at most */
    bool tree;
};

/* The records of the virtual ranks say nothing. */
static void add_nothing(void *sum, const void *record)
{
    (void)sum, (void)record;
}

static void check_cut(struct comm *comm, const struct config *config, struct model *m, struct cut cut,
                      const float *expected, double norm)
{
    struct sync *s = NULL;
    struct update u;
    static const char records[LEAVES] = {0};
    char sum;
    int64_t floats = model_param_floats(m);
    CHECK_STATUS(comm_split_nodes(comm, cut.ranks_per_node), STATUS_OK);
    struct sync_spec spec = {.kernels = kernels,
                             .count = floats,
                             .slots = config->optim->slots,
                             .virtual_ranks = LEAVES,
                             .max_group = cut.group,
                             .tree = cut.tree,
                             .record_bytes = 1,
                             .add = add_nothing};
    CHECK_STATUS(sync_create(&s, comm, &spec), STATUS_OK);
    CHECK_STATUS(connect_update(&u, kernels, config, m, s), STATUS_OK);
    sync_fill_params(s, fill, m);
    uint64_t allocations = mem_allocations();
    for (int step = 0; step < STEPS; step++) {
        for (struct tree_node g = sync_group(s); g.lo < g.hi; g = sync_group(s)) {
            write_gradient(m, step, g, sync_gradient(s));
            sync_group_done(s, records, (struct sync_requests){0});
        }
        sync_collect(s, &sum);
        update_apply(&u, &(struct update_step){0.1, step, DIVISOR, LEAVES});
    }
    CHECK(mem_allocations() == allocations);
    CHECK(u.gradient_norm == norm);
    CHECK(memcmp(sync_params(s), expected, (size_t)floats * sizeof(float)) == 0);
    comm_barrier(comm);
    update_free(&u);
    sync_destroy(&s);
}

static void check_connected(struct comm *comm, const struct config *config, struct model *m)
{
    static const struct cut cuts[] = {{0, 1, true}, {0, 4, true}, {1, 4, true},
                                      {2, 1, true}, {3, 4, true}, {0, 1, false}};
    struct vector v = {0};
    double norm = compute(config, m, &v);
    CHECK((norm > 0) == (config->clip_norm > 0));
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        check_cut(comm, config, m, cuts[i], v.params, norm);
    mem_free(&v.params), mem_free(&v.gradient);
    for (int i = 0; i < OPTIM_SLOTS; i++) mem_free(&v.slots[i]);
}

/* Tensors that begin inside a cell, are shorter than one, or span several buckets. */
static void create_model(struct model **m)
{
    struct model_spec spec = {.input = shape_2d(2, 5, 5)};
    spec_add(&spec, "conv2d", 3, 3);
    spec_add(&spec, "linear", 37, 0);
    spec_add(&spec, "linear", 1900, 0);
    spec_add(&spec, "linear", 41, 0);
    spec_add(&spec, "linear", 1, 0);
    CHECK_STATUS(spec_model(m, &spec, 16, 1), STATUS_OK);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct comm *comm;
    struct model *m = NULL;
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    create_model(&m);
    const struct config configs[] = {configure("sgd", 0, 0, true), configure("sgd", 2, 0.02, false),
                                     configure("lars", 0, 0, true), configure("lamb", 2, 0.02, false)};
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++)
        CHECK_CASE_OF(configs[i].optim->name, check_connected(comm, &configs[i], m));
    model_destroy(&m);
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
