/* Frozen parameters: the gradients of all others keep their bits, layers below which nothing trains have no
 * backward pass, and gradients are still reported without gaps. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "nn/layers/tensor.h"
#include "spec.h"

#define LANES  16
#define FLOATS 8192

/* conv2d "stem", relu, two branches of it that are added, linear: "stem" is layer 0, the branches 2 and 3. */
static void make_network(struct model_spec *spec, const char *freeze)
{
    memset(spec, 0, sizeof *spec);
    spec->input = shape_2d(2, 6, 6);
    spec_add(spec, "conv2d", 4, 3);
    strcpy(spec->layers[0].name, "stem.1");
    spec_add(spec, "relu", 0, 0);
    spec_add(spec, "conv2d", 3, 3);
    spec_add(spec, "conv2d", 3, 3);
    spec_from(spec, 1, (const int[]){2});
    spec_add(spec, "add", 0, 0);
    spec_from(spec, 2, (const int[]){3, 4});
    spec_add(spec, "linear", 5, 0);
    spec->freeze.count = *freeze ? 1 : 0;
    snprintf(spec->freeze.text[0], PATTERN_SIZE, "%s", freeze);
}

/* Ranges from the end of the vector to its start. */
struct ranges {
    int64_t from;
    bool good;
};

static void take_range(void *self, int64_t first, int64_t count)
{
    struct ranges *r = self;
    r->good = r->good && first + count == r->from;
    r->from = first;
}

static void run(struct model *m, float *grads)
{
    static float params[FLOATS];
    static const int64_t first[1], live[1] = {LANES};
    CHECK(model_param_floats(m) <= FLOATS);
    struct ranges r = {model_param_floats(m), true};
    struct pass_hooks hooks = {take_range, &r};
    model_init_params(m, 3, params);
    struct pass p = {.params = params,
                     .grads = grads,
                     .first_samples = first,
                     .live = live,
                     .lanes = LANES,
                     .leaves = 1,
                     .training = true,
                     .hooks = &hooks};
    memset(grads, 0, FLOATS * sizeof *grads);
    for (int64_t i = 0; i < 72 * LANES; i++) model_input(m)[i] = (float)(i % 13) / 7 - 1;
    model_forward(m, &p);
    for (int64_t i = 0; i < 5 * LANES; i++) model_output_grad(m)[i] = (float)(i % 7) - 3;
    model_backward(m, &p);
    CHECK(r.good && r.from == 0);
}

/* `needed`: one character for each layer, '1' if it has a backward pass. */
static void check_freeze(const char *pattern, const char *needed)
{
    static struct model_spec spec;
    static float all[FLOATS], some[FLOATS];
    struct model *m = NULL;
    make_network(&spec, "");
    CHECK_STATUS(spec_model(&m, &spec, LANES, 1), STATUS_OK);
    run(m, all);
    model_destroy(&m);
    make_network(&spec, pattern);
    CHECK_STATUS(spec_model(&m, &spec, LANES, 1), STATUS_OK);
    run(m, some);
    int frozen = 0, trained = 0;
    for (int i = 0; i < model_layer_count(m); i++) {
        const struct layer *l = model_layer(m, i);
        CHECK(l->has_backward == (needed[i] == '1'));
        for (int t = 0; t < l->tensor_count; t++) {
            const struct tensor *tensor = &l->tensors[t];
            size_t bytes = (size_t)tensor_count(tensor) * sizeof(float);
            CHECK(tensor->frozen == tensor_matches(l, tensor, pattern));
            frozen += tensor->frozen, trained += !tensor->frozen;
            if (!tensor->frozen) CHECK(memcmp(all + tensor->offset, some + tensor->offset, bytes) == 0);
        }
    }
    CHECK(frozen > 0 && trained > 0);
    model_destroy(&m);
}

static void check_refused(const char *pattern, const char *part)
{
    static struct model_spec spec;
    struct model *m = NULL;
    make_network(&spec, pattern);
    CHECK_STATUS(spec_model(&m, &spec, LANES, 1), STATUS_CONFIG);
    CHECK(strstr(status_text(), part) != NULL);
    CHECK(m == NULL);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(check_freeze("stem*", "001111"));
    CHECK_CASE(check_freeze("00.conv2d/*", "001111"));
    CHECK_CASE(check_freeze("00.stem.1/*", "001111"));
    CHECK_CASE(check_freeze("*/bias", "111111"));
    CHECK_CASE(check_freeze("0[0-2]*", "000111"));
    CHECK_CASE(check_freeze("0[03]*", "001011"));
    CHECK_CASE(check_freeze("0[0-3]*", "000001"));
    CHECK_CASE(check_freeze("05.linear/weight", "111111"));
    CHECK_CASE(check_refused("*", "every parameter"));
    CHECK_CASE(check_refused("stem/*", "matches no parameter of the model; the nearest names: stem.1/"));
    CHECK(mem_alive() == 0);
    return check_result();
}
