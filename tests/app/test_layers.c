/* test_layers.c - names of layers and where their inputs come from: errors with places, and text that reads
 * back. */
#include <stdlib.h>

#include "app/resolve.h"
#include "core/mem.h"

#define LAYERS DATA "model:\n  layers:\n"

static void refuse(const char *layers, const char *message)
{
    char text[2048];
    struct config config;
    snprintf(text, sizeof text, LAYERS "%s", layers);
    CHECK_STATUS(resolve(text, NULL, NULL, &config), STATUS_CONFIG);
    bool good = strncmp(status_text(), message, strlen(message)) == 0;
    CHECK(good);
    if (!good) fprintf(stderr, "  got: %s\n  not: %s\n", status_text(), message);
    options_free(&config);
}

static void test_edges(void)
{
    int inputs[LAYER_MAX_INPUTS];
    struct config c;
    CHECK_STATUS(resolve(LAYERS "  - conv2d: {out: 16, kernel: 3, name: stem, from: input}\n"
                                "  - relu: {name: a}\n"
                                "  - linear: {out: 4, from: stem, name: b-1.x_}\n"
                                "  - add: {from: [a, stem, a, input]}\n"
                                "  - relu: {from: b-1.x_}\n",
                         NULL, NULL, &c),
                 STATUS_OK);
    CHECK(c.model.layer_count == 5);
    CHECK(strcmp(c.model.layers[0].name, "stem") == 0 && strcmp(c.model.layers[2].name, "b-1.x_") == 0);
    CHECK(c.model.layers[3].name[0] == '\0' && c.model.layers[0].args[AXIS_W + 1] == 3);
    CHECK(layer_spec_inputs(&c.model, 0, inputs) == 1 && inputs[0] == 0);
    CHECK(layer_spec_inputs(&c.model, 1, inputs) == 1 && inputs[0] == 1);
    CHECK(layer_spec_inputs(&c.model, 2, inputs) == 1 && inputs[0] == 1);
    CHECK(layer_spec_inputs(&c.model, 3, inputs) == 4);
    CHECK(inputs[0] == 2 && inputs[1] == 1 && inputs[2] == 2 && inputs[3] == 0);
    CHECK(layer_spec_inputs(&c.model, 4, inputs) == 1 && inputs[0] == 3);
    options_free(&c);
}

static void test_names(void)
{
    refuse(
        "  - relu: {name: a}\n  - tanh: {name: a}\n",
        "model.layers (f.yaml:5:18): name: 'a' is already the name of model.layers[0] (relu); names are unique");
    refuse("  - relu: {name: input}\n",
           "model.layers (f.yaml:4:18): name: 'input' is the input of the model");
    refuse("  - relu: {name: a b}\n",
           "model.layers (f.yaml:4:18): name: 'a b' may only have letters, digits");
    refuse("  - relu: {name: a/b}\n",
           "model.layers (f.yaml:4:18): name: 'a/b' may only have letters, digits");
    refuse("  - relu: {name: \xc3\xa9}\n", "model.layers (f.yaml:4:18): name: '\xc3\xa9' may only have");
    refuse("  - relu: {name: ''}\n", "model.layers (f.yaml:4:18): name: is empty");
    refuse("  - relu: {name: ~}\n", "model.layers (f.yaml:4:18): name: is empty");
    refuse("  - relu: {name: [a]}\n", "model.layers (f.yaml:4:18): name: expects a single word");
    refuse(
        "  - relu: {name: a234567890b234567890c234567890d234567890e234567890f234567890g2345}\n",
        "model.layers (f.yaml:4:18): name: 'a234567890b234567890c234567890d234567890e234567890f234567890g2345' is longer");
    refuse("  - relu: {nmae: a}\n", "model.layers (f.yaml:4:18): relu has no 'nmae'; did you mean 'name'?");
}

static void test_sources(void)
{
    refuse("  - relu: {name: stem}\n  - tanh: {from: stem1}\n",
           "model.layers (f.yaml:5:18): from: 'stem1' is not an earlier entry; did you mean 'stem'?");
    refuse("  - relu\n  - tanh: {from: inptu}\n",
           "model.layers (f.yaml:5:18): from: 'inptu' is not an earlier entry; did you mean 'input'?");
    refuse("  - relu: {name: a}\n  - add:\n      from:\n        - a\n        - zebra\n",
           "model.layers (f.yaml:8:11): from: 'zebra' is not an earlier entry");
    refuse(
        "  - relu: {from: head}\n  - linear: {out: 3, name: head}\n",
        "model.layers (f.yaml:4:18): from: 'head' is defined later, by model.layers[1]; an entry reads earlier");
    refuse("  - relu: {name: a, from: a}\n", "model.layers (f.yaml:4:27): from: 'a' is this entry itself");
    refuse("  - relu: {from: []}\n", "model.layers (f.yaml:4:18): from: the list is empty");
    refuse("  - relu: {from: }\n", "model.layers (f.yaml:4:18): from: expects a name or a list of names");
    refuse("  - relu: {from: {a: b}}\n",
           "model.layers (f.yaml:4:18): from: expects a name or a list of names");
    refuse("  - relu: {from: [[input]]}\n",
           "model.layers (f.yaml:4:19): from: expects a name or a list of names");
}

static void test_counts(void)
{
    refuse("  - relu: {name: a}\n  - tanh: {from: [a, input]}\n",
           "model.layers (f.yaml:5:5): tanh takes one input, but 'from' names 2; combine them first");
    refuse("  - add\n",
           "model.layers (f.yaml:4:5): add takes at least 2 inputs, but has 1; list them: from: [");
    refuse("  - concat: {from: input}\n",
           "model.layers (f.yaml:4:5): concat takes at least 2 inputs, but has 1");
    char many[1024] = "  - add: {from: [input";
    for (int i = 0; i < LAYER_MAX_INPUTS; i++) strcat(many, ", input");
    strcat(many, "]}\n");
    refuse(many, "model.layers (f.yaml:4:");
    CHECK(says("from: has more than 64 names"));
}

/* Kinds must not have arguments that would hide `name` and `from`. */
static void test_words_are_free(void)
{
    for (const struct layer_ops *const *o = layer_registry(); *o; o++)
        CHECK(arg_find((*o)->args, "name") < 0 && arg_find((*o)->args, "from") < 0);
}

static void test_inputs_of_the_model(void)
{
    static const struct {
        const char *text, *resolved;
        struct shape shape;
    } good[] = {{"auto", "  input: auto\n", {.c = 0}},
                {"[7]", "  input: [7]\n", {7, 0, {1, 1, 1}}},
                {"[8, 4]", "  input: [8, 4]\n", {8, 1, {1, 1, 4}}},
                {"[3, 8, 4]", "  input: [3, 8, 4]\n", {3, 2, {1, 8, 4}}},
                {"[3, 9, 8, 4]", "  input: [3, 9, 8, 4]\n", {3, 3, {9, 8, 4}}}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[256], *resolved = NULL;
        struct config c;
        snprintf(text, sizeof text, DATA "model: {layers: [relu], input: %s}\n", good[i].text);
        CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_OK);
        CHECK(c.model.input.c == good[i].shape.c);
        if (c.model.input.c) CHECK(shape_equal(c.model.input, good[i].shape));
        CHECK_STATUS(options_text(&c, false, &resolved), STATUS_OK);
        CHECK(strstr(resolved, good[i].resolved) != NULL);
        options_free(&c);
        CHECK_STATUS(resolve(resolved, NULL, NULL, &c), STATUS_OK);
        if (c.model.input.c) CHECK(shape_equal(c.model.input, good[i].shape));
        options_free(&c);
        mem_free(&resolved);
    }
    static const char *const bad[] = {"[1, 2, 3, 4, 5]", "[]", "[0]", "{channels: 2}",
                                      "{channel: 2, length: 3}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        struct config c;
        snprintf(text, sizeof text, DATA "model: {layers: [relu], input: %s}\n", bad[i]);
        CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_CONFIG);
        CHECK(says("model.input (f.yaml:2:"));
        options_free(&c);
    }
}

static int below(int count)
{
    return (int)(random() % count);
}

/* Appends a random entry that reads earlier ones, of which those with names are listed; returns whether it
 * has a name. */
static bool write_entry(FILE *out, int index, const int *named, int named_count)
{
    static const char *const kinds[] = {"relu", "tanh",   "linear", "conv2d",
                                        "add",  "concat", "mul",    "identity"};
    const char *kind = kinds[below(8)];
    bool joins = strcmp(kind, "add") == 0 || strcmp(kind, "mul") == 0 || strcmp(kind, "concat") == 0;
    bool has_name = below(3) > 0;
    int count = joins ? 2 + below(4) : below(2);
    fprintf(out, "  - %s: {", kind);
    const char *comma = "";
    if (strcmp(kind, "linear") == 0) comma = fprintf(out, "out: %d", 1 + below(9)) ? ", " : "";
    if (strcmp(kind, "conv2d") == 0) comma = fprintf(out, "kernel: 3, out: %d", 1 + below(9)) ? ", " : "";
    if (has_name) {
        fprintf(out, "%sname: n%d", comma, index);
        comma = ", ";
    }
    if (count) {
        fprintf(out, "%sfrom: [", comma);
        for (int i = 0; i < count; i++) {
            int pick = below(named_count + 1);
            fprintf(out, i ? ", " : "");
            pick ? fprintf(out, "n%d", named[pick - 1]) : fprintf(out, "input");
        }
        fputc(']', out);
    }
    fputs("}\n", out);
    return has_name;
}

static bool is_same_model(const struct model_spec *a, const struct model_spec *b)
{
    bool same = a->layer_count == b->layer_count;
    for (int i = 0; same && i < a->layer_count; i++) {
        int x[LAYER_MAX_INPUTS], y[LAYER_MAX_INPUTS], count = layer_spec_inputs(a, i, x);
        same = count == layer_spec_inputs(b, i, y) && memcmp(x, y, (size_t)count * sizeof *x) == 0 &&
               a->layers[i].ops == b->layers[i].ops && strcmp(a->layers[i].name, b->layers[i].name) == 0 &&
               memcmp(a->layers[i].args, b->layers[i].args, sizeof a->layers[i].args) == 0;
    }
    return same;
}

static void take_difference(void *self, const char *key, const char *was, const char *is, bool may_change)
{
    (void)key, (void)was, (void)is, (void)may_change;
    ++*(int *)self;
}

/* The resolved text of a random graph reads back to the same model, and the two do not differ. */
static void test_random_graphs(void)
{
    for (int trial = 0; trial < 300; trial++) {
        char *text = NULL, *resolved = NULL;
        size_t bytes;
        int named[64], named_count = 0, layers = 1 + below(60), differences = 0;
        FILE *out = open_memstream(&text, &bytes);
        fputs(LAYERS, out);
        for (int i = 0; i < layers; i++)
            if (write_entry(out, i, named, named_count)) named[named_count++] = i;
        fclose(out);
        struct config first, second;
        CHECK_STATUS(resolve(text, NULL, NULL, &first), STATUS_OK);
        CHECK(first.model.layer_count == layers);
        CHECK_STATUS(options_text(&first, false, &resolved), STATUS_OK);
        CHECK_STATUS(resolve(resolved, NULL, NULL, &second), STATUS_OK);
        CHECK(is_same_model(&first.model, &second.model));
        CHECK_STATUS(options_compare(&first, &second, take_difference, &differences), STATUS_OK);
        CHECK(differences == 0);
        options_free(&first);
        options_free(&second);
        mem_free(&resolved);
        free(text);
    }
}

static char told[512];

static void tell_difference(void *self, const char *key, const char *was, const char *is, bool may_change)
{
    (void)self;
    size_t used = strlen(told);
    snprintf(told + used, sizeof told - used, "%s: %s, %s%s\n", key, was, is, may_change ? " (may)" : "");
}

static void differ(const char *one, const char *two, const char *want)
{
    struct config first, second;
    CHECK_STATUS(resolve(one, NULL, NULL, &first), STATUS_OK);
    CHECK_STATUS(resolve(two, NULL, NULL, &second), STATUS_OK);
    told[0] = '\0';
    CHECK_STATUS(options_compare(&first, &second, tell_difference, NULL), STATUS_OK);
    CHECK(strcmp(told, want) == 0);
    if (strcmp(told, want) != 0) fprintf(stderr, "got:\n%swant:\n%s", told, want);
    options_free(&first);
    options_free(&second);
}

/* A name changes nothing that is computed, an edge does. */
static void test_differences(void)
{
    const char *a = LAYERS "  - relu: {name: a}\n  - tanh: {name: b}\n  - add: {from: [a, b]}\n";
    differ(a, LAYERS "  - relu: {name: x}\n  - tanh: {name: b}\n  - add: {from: [x, b]}\n",
           "model.layers[0].name: a, x (may)\n");
    differ(a, LAYERS "  - relu: {name: a}\n  - tanh: {name: b}\n  - add: {from: [b, a]}\n",
           "model.layers[2].from: [a, b], [b, a]\n");
    differ(a, LAYERS "  - relu: {name: a}\n  - tanh: {name: b, from: input}\n  - add: {from: [a, b]}\n",
           "model.layers[1].from: the entry before, input\n");
    differ(a, LAYERS "  - relu: {name: a}\n  - tanh: {name: b, from: a}\n  - add: {from: [a, b]}\n", "");
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    srandom(11);
    CHECK_CASE(test_edges());
    CHECK_CASE(test_names());
    CHECK_CASE(test_sources());
    CHECK_CASE(test_counts());
    CHECK_CASE(test_words_are_free());
    CHECK_CASE(test_inputs_of_the_model());
    CHECK_CASE(test_random_graphs());
    CHECK_CASE(test_differences());
    CHECK(mem_alive() == 0);
    return check_result();
}
