/* test_aliases.c - names of torch.nn find the kinds of layers, and no name stands for two. */
#include <string.h>

#include "check.h"
#include "nn/layers/layer.h"

static void test_names(void)
{
    static const struct {
        const char *alias, *kind;
    } pairs[] = {{"Conv1d", "conv1d"},
                 {"Conv3d", "conv3d"},
                 {"ConvTranspose2d", "conv_transpose2d"},
                 {"Linear", "linear"},
                 {"LeakyReLU", "leaky_relu"},
                 {"ReLU6", "relu6"},
                 {"PReLU", "prelu"},
                 {"LogSoftmax", "log_softmax"},
                 {"Hardtanh", "hardtanh"},
                 {"MaxPool2d", "maxpool2d"},
                 {"AvgPool3d", "avgpool3d"},
                 {"AdaptiveAvgPool2d", "adaptive_avgpool2d"},
                 {"AdaptiveMaxPool1d", "adaptive_maxpool1d"},
                 {"BatchNorm1d", "batchnorm"},
                 {"BatchNorm3d", "batchnorm"},
                 {"InstanceNorm2d", "instancenorm"},
                 {"GroupNorm", "groupnorm"},
                 {"LayerNorm", "layernorm"},
                 {"RMSNorm", "rmsnorm"},
                 {"Upsample", "upsample"},
                 {"Dropout", "dropout"},
                 {"Flatten", "flatten"},
                 {"Identity", "identity"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct layer_ops *ops = layer_find(pairs[i].alias);
        CHECK(ops && strcmp(ops->name, pairs[i].kind) == 0);
        if (!ops) fprintf(stderr, "  %s\n", pairs[i].alias);
    }
    CHECK(!layer_find("conv2D") && !layer_find(""));
}

/* Arguments of torch.nn that have another name here. */
static void test_arguments(void)
{
    static const struct {
        const char *kind, *alias, *name;
    } cases[] = {{"conv2d", "kernel_size", "kernel"},          {"conv_transpose3d", "out_channels", "out"},
                 {"maxpool2d", "kernel_size", "kernel"},       {"linear", "out_features", "out"},
                 {"groupnorm", "num_groups", "groups"},        {"upsample", "scale_factor", "scale"},
                 {"adaptive_avgpool2d", "output_size", "size"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct arg *args = layer_find(cases[i].kind)->args;
        int index = arg_find(args, cases[i].alias);
        CHECK(index >= 0 && strcmp(args[index].name, cases[i].name) == 0);
        if (index < 0) fprintf(stderr, "  %s %s\n", cases[i].kind, cases[i].alias);
    }
}

/* Every name, alias and argument finds its own owner only. */
static void test_no_name_twice(void)
{
    for (const struct layer_ops *const *o = layer_registry(); *o; o++) {
        CHECK(layer_find((*o)->name) == *o);
        for (const char *const *alias = (*o)->aliases; alias && *alias; alias++)
            CHECK(layer_find(*alias) == *o);
        for (int i = 0; (*o)->args && (*o)->args[i].name; i++) {
            CHECK(arg_find((*o)->args, (*o)->args[i].name) == i);
            if ((*o)->args[i].alias) CHECK(arg_find((*o)->args, (*o)->args[i].alias) == i);
        }
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_names());
    CHECK_CASE(test_arguments());
    CHECK_CASE(test_no_name_twice());
    return check_result();
}
