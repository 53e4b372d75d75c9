/* test_state_dict.c - the keys of every tensor of every kind: as PyTorch's; and that every kind is written for it. */
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "nn/export/state_dict.h"
#include "nn/export/torch.h"
#include "spec.h"

static struct model_spec spec;

static void check_names(const struct model *m, int layer, const char *const *names)
{
    const struct layer *l = model_layer(m, layer);
    char name[STATE_DICT_NAME];
    int k = 0;
    for (; k < l->tensor_count; k++) {
        state_dict_name(l, l->tensors[k].name, name);
        CHECK(names[k] && strcmp(name, names[k]) == 0);
    }
    if (state_dict_counts_batches(l)) {
        state_dict_name(l, STATE_DICT_BATCHES, name);
        CHECK(names[k] && strcmp(name, names[k++]) == 0);
    }
    CHECK(!names[k]);
}

static void test_names(void)
{
    struct model *m = NULL;
    spec = (struct model_spec){.input = shape_2d(3, 8, 8)};
    spec_add(&spec, "conv2d", 4, 3);
    spec_add(&spec, "batchnorm", 0, 0);
    strcpy(spec.layers[1].name, "stage2.0.norm");
    spec_add(&spec, "relu", 0, 0);
    spec_add(&spec, "linear", 2, 0);
    strcpy(spec.layers[3].name, "head");
    spec_set(&spec, "bias", 0);
    CHECK_STATUS(spec_model(&m, &spec, 4, 1), STATUS_OK);
    check_names(m, 0, (const char *[]){"00_conv2d.weight", "00_conv2d.bias", NULL});
    check_names(m, 1,
                (const char *[]){"stage2.0.norm.weight", "stage2.0.norm.bias", "stage2.0.norm.running_mean",
                                 "stage2.0.norm.running_var", "stage2.0.norm.num_batches_tracked", NULL});
    check_names(m, 2, (const char *[]){NULL});
    check_names(m, 3, (const char *[]){"head.weight", NULL});
    model_destroy(&m);
}

/* Names sort as layers do, also where there are many; the longest ones fit. */
static void test_extremes(void)
{
    char name[STATE_DICT_NAME], longest[LAYER_NAME];
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    struct layer l = {.ops = layer_find("linear"), .index = 7, .index_digits = 4};
    state_dict_name(&l, "weight", name);
    CHECK(strcmp(name, "0007_linear.weight") == 0);
    l.name = longest;
    state_dict_name(&l, STATE_DICT_BATCHES, name);
    CHECK(strlen(name) == strlen(longest) + 1 + strlen(STATE_DICT_BATCHES));
}

/* A layer that cannot be exported cannot be registered. */
static void test_every_kind_is_written(void)
{
    for (const struct layer_ops *const *kind = layer_registry(); *kind; kind++) {
        const struct layer_torch *torch = (*kind)->torch;
        CHECK(torch && (torch->kind || torch->module || torch->call));
        if (!torch) fprintf(stderr, "  %s: says not how it is written for PyTorch\n", (*kind)->name);
        CHECK((*kind)->onnx);
        if (!(*kind)->onnx) fprintf(stderr, "  %s: says not what it is in ONNX\n", (*kind)->name);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    CHECK_CASE(test_names());
    CHECK_CASE(test_extremes());
    CHECK_CASE(test_every_kind_is_written());
    CHECK(mem_alive() == 0);
    return check_result();
}
