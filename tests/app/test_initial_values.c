/* test_initial_values.c - init and bias_init in the configuration: forms, text that reads back, errors. */
#include "app/resolve.h"
#include "core/mem.h"

static void model_text(char text[1024], const char *keys, const char *layers)
{
    snprintf(text, 1024, DATA "model:\n%s  layers: [%s]\n", keys, layers);
}

static void refuse(const char *keys, const char *layers, const char *message)
{
    char text[1024];
    struct config c;
    model_text(text, keys, layers);
    CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_CONFIG);
    bool good = strncmp(status_text(), message, strlen(message)) == 0;
    CHECK(good);
    if (!good) fprintf(stderr, "  got: %s\n  not: %s\n", status_text(), message);
    options_free(&c);
}

/* The resolved text has `want`, and reads back to the same text. */
static void resolves(const char *keys, const char *layers, const char *want)
{
    char text[1024], *first = NULL, *second = NULL;
    struct config c;
    model_text(text, keys, layers);
    CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_OK);
    CHECK_STATUS(options_text(&c, false, &first), STATUS_OK);
    options_free(&c);
    bool good = strstr(first, want) != NULL;
    CHECK(good);
    if (!good) fprintf(stderr, "  got: %s\n  not: %s\n", first, want);
    CHECK_STATUS(resolve(first, NULL, NULL, &c), STATUS_OK);
    CHECK_STATUS(options_text(&c, false, &second), STATUS_OK);
    CHECK(strcmp(first, second) == 0);
    options_free(&c);
    mem_free(&first);
    mem_free(&second);
}

static void test_forms(void)
{
    resolves("", "relu", "  input: auto\n  init: default\n  bias_init: default\n");
    resolves(
        "  init: kaiming_normal\n  bias_init: zeros\n", "relu",
        "  init: {kaiming_normal: {mode: fan_in, nonlinearity: leaky_relu, a: 0}}\n  bias_init: zeros\n");
    resolves("  init: {kaiming_uniform: {slope: 0.2, mode: fan_out}}\n", "relu",
             "  init: {kaiming_uniform: {mode: fan_out, nonlinearity: leaky_relu, a: 0.2}}\n");
    resolves("", "{linear: {out: 3, init: {normal: 0.02}, bias_init: {constant: -1}, name: a}}",
             ", init: {normal: {std: 0.02, mean: 0}}, bias_init: {constant: {value: -1}}, name: a}\n");
    resolves("", "{affine: {init: ones}}, {relu: {bias_init: default}}", "init: ones");
    resolves("", "{linear: {out: 3, init: default}}", ", init: default}\n");
    resolves("", "{prelu: {init: 0.5}}", "    - prelu: {num_parameters: 1, init: 0.5}\n");
}

static void test_errors(void)
{
    refuse("  init: kaming_normal\n", "relu",
           "model.init (f.yaml:3:9): unknown kind of initial values 'kaming_normal'; did you mean "
           "'kaiming_normal'?");
    refuse("  init: uniform\n", "relu", "model.init (f.yaml:3:9): uniform needs 'low'");
    refuse("  init: {normal: [1, 2]}\n", "relu", "model.init (f.yaml:3:18): normal: write the arguments as");
    refuse("  init: {normal: {std: -1}}\n", "relu", "model.init (f.yaml:3:24): normal: std: -1 is outside");
    refuse("  init: {normal: {sdt: 1}}\n", "relu",
           "model.init (f.yaml:3:24): normal has no 'sdt'; did you mean 'std'?");
    refuse("  init: {normal: 1, ones: }\n", "relu", "model.init (f.yaml:3:9): initial values are 'kind',");
    refuse("  init: [ones]\n", "relu", "model.init (f.yaml:3:9): initial values are 'kind',");
    refuse("  init: {ones: 3}\n", "relu", "model.init (f.yaml:3:16): ones takes no arguments");
    refuse("  init: {uniform: {low: 1, a: 2}}\n", "relu",
           "model.init (f.yaml:3:31): uniform: 'low' and 'a' are the same argument");
    refuse("  bias_init: xavier_normal\n", "relu",
           "model.bias_init (f.yaml:3:14): xavier_normal is for weights; biases take");
    refuse("", "{linear: {out: 3, init: one}}",
           "model.layers (f.yaml:3:36): unknown kind of initial values 'one'; did you mean 'ones'?");
}

/* Initial values may differ when a run is resumed: it does not use them. */
static void count_changes(void *self, const char *key, const char *was, const char *is, bool may_change)
{
    (void)was, (void)is;
    CHECK(may_change && strcmp(key, "model.init") == 0);
    ++*(int *)self;
}

static void test_comparison(void)
{
    struct config a, b;
    int changes = 0;
    CHECK_STATUS(
        resolve(DATA "model: {layers: [{linear: {out: 3, init: ones}}], init: ones}\n", NULL, NULL, &a),
        STATUS_OK);
    CHECK_STATUS(resolve(DATA "model: {layers: [{linear: 3}]}\n", NULL, NULL, &b), STATUS_OK);
    CHECK_STATUS(options_compare(&a, &b, count_changes, &changes), STATUS_OK);
    CHECK(changes == 1);
    options_free(&a);
    options_free(&b);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_forms());
    CHECK_CASE(test_errors());
    CHECK_CASE(test_comparison());
    return check_result();
}
