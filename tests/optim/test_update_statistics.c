/* Running statistics in the flat vector (UPDATE_STATISTIC). */
#include "check.h"
#include "kernels.h"
#include "vector.h"

#define HALF_ULP 5.9604644775390625e-8

/* A tensor of running means between weights: it follows the mean over samples, and its values, however large,
 * change neither the norm of the gradient nor any weight. */
static void check_statistics(const char *name)
{
    const struct optim_ops *optim = optim_find(name);
    struct arg_values args = {0};
    arg_values_defaults(optim->args, &args);
    args.of[optim->decay_arg] = 0.1;
    struct layout l = lay_out(small, sizeof small / sizeof *small);
    struct update_tensor *mean = &l.tensors[3];
    for (int64_t t = 0; t < l.tensor_count; t++) l.tensors[t].decayed = true;
    mean->role = UPDATE_STATISTIC;
    mean->momentum = 0.1;
    mean->decayed = false;
    struct vector v[2] = {{.cells = 3}, {.cells = 3}};
    double norms[2];
    for (int large_ones = 0; large_ones < 2; large_ones++) {
        struct vector *at = &v[large_ones];
        struct update u;
        create_vector(at, &l, optim->slots);
        struct update_spec spec = {.kernels = kernels,
                                   .optim = optim,
                                   .args = &args,
                                   .clip_norm = 1,
                                   .clip_value = 0.02,
                                   .tensors = l.tensors,
                                   .tensor_count = l.tensor_count,
                                   .vector = {at, visit_all, NULL, visit_all}};
        CHECK_STATUS(update_init(&u, &spec), STATUS_OK);
        fill(&l, 0, 1, at->gradient);
        for (int64_t i = 0; i < l.counts[3]; i++) at->gradient[mean->first + i] = large_ones ? 3e4f : -8;
        update_apply(&u, &(struct update_step){.lr = 0.1, .divisor = 7.5, .samples = 40});
        norms[large_ones] = u.gradient_norm;
        for (int64_t i = 0; i < l.counts[3]; i++) {
            double before = 0.2f * mix(FIRST_VALUES, mean->first + i), expected = large_ones ? 750 : -0.2;
            double after = 0.9 * before + 0.1 * expected;
            CHECK_NEAR(at->params[mean->first + i], after, 2 * HALF_ULP * (fabs(after) + 0.2));
            at->params[mean->first + i] = 0;
        }
        update_free(&u);
    }
    CHECK(norms[0] == norms[1] && norms[0] > 0);
    CHECK(memcmp(v[0].params, v[1].params, (size_t)l.floats * sizeof(float)) == 0);
    destroy_vector(&v[0]), destroy_vector(&v[1]);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(check_statistics("sgd"));
    CHECK_CASE(check_statistics("lamb"));
    CHECK(mem_alive() == 0);
    return check_result();
}
