/* test_share.c - share in the configuration, of layers and of blocks: edges, text that reads back, errors. */
#include "app/resolve.h"
#include "core/mem.h"

#define TOWER                                                                                                \
    "    tower: [{linear: {out: 4, name: fc}}, relu, {fold: {name: f}}]\n    fold: [{linear: {out: 4, name: fc}}]\n"

static void model_text(char text[2048], const char *blocks, const char *layers)
{
    snprintf(text, 2048, DATA "model:\n%s%s  layers:\n%s", *blocks ? "  blocks:\n" : "", blocks, layers);
}

static void refuse(const char *blocks, const char *layers, const char *message)
{
    char text[2048];
    struct config c;
    model_text(text, blocks, layers);
    CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_CONFIG);
    bool good = strncmp(status_text(), message, strlen(message)) == 0;
    CHECK(good);
    if (!good) fprintf(stderr, "  got: %s\n  not: %s\n", status_text(), message);
    options_free(&c);
}

/* The layers share as `want` says, ended by -1; the expanded text reads back to the same. */
static void shares(const char *blocks, const char *layers, const int *want)
{
    char text[2048], *expanded = NULL;
    struct config c, again;
    model_text(text, blocks, layers);
    CHECK_STATUS(resolve(text, NULL, NULL, &c), STATUS_OK);
    CHECK_STATUS(options_text(&c, true, &expanded), STATUS_OK);
    CHECK_STATUS(resolve(expanded, NULL, NULL, &again), STATUS_OK);
    int count = 0;
    for (; want[count] >= 0; count++)
        CHECK(c.model.layers[count].share == want[count] && again.model.layers[count].share == want[count]);
    CHECK(count == c.model.layer_count && count == again.model.layer_count);
    options_free(&c);
    options_free(&again);
    mem_free(&expanded);
}

static void test_layers(void)
{
    shares("",
           "  - linear: {out: 4, name: a}\n  - linear: {out: 4, name: b, share: a}\n"
           "  - linear: {out: 4, share: b}\n",
           (const int[]){0, 1, 2, -1});
    refuse("", "  - linear: {out: 4, name: tower}\n  - linear: {out: 4, share: towr}\n",
           "model.layers (f.yaml:5:29): share: 'towr' is not an earlier layer; did you mean 'tower'?");
    refuse("", "  - linear: {out: 4, name: a, share: a}\n",
           "model.layers (f.yaml:4:38): share: 'a' is not an earlier layer");
    refuse("", "  - relu: {name: a}\n  - linear: {out: 4, share: a}\n",
           "model.layers (f.yaml:5:29): share: 'a' is a relu, not a linear");
    refuse("", "  - relu: {name: a}\n  - relu: {share: [a]}\n",
           "model.layers (f.yaml:5:19): share: expects the name of an earlier layer");
    refuse("", "  - linear: {out: 4, shrae: a}\n",
           "model.layers (f.yaml:4:29): linear has no 'shrae'; did you mean 'share'?");
}

/* A block shares all its layers, those of blocks in it too. */
static void test_blocks(void)
{
    shares(TOWER, "  - tower: {name: a}\n  - tower: {name: b, share: a}\n",
           (const int[]){0, 0, 0, 1, 2, 3, -1});
    shares(TOWER, "  - tower: {name: a, repeat: 2}\n  - tower: {name: b, repeat: 2, share: a}\n",
           (const int[]){0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, -1});
    shares("    b: [{linear: {out: 4, name: x}}, {linear: {out: 4, share: x}}]\n",
           "  - b\n  - b: {share: b.0}\n", (const int[]){0, 1, 1, 3, -1});
    refuse(TOWER, "  - tower: {name: a}\n  - tower: {share: b}\n",
           "model.layers (f.yaml:8:20): share: 'b' is not an earlier use of block 'tower'");
    refuse(
        "    b: [{linear: {out: 4, when: $more}}, relu]\n",
        "  - b: {more: false, name: a}\n  - b: {more: true, share: a}\n",
        "model.layers (f.yaml:7:5): in b.0: model.blocks (f.yaml:4:9): share: there is no linear 'a.linear'");
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_layers());
    CHECK_CASE(test_blocks());
    return check_result();
}
