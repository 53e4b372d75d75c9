/* test_blocks.c - blocks of layers: what they expand to, errors with places, text that reads back. */
#include <stdlib.h>

#include "app/resolve.h"
#include "core/mem.h"

static void model_text(char text[4096], const char *blocks, const char *layers)
{
    snprintf(text, 4096, DATA "model:\n  blocks:\n%s  layers:\n%s", blocks, layers);
}

static void refuse(const char *blocks, const char *layers, const char *message)
{
    char text[4096];
    struct config config;
    model_text(text, blocks, layers);
    CHECK_STATUS(resolve(text, NULL, NULL, &config), STATUS_CONFIG);
    bool good = strncmp(status_text(), message, strlen(message)) == 0;
    CHECK(good);
    if (!good) fprintf(stderr, "  got: %s\n  not: %s\n", status_text(), message);
    options_free(&config);
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

static char *text_of(const struct config *config, bool expanded)
{
    char *text = NULL;
    CHECK_STATUS(options_text(config, expanded, &text), STATUS_OK);
    return text;
}

/* The model of a text is that of `config`. */
static void check_same(const char *text, const struct config *config)
{
    struct config other;
    CHECK_STATUS(resolve(text, NULL, NULL, &other), STATUS_OK);
    CHECK(is_same_model(&config->model, &other.model));
    options_free(&other);
}

/* The layers are those of `want`, a list without blocks. Both texts of the configuration read back to the same
 * model, and the one that is not expanded to itself. */
static void expands(const char *blocks, const char *layers, const char *want)
{
    char text[4096];
    struct config config, second;
    model_text(text, blocks, layers);
    CHECK_STATUS(resolve(text, NULL, NULL, &config), STATUS_OK);
    char *expanded = text_of(&config, true), *written = text_of(&config, false);
    snprintf(text, sizeof text, DATA "model:\n  layers:\n%s", want);
    int before = check_failures;
    check_same(text, &config);
    if (check_failures > before) fprintf(stderr, "got:\n%s\nnot:\n%s\n", expanded, want);
    CHECK(!strstr(expanded, "blocks:") && strstr(written, "  blocks:\n"));
    check_same(expanded, &config);
    check_same(written, &config);
    CHECK_STATUS(resolve(written, NULL, NULL, &second), STATUS_OK);
    char *again = text_of(&second, false);
    CHECK(strcmp(written, again) == 0);
    options_free(&second);
    options_free(&config);
    mem_free(&expanded);
    mem_free(&written);
    mem_free(&again);
}

static void test_repetitions(void)
{
    expands("    hidden: [{linear: $out}, tanh]\n",
            "  - hidden: {out: 3 + $i, repeat: 2}\n"
            "  - hidden: 7\n"
            "  - hidden: {out: 8, name: last}\n"
            "  - hidden: {out: 9, name: none, repeat: 0}\n"
            "  - relu: {from: none}\n"
            "  - concat: {from: [hidden.1, last.linear, last]}\n",
            "    - linear: {out: 3, name: hidden.0.linear}\n"
            "    - tanh: {name: hidden.0.tanh}\n"
            "    - linear: {out: 4, name: hidden.1.linear}\n"
            "    - tanh: {name: hidden.1.tanh}\n"
            "    - linear: {out: 7, name: hidden.2.linear}\n"
            "    - tanh: {name: hidden.2.tanh}\n"
            "    - linear: {out: 8, name: last.linear}\n"
            "    - tanh: {name: last.tanh}\n"
            "    - relu\n"
            "    - concat: {from: [hidden.1.tanh, last.linear, last.tanh]}\n");
}

/* A block reads what stands before it, which gets a name if it has none. */
static void test_inputs(void)
{
    expands("    residual:\n"
            "      args: {out: , project: false}\n"
            "      layers:\n"
            "      - linear: {out: $out, name: fc}\n"
            "      - linear: {out: $out, from: in, name: skip, when: $project}\n"
            "      - add: {from: [fc, skip]}\n",
            "  - relu\n"
            "  - residual: {out: 4, project: $i == 0, repeat: 2, name: r}\n",
            "    - relu: {name: relu_0}\n"
            "    - linear: {out: 4, name: r.0.fc}\n"
            "    - linear: {out: 4, name: r.0.skip, from: relu_0}\n"
            "    - add: {name: r.0.add, from: [r.0.fc, r.0.skip]}\n"
            "    - linear: {out: 4, name: r.1.fc}\n"
            "    - add: {name: r.1.add, from: [r.1.fc, r.0.add]}\n");
    expands("    join: [{concat: {from: in, name: c}}, {add: {from: [c, in.1, in.0]}}]\n",
            "  - relu: {name: a}\n"
            "  - tanh: {name: b, from: input}\n"
            "  - join: {from: [a, b], repeat: 2}\n",
            "    - relu: {name: a}\n"
            "    - tanh: {name: b, from: input}\n"
            "    - concat: {name: join.0.c, from: [a, b]}\n"
            "    - add: {name: join.0.add, from: [join.0.c, b, a]}\n"
            "    - concat: {name: join.1.c, from: [join.0.add, b]}\n"
            "    - add: {name: join.1.add, from: [join.1.c, b, join.0.add]}\n");
}

/* Blocks in blocks, parameters that are kinds, kinds with arguments, lists and words. */
static void test_parameters(void)
{
    expands(
        "    unit:\n"
        "      args: {out: 4, act: relu, kernel: 3, padding: $kernel // 2}\n"
        "      layers:\n"
        "        - conv2d: {out: $out, kernel: $kernel, padding: $padding, name: conv}\n"
        "        - $act\n"
        "    pair:\n"
        "      args: {wide: , last: true}\n"
        "      layers:\n"
        "        - unit: {out: $wide * 2, name: a}\n"
        "        - unit: {act: {leaky_relu: 0.5}, kernel: [3, 5], padding: [1, 2], when: $last, name: b}\n"
        "        - unit: {act: tanh}\n",
        "  - unit\n"
        "  - pair: {wide: 3, name: p}\n"
        "  - pair: {wide: 5, last: false}\n",
        "    - conv2d: {out: 4, kernel: 3, padding: 1, name: unit.0.conv}\n"
        "    - relu: {name: unit.0.relu}\n"
        "    - conv2d: {out: 6, kernel: 3, padding: 1, name: p.a.conv}\n"
        "    - relu: {name: p.a.relu}\n"
        "    - conv2d: {out: 4, kernel: [3, 5], padding: [1, 2], name: p.b.conv}\n"
        "    - leaky_relu: {negative_slope: 0.5, name: p.b.leaky_relu}\n"
        "    - conv2d: {out: 4, kernel: 3, padding: 1, name: p.unit.0.conv}\n"
        "    - tanh: {name: p.unit.0.tanh}\n"
        "    - conv2d: {out: 10, kernel: 3, padding: 1, name: pair.0.a.conv}\n"
        "    - relu: {name: pair.0.a.relu}\n"
        "    - conv2d: {out: 4, kernel: 3, padding: 1, name: pair.0.unit.0.conv}\n"
        "    - tanh: {name: pair.0.unit.0.tanh}\n");
}

/* Layers of a block without names are called by their kind; a name that is given keeps its place. */
static void test_names(void)
{
    expands("    b: [relu, tanh, relu, {tanh: {name: relu2}}, relu]\n", "  - b: {name: x}\n",
            "    - relu: {name: x.relu}\n"
            "    - tanh: {name: x.tanh}\n"
            "    - relu: {name: x.relu3}\n"
            "    - tanh: {name: x.relu2}\n"
            "    - relu: {name: x.relu4}\n");
}

#define B "    b: [{linear: $out}]\n"

static void test_definitions(void)
{
    refuse("    b: 3\n", "  - b\n", "model.blocks (f.yaml:4:8): block 'b' is a list of layers, or {args");
    refuse("    b: []\n", "  - b\n", "model.blocks (f.yaml:4:8): block 'b' is a list of layers, or {args");
    refuse("    b-c: [relu]\n", "  - b\n", "model.blocks (f.yaml:4:10): 'b-c' is not a name for a block");
    refuse("    b: {args: {a: 1}}\n", "  - b\n",
           "model.blocks (f.yaml:4:8): block 'b' needs 'layers', a list");
    refuse("    b: {args: {a: 1}, layers: [relu]}\n", "  - b\n",
           "model.blocks (f.yaml:4:19): block 'b' does not use its parameter 'a'; write $a in it");
    refuse("    b: {args: {size: 1}, layers: [{linear: $sise}]}\n", "  - b\n",
           "model.blocks (f.yaml:4:44): block 'b' has no parameter 'sise'; did you mean 'size'?");
    refuse("    b: {args: {x: $y, y: 1}, layers: [{linear: $x}]}\n", "  - b\n",
           "model.blocks (f.yaml:4:19): block 'b' has no parameter 'y'");
    refuse("    b: {args: {when: 1}, layers: [relu]}\n", "  - b\n",
           "model.blocks (f.yaml:4:22): 'when' has a meaning of its own; choose another name");
    refuse("    b: {argz: 1, layers: [relu]}\n", "  - b\n",
           "model.blocks (f.yaml:4:15): block 'b' has no 'argz'; it has args and layers");
    refuse("    b: [relu]\n    c: [tanh]\n", "  - b\n",
           "model.blocks (f.yaml:5:8): block 'c' is not used; remove it, or write '- c' in the layers");
    refuse("    b: [relu]\n    c: [d]\n    d: [relu]\n", "  - b\n",
           "model.blocks (f.yaml:5:8): block 'c' is not used");
    refuse("    b: [relu, c]\n    c: [d]\n    d: [b]\n", "  - b\n",
           "model.layers (f.yaml:8:5): in b.0: model.blocks (f.yaml:4:15): in b.0.c.0: "
           "model.blocks (f.yaml:5:9): in b.0.c.0.d.0: model.blocks (f.yaml:6:9): block 'b' contains itself");
}

static void test_uses(void)
{
    refuse(B, "  - b\n", "model.layers (f.yaml:6:5): block 'b' needs 'out'");
    refuse(B, "  - b: [3]\n", "model.layers (f.yaml:6:8): b: write the arguments as {name: value}");
    refuse("    b: [relu]\n", "  - b: 3\n", "model.layers (f.yaml:6:8): block 'b' has no parameters");
    refuse(B, "  - b: {out: 3, reapet: 2}\n",
           "model.layers (f.yaml:6:25): block 'b' has no parameter 'reapet'; did you mean 'repeat'?");
    refuse(B, "  - b: {out: 3, repeat: many}\n", "model.layers (f.yaml:6:25): repeat: 'many' is not");
    refuse(B, "  - b: {out: 3, repeat: 1025}\n",
           "model.layers (f.yaml:6:25): repeat: 1025 is outside 0..1024");
    refuse(B, "  - b: {out: 3, when: 7}\n", "model.layers (f.yaml:6:23): when: '7' is neither");
    refuse(B, "  - b: {out: 3 + $i}\n",
           "model.layers (f.yaml:6:14): $i is known in the arguments of an entry with 'repeat'");
    refuse(B, "  - b: {out: $width}\n", "model.layers (f.yaml:6:14): there is no parameter 'width' here");
    refuse(B, "  - b: {out: [3]}\n",
           "model.layers (f.yaml:6:5): in b.0: model.blocks (f.yaml:4:18): linear: write the arguments as");
    refuse(B, "  - bb: {out: 3}\n", "model.layers (f.yaml:6:5): unknown layer 'bb'; did you mean 'b'?");
    refuse("    b: [{linear: {outt: $x}}]\n", "  - relu\n  - b: {x: 3, name: stage}\n",
           "model.layers (f.yaml:7:5): in stage: model.blocks (f.yaml:4:25): linear has no 'outt'; did you "
           "mean 'out'?");
    refuse(B, "  - b: {out: 2000, repeat: 1000}\n  - b: {out: 1, repeat: 25}\n",
           "model.layers (f.yaml:7:5): in b.1024: model.blocks (f.yaml:4:9): more than 1024 layers");
    refuse("    a: [{relu: {when: false}}]\n    b: [{a: {repeat: 1000}}]\n", "  - b: {repeat: 1000}\n",
           "model.layers (f.yaml:7:5): in b.4: model.blocks (f.yaml:5:9): in b.4.a.90: model.blocks "
           "(f.yaml:4:9): blocks expand to more than 4096 entries");
    refuse("    a: [{relu: {when: $on}}]\n", "  - a: false\n", "model.layers (f.yaml:6:3): no layer is left");
}

static void test_references(void)
{
    refuse("    b: [{relu: {from: out}}]\n", "  - relu: {name: out}\n  - b\n",
           "model.layers (f.yaml:7:5): in b.0: model.blocks (f.yaml:4:23): from: 'out' is not an earlier "
           "entry of this block");
    refuse("    b: [{relu: {from: input}}]\n", "  - b\n",
           "model.layers (f.yaml:6:5): in b.0: model.blocks (f.yaml:4:23): from: 'input' is not an earlier "
           "entry of this block");
    refuse("    b: [{relu: {from: in.1}}]\n", "  - b\n",
           "model.layers (f.yaml:6:5): in b.0: model.blocks (f.yaml:4:23): from: 'in.1' is not an input of");
    refuse(
        "    b: [{relu: {name: in}}]\n", "  - b\n",
        "model.layers (f.yaml:6:5): in b.0: model.blocks (f.yaml:4:23): name: 'in' is an input of the block");
    refuse("    b: [{relu: {from: c}}, {tanh: {name: c}}]\n", "  - b\n",
           "model.layers (f.yaml:6:5): in b.0: model.blocks (f.yaml:4:23): from: 'c' is defined later, by "
           "layers[1]");
    refuse("    b: [relu]\n", "  - relu: {name: x.1}\n  - b: {name: x, repeat: 2}\n",
           "model.layers (f.yaml:7:5): name: 'x.1' is already a name");
    refuse(
        "    b: [relu]\n", "  - b: {name: a234567890b234567890c234567890d234567890e234567890f234567890}\n",
        "model.layers (f.yaml:6:5): in a234567890b234567890c234567890d234567890e234567890f234567890: model.blocks "
        "(f.yaml:4:9): name: 'a234567890b2345");
}

/* torch's names are written as the kinds and arguments they stand for; a block comes before a kind. */
static void test_aliases(void)
{
    struct config c;
    char text[4096], *written = NULL;
    model_text(
        text,
        "    b: [{Linear: {out_features: $n}}, ReLU, {mul: {from: [in, relu]}}]\n    mul: [LeakyReLU]\n",
        "  - b: {n: 4, name: ReLU}\n  - Linear: 3\n  - {Linear: {out_features: 3, bias: false}}\n");
    CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_OK);
    CHECK(c.model.layer_count == 5 && c.model.layers[4].args[0] == 3 && c.model.layers[4].args[1] == 0);
    CHECK(strcmp(c.model.layers[2].ops->name, "leaky_relu") == 0);
    CHECK_STATUS(options_text(&c, false, &written), STATUS_OK);
    CHECK(strstr(written,
                 "    b:\n      - linear: {out: $n}\n      - relu\n      - mul: {from: [in, relu]}\n"
                 "    mul:\n      - leaky_relu\n  layers:\n    - b: {n: 4, name: ReLU}\n    - linear: 3\n"
                 "    - linear: {out: 3, bias: false}\n"));
    options_free(&c);
    mem_free(&written);
    refuse(B, "  - b: 3\n  - linear: {out: 3, out_features: 4}\n",
           "model.layers (f.yaml:7:36): linear: 'out' and 'out_features' are the same argument");
    refuse(B, "  - b: 3\n  - linear: {out_featuers: 4}\n",
           "model.layers (f.yaml:7:28): linear has no 'out_featuers'; did you mean 'out_features'?");
}

/* A flag replaces the layers; blocks of the file that it does not use are no error then. */
static void test_levels(void)
{
    struct config c;
    char text[4096];
    model_text(text, B, "  - b: 3\n");
    CHECK_STATUS(resolve(text, NULL, "model.layers=[{b: 7}, {b: 8}]", &c), STATUS_OK);
    CHECK(c.model.layer_count == 2 && c.model.layers[1].args[0] == 8 && c.layers_text);
    options_free(&c);
    CHECK_STATUS(resolve(text, NULL, "model.layers=[{linear: 7}]", &c), STATUS_OK);
    CHECK(c.model.layer_count == 1 && !c.layers_text && !c.blocks_text);
    options_free(&c);
    model_text(text, B "    c: [{b: 2}]\n    d: [relu]\n", "  - b: 3\n  - c\n  - d\n");
    CHECK_STATUS(resolve(text, NULL, "model.layers=[{b: 7}, d]", &c), STATUS_OK);
    char *written = text_of(&c, false);
    CHECK(!strstr(written, " c:"));
    check_same(written, &c);
    options_free(&c);
    mem_free(&written);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_repetitions());
    CHECK_CASE(test_inputs());
    CHECK_CASE(test_parameters());
    CHECK_CASE(test_names());
    CHECK_CASE(test_definitions());
    CHECK_CASE(test_uses());
    CHECK_CASE(test_references());
    CHECK_CASE(test_aliases());
    CHECK_CASE(test_levels());
    return check_result();
}
