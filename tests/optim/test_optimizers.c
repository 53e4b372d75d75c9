/* Optimizers against PyTorch (tests/reference), and the laws that sharded updates rest on. */
#include <stdbool.h>
#include <string.h>

#include "check.h"
#include "kernels.h"
#include "optim/optim.h"
#include "reference.h"

#define HALF_ULP 5.9604644775390625e-8 /* of float32, relative: one rounding */
#define MOST     256

/* Parameters and slots of one run. */
struct state {
    float params[MOST];
    float slots[OPTIM_SLOTS][MOST];
};

/* One step on `count` elements in blocks that end at `cuts` (ascending, the last is count): with two sweeps
 * as a trainer makes them. */
static void take_step(const struct optim_ops *ops, struct optim_step *s, struct state *state,
                      const float *grads, const int64_t *cuts, int cut_count)
{
    double *norms = s->norms;
    for (int sweep = ops->measure ? 0 : 1; sweep < 2; sweep++) {
        int64_t first = 0;
        for (int k = 0; k < cut_count; first = cuts[k++]) {
            float *slots[OPTIM_SLOTS] = {NULL};
            for (int i = 0; i < ops->slots; i++) slots[i] = state->slots[i] + first;
            if (sweep)
                optim_update(s, cuts[k] - first, state->params + first, grads + first, slots);
            else
                optim_measure(s, cuts[k] - first, state->params + first, grads + first, slots, norms);
        }
    }
}

/* What the elements went through, for bounds on their rounding. */
struct path {
    double weight[MOST], moved[MOST], slot[OPTIM_SLOTS][MOST]; /* sum of |w|, of |steps|; greatest |slot| */
};

static void follow(struct path *path, const struct state *before, const struct state *after, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        path->weight[i] += fabs((double)before->params[i]);
        path->moved[i] += fabs((double)after->params[i] - (double)before->params[i]);
        for (int k = 0; k < OPTIM_SLOTS; k++)
            path->slot[k][i] = fmax(path->slot[k][i], fabs((double)after->slots[k][i]));
    }
}

static void run_reference(const struct optim_ops *ops, const double *args,
                          const struct reference_case *inputs, struct state *state, struct path *path)
{
    const struct reference_array *params = reference_find(inputs, "params"),
                                 *grads = reference_find(inputs, "grads");
    int64_t count = params->count, cuts[] = {16, count};
    for (int64_t i = 0; i < count; i++) state->params[i] = (float)params->values[i];
    for (int64_t step = 0; step < grads->dims[0]; step++) {
        float g[MOST];
        struct state before = *state;
        /* gradients come as sums over 4 samples, which the scale undoes exactly */
        for (int64_t i = 0; i < count; i++) g[i] = 4 * (float)grads->values[step * count + i];
        struct optim_step s = optim_begin(kernels, ops, args, args[0], step, 4);
        take_step(ops, &s, state, g, cuts, 2);
        follow(path, &before, state, count);
    }
}

/* Bounds to first order. A step rounds the weight at most twice (decay and subtraction) and makes its change
 * in a chain of fewer than 32 roundings. A slot is a running sum of at most 4 roundings per step of what
 * never was larger than its greatest value; its error is at most that of all steps, as nothing makes it
 * grow. */
static void check_case(const struct reference_case *c, const struct reference_case *inputs)
{
    static struct state state;
    static struct path path;
    const struct optim_ops *ops = optim_find(c->name);
    const struct reference_array *result = reference_find(c, "result");
    double args[ARG_MAX], steps = (double)reference_find(inputs, "grads")->dims[0];
    memset(&state, 0, sizeof state);
    memset(&path, 0, sizeof path);
    CHECK(ops != NULL);
    if (!ops) return;
    arg_defaults(ops->args, args);
    for (int i = 0; i < c->array_count; i++) {
        int arg = arg_find(ops->args, c->arrays[i].name);
        if (arg >= 0) args[arg] = c->arrays[i].values[0];
        bool known = arg >= 0 || strcmp(c->arrays[i].name, "result") == 0;
        for (int k = 0; k < ops->slots; k++) known |= strcmp(c->arrays[i].name, ops->slot_names[k]) == 0;
        CHECK(known); /* nothing that PyTorch has goes unseen */
    }
    run_reference(ops, args, inputs, &state, &path);
    for (int64_t i = 0; i < result->count; i++)
        CHECK_NEAR(state.params[i], result->values[i], HALF_ULP * (2 * path.weight[i] + 32 * path.moved[i]));
    for (int k = 0; k < ops->slots; k++) {
        const struct reference_array *slot = reference_find(c, ops->slot_names[k]);
        for (int64_t i = 0; slot && i < slot->count; i++)
            CHECK_NEAR(state.slots[k][i], slot->values[i], HALF_ULP * 4 * steps * path.slot[k][i]);
    }
}

/* Every optimizer has cases, on each of the inputs. */
static void test_reference(void)
{
    struct reference_case c, inputs = {0};
    int cases[16] = {0}, input_count = 0;
    FILE *f = reference_open("optimizers.txt");
    CHECK(f != NULL);
    while (f && reference_next(f, &c)) {
        if (strcmp(c.name, "inputs") == 0) {
            reference_free(&inputs);
            inputs = c;
            input_count++;
            continue;
        }
        for (int i = 0; optim_registry()[i]; i++) cases[i] += optim_registry()[i] == optim_find(c.name);
        check_case(&c, &inputs);
        reference_free(&c);
    }
    reference_free(&inputs);
    if (f) fclose(f);
    CHECK(input_count == 3);
    for (int i = 0; optim_registry()[i]; i++) CHECK(cases[i] >= 3 * input_count);
}

static float draw(uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    return (float)(*random >> 8) / 8388608.0f - 1;
}

/* Arguments number `variant`: every real one away from its default, every truth both ways. */
static void vary_args(const struct optim_ops *ops, int variant, double args[ARG_MAX])
{
    arg_defaults(ops->args, args);
    for (int i = 1; ops->args[i].name; i++) {
        if (ops->args[i].kind == ARG_BOOL) args[i] = variant >> (i % 2) & 1;
        if (ops->args[i].kind == ARG_REAL && variant % 3) args[i] = args[i] * 0.75 + 0.01 * (variant % 3);
    }
}

/* Any cut of the vector gives the same bits, also of lengths that fill no vector register. Norms are given:
 * adding them up is the caller's. `result` receives them. */
static void check_cuts(const struct optim_ops *ops, int variant, struct state *result)
{
    static const int64_t cuts[][5] = {
        {211, 211, 211, 211, 211}, {1, 16, 17, 210, 211}, {15, 48, 111, 112, 211}, {0, 100, 103, 104, 211}};
    static struct state states[4];
    double args[ARG_MAX];
    vary_args(ops, variant, args);
    uint32_t random = 17 + (uint32_t)variant;
    memset(states, 0, sizeof states);
    for (int64_t i = 0; i < 211; i++) states[0].params[i] = draw(&random);
    for (int k = 1; k < 4; k++) states[k] = states[0];
    for (int64_t step = 0; step < 5; step++) {
        float g[MOST];
        for (int64_t i = 0; i < 211; i++) g[i] = draw(&random);
        for (int k = 0; k < 4; k++) {
            struct optim_step s = optim_begin(kernels, ops, args, 0.1, step, 3);
            double norms[OPTIM_NORMS] = {0};
            float *slots[OPTIM_SLOTS];
            for (int block = 0; block < 5; block++) {
                int64_t first = block ? cuts[k][block - 1] : 0, count = cuts[k][block] - first;
                for (int i = 0; i < OPTIM_SLOTS; i++) slots[i] = states[k].slots[i] + first;
                if (ops->measure) optim_measure(&s, count, states[k].params + first, g + first, slots, norms);
            }
            s.norms[0] = 1.7, s.norms[1] = 0.3;
            for (int block = 0; block < 5; block++) {
                int64_t first = block ? cuts[k][block - 1] : 0, count = cuts[k][block] - first;
                for (int i = 0; i < OPTIM_SLOTS; i++) slots[i] = states[k].slots[i] + first;
                optim_update(&s, count, states[k].params + first, g + first, slots);
            }
        }
    }
    for (int k = 1; k < 4; k++) CHECK(memcmp(&states[0], &states[k], sizeof states[0]) == 0);
    for (int64_t i = 0; i < 211; i++) CHECK(isfinite(states[0].params[i]));
    *result = states[0];
}

static const char *const levels[] = {"v4", "v3", "v2", "base"};

/* All levels give the same bits, those without fused multiply-add included. */
static void check_levels(const struct optim_ops *ops, int variant)
{
    static struct state first, other;
    bool is_first = true;
    for (int i = 0; i < 4; i++) {
        if (select_kernels(levels[i]) != STATUS_OK) continue;
        check_cuts(ops, variant, is_first ? &first : &other);
        if (!is_first) CHECK(memcmp(&first, &other, sizeof first) == 0);
        is_first = false;
    }
    CHECK(!is_first);
}

/* What measure adds: the squares' sums in double, whatever the alignment, to what is there already. */
static void check_measure(const struct optim_ops *ops)
{
    static const int64_t counts[] = {0, 1, 15, 16, 17, 255, 256, 257, 1000, 1024};
    static float w[1025], g[1025], slots[OPTIM_SLOTS][1025], shifted[2][1025];
    uint32_t random = 5;
    double args[ARG_MAX];
    arg_defaults(ops->args, args);
    for (int i = 0; i < 1025; i++) w[i] = draw(&random), g[i] = draw(&random);
    memcpy(shifted[0] + 1, w, 1024 * sizeof *w);
    memcpy(shifted[1] + 1, g, 1024 * sizeof *g);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        int64_t count = counts[c];
        double norms[2][OPTIM_NORMS] = {{3, 4}, {3, 4}}, weights = 3;
        struct optim_step s = optim_begin(kernels, ops, args, 0.1, 0, 2);
        for (int k = 0; k < 2; k++) {
            memset(slots, 0, sizeof slots);
            float *pointers[OPTIM_SLOTS] = {slots[0] + k, slots[1] + k, slots[2] + k};
            optim_measure(&s, count, k ? shifted[0] + 1 : w, k ? shifted[1] + 1 : g, pointers, norms[k]);
        }
        for (int64_t i = 0; i < count; i++) weights += (double)w[i] * (double)w[i];
        CHECK(memcmp(norms[0], norms[1], sizeof norms[0]) == 0);
        CHECK_NEAR(norms[0][0], weights, 1024 * 1.2e-16 * weights); /* one rounding per term */
        CHECK(norms[0][1] >= 4 && (norms[0][1] > 4) == (count > 0));
    }
}

/* The gaps between tensors, and weights that never had a gradient, stay where they are, however small eps
 * is. */
static void check_nothing_moves_zeros(const struct optim_ops *ops)
{
    static const float grads[16];
    static struct state state;
    const int64_t cuts[] = {16};
    double args[ARG_MAX];
    vary_args(ops, 2, args); /* with weight decay */
    int eps = arg_find(ops->args, "eps"), initial = arg_find(ops->args, "initial_accumulator_value");
    if (eps >= 0) args[eps] = ops->args[eps].min;
    if (initial >= 0) args[initial] = 0;
    memset(&state, 0, sizeof state);
    for (int64_t step = 0; step < 3; step++) {
        struct optim_step s = optim_begin(kernels, ops, args, 0.1, step, 1);
        take_step(ops, &s, &state, grads, cuts, 1);
        for (int n = 0; n < OPTIM_NORMS; n++) CHECK(s.norms[n] == 0);
    }
    for (int i = 0; i < 16; i++) CHECK(state.params[i] == 0);
}

static void check_table(const struct optim_ops *ops)
{
    CHECK(ops->slots <= OPTIM_SLOTS && strcmp(ops->args[0].name, "lr") == 0);
    CHECK(ops->decay_arg == arg_find(ops->args, "weight_decay") && ops->decay_arg > 0);
    for (int k = 0; k < ops->slots; k++) CHECK(ops->slot_names[k] != NULL);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    for (int i = 0; i < 4; i++)
        if (select_kernels(levels[i]) == STATUS_OK) CHECK_CASE_OF(levels[i], test_reference());
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    for (int i = 0; optim_registry()[i]; i++) {
        const struct optim_ops *ops = optim_registry()[i];
        CHECK_CASE_OF(ops->name, check_table(ops));
        for (int variant = 0; variant < 12; variant++) CHECK_CASE_OF(ops->name, check_levels(ops, variant));
        if (ops->measure) CHECK_CASE_OF(ops->name, check_measure(ops));
        CHECK_CASE_OF(ops->name, check_nothing_moves_zeros(ops));
    }
    return check_result();
}
