/* test_infer.c - a table of what is stored, what the loss takes, and the kind that is inferred. */
#include "check.h"

#include <stdbool.h>
#include <string.h>

#include "data/dataset/infer.h"

#define INDEX      TARGET_BIT(TARGET_INDEX)
#define ONEHOT     TARGET_BIT(TARGET_ONEHOT)
#define PROBS      TARGET_BIT(TARGET_PROBS)
#define MULTILABEL TARGET_BIT(TARGET_MULTILABEL)
#define VALUES     TARGET_BIT(TARGET_VALUES)
#define CLASSES    (INDEX | ONEHOT | PROBS) /* as cross_entropy */
#define BINARY     (MULTILABEL | VALUES)    /* as bce, from 0 to 1 */
#define ANYTHING   (CLASSES | BINARY)

enum { REFUSED = -1, ROWS = 3 };

struct row {
    bool integers;
    int64_t width; /* 0 = (N,) */
    float values[ROWS * 3];
    unsigned takes;
    double min, max;
    int fixed;           /* a kind, or -1 */
    int kind;            /* expected, or REFUSED */
    const char *says[3]; /* of a refusal */
};

static const struct row table[] = {
    /* class indices */
    {true, 0, {3, 0, 2}, CLASSES, 0, 0, -1, TARGET_INDEX, {0}},
    {true, 1, {3, 0, 2}, CLASSES, 0, 0, -1, TARGET_INDEX, {0}},
    {true, 0, {1, 0, 1}, ANYTHING, 0, 0, -1, TARGET_INDEX, {0}},
    {true, 0, {-1, 1, 1}, CLASSES, 0, 0, -1, TARGET_INDEX, {0}}, /* the values are checked later */
    {true, 0, {3, 0, 2}, INDEX, 0, 0, -1, TARGET_INDEX, {0}},
    /* whole-number floats, where nothing else is possible or it is said */
    {false, 0, {3, 0, 2}, CLASSES, 0, 0, -1, TARGET_INDEX, {0}},
    {false, 1, {1, 1, 1}, CLASSES, 0, 0, -1, TARGET_INDEX, {0}},
    {false, 0, {3, 0, 2}, ANYTHING, 0, 0, -1, TARGET_VALUES, {0}},
    {false,
     3,
     {1, 0, 0, 0, 1, 0, 0, 0, 1},
     INDEX,
     0,
     0,
     -1,
     REFUSED,
     {"float32 (N,3)", "takes class indices"}},
    {true, 3, {1, 0, 0, 0, 1, 0, 0, 0, 1}, INDEX, 0, 0, -1, REFUSED, {"int64 (N,3)"}},
    {false, 0, {1, 0, 1}, CLASSES, 0, 0, TARGET_INDEX, TARGET_INDEX, {0}},

    /* one-hot before probabilities */
    {false, 3, {1, 0, 0, 0, 0, 1, 0, 1, 0}, CLASSES, 0, 0, -1, TARGET_ONEHOT, {0}},
    {true, 3, {1, 0, 0, 0, 0, 1, 0, 1, 0}, CLASSES, 0, 0, -1, TARGET_ONEHOT, {0}},
    {false, 3, {1, 0, 0, 0, 0, 1, 0, 1, 0}, ANYTHING, 0, 0, -1, TARGET_ONEHOT, {0}},
    {false, 3, {1, 0, 0, 0, 0, 1, 0, 1, 0}, PROBS, 0, 0, -1, TARGET_PROBS, {0}},
    {false, 3, {1, 0, 0, 0, 0, 1, 0, 1, 0}, CLASSES, 0, 0, TARGET_PROBS, TARGET_PROBS, {0}},
    {false, 3, {1, 0, 0, 0, 0, 1, 0, 1, 0}, ANYTHING, 0, 0, TARGET_MULTILABEL, TARGET_MULTILABEL, {0}},
    {false, 3, {1, 0, 0, 0.5f, 0, 0.5f, 0, 1, 0}, CLASSES, 0, 0, -1, TARGET_PROBS, {0}},
    {false,
     3,
     {1, 0, 0, 0.5f, 0, 0.5f, 0, 1, 0},
     ANYTHING,
     0,
     0,
     TARGET_ONEHOT,
     REFUSED,
     {"sample 101 has [0.5, 0, 0.5]", "not one-hot", "and data.labels"}},
    {false, 3, {1, 0, 0, 0.3f, 0.3f, 0.4f, 0.1f, 0.2f, 0.70009f}, CLASSES, 0, 0, -1, TARGET_PROBS, {0}},
    {false,
     3,
     {1, 0, 0, 0.3f, 0.3f, 0.4f, 0.1f, 0.2f, 0.702f},
     CLASSES,
     0,
     0,
     -1,
     REFUSED,
     {"sample 102 has [0.1, 0.2, 0.702]", "their sum is 1.002"}},
    {false,
     3,
     {1, 0, 0, 0.8f, 0.4f, -0.2f, 0, 0, 1},
     CLASSES,
     0,
     0,
     -1,
     REFUSED,
     {"sample 101", "one is negative"}},
    {true,
     3,
     {1, 0, 0, 0, 1, 1, 0, 0, 0},
     CLASSES,
     0,
     0,
     -1,
     REFUSED,
     {"sample 101 has [0, 1, 1]", "their sum is 2"}},
    {false, 3, {0, 0, 0, 0, 1, 0, 0, 0, 1}, ONEHOT, 0, 0, -1, REFUSED, {"sample 100", "not one-hot"}},

    /* labels that are on or off, also as -1 and +1, before values */
    {true, 0, {1, 0, 1}, BINARY, 0, 1, -1, TARGET_MULTILABEL, {0}},
    {true, 1, {1, 0, 1}, BINARY, 0, 1, -1, TARGET_MULTILABEL, {0}},
    {false, 0, {1, 0, 1}, BINARY, 0, 1, -1, TARGET_MULTILABEL, {0}},
    {true, 3, {1, 0, 1, 0, 0, 0, 1, 1, 1}, BINARY, 0, 1, -1, TARGET_MULTILABEL, {0}},
    {false, 3, {1, -1, 1, -1, -1, -1, 1, 1, 1}, MULTILABEL, 0, 0, -1, TARGET_MULTILABEL, {0}},
    {false, 3, {1, -1, 1, -1, -1, -1, 1, 1, 1}, BINARY, 0, 1, -1, TARGET_MULTILABEL, {0}},
    {false,
     3,
     {1, -1, 1, 0, -1, -1, 1, 1, 1},
     MULTILABEL,
     0,
     0,
     -1,
     REFUSED,
     {"sample 101 has [0, -1, -1]", "not all 0 or 1"}},
    {false, 3, {1, 0, 1, 0, 0.5f, 0, 1, 1, 1}, MULTILABEL, 0, 0, -1, REFUSED, {"sample 101 has [0, 0.5, 0]"}},
    {true,
     0,
     {1, 2, 0},
     BINARY,
     0,
     1,
     -1,
     REFUSED,
     {"int64 (N,)", "sample 101 has 2: out of range", "values from 0 to 1"}},
    {true, 0, {1, 2, 0}, MULTILABEL, 0, 0, -1, REFUSED, {"sample 101 has 2", "labels of 0 and 1"}},
    {false, 0, {1, 0.25f, 0}, BINARY, 0, 1, -1, TARGET_VALUES, {0}},
    {false, 0, {1, 0.25f, 0}, BINARY, 0, 1, TARGET_MULTILABEL, REFUSED, {"sample 101 has 0.25"}},
    {false, 3, {0.5f, 0.5f, 0, 1, 0, 0, 0.2f, 0.8f, 0}, BINARY, 0, 1, -1, TARGET_VALUES, {0}},

    /* values */
    {true, 0, {1, 0, 1}, VALUES, 0, 0, -1, TARGET_VALUES, {0}},
    {true, 0, {-7, 100, 3}, VALUES, 0, 0, -1, TARGET_VALUES, {0}},
    {false, 3, {1, 0, 0, 0, 1, 0, 0, 0, 1}, VALUES, 0, 0, -1, TARGET_VALUES, {0}},
    {false, 2, {1.5f, -3, 2e9f, 0, 0, 0}, VALUES, 0, 0, -1, TARGET_VALUES, {0}},
    {false, 0, {1, 0, 2.5f}, VALUES, 0, INFINITY, -1, TARGET_VALUES, {0}},
    {false, 0, {1, 0, -2.5f}, VALUES, 0, INFINITY, -1, REFUSED, {"sample 102 has -2.5", "values from 0 on"}},
    {false, 3, {0.5f, 0.5f, 0, 1, 0, 0, 0.2f, 0.8f, 0}, ANYTHING, 0, 0, TARGET_VALUES, TARGET_VALUES, {0}},
};

static void check_row(const struct row *r)
{
    struct infer_options options = {.taker = "loss some",
                                    .takes = r->takes,
                                    .target_min = r->min,
                                    .target_max = r->max,
                                    .fixed = r->fixed >= 0,
                                    .kind = r->fixed >= 0 ? (enum target_kind)r->fixed : 0,
                                    .fixed_by = "data.labels is so"};
    struct source_info info = {.samples = ROWS,
                               .has_labels = true,
                               .label_width = r->width,
                               .label_rank = r->width > 0,
                               .label_dims = {r->width},
                               .label_integers = r->integers,
                               .label_where = "set.h5: labels"};
    strcpy(info.label_type, r->integers ? "int64" : "float32");
    CHECK_STATUS(infer_check_options(&options), STATUS_OK);
    if (infer_is_index(&options, &info)) {
        CHECK(r->kind == TARGET_INDEX);
        return;
    }
    int64_t width = r->width ? r->width : 1;
    struct infer_facts facts;
    infer_begin(&facts);
    for (int64_t i = 0; i < ROWS; i++) infer_scan(&facts, &options, i, 1, width, r->values + i * width);
    struct infer_facts at_once;
    infer_begin(&at_once);
    infer_scan(&at_once, &options, 0, ROWS, width, r->values);
    CHECK(memcmp(&facts, &at_once, sizeof facts) == 0);
    struct infer_found found = infer_kind(&facts, &options, &info);
    CHECK(found.fits == (r->kind != REFUSED));
    if (found.fits) {
        CHECK((int)found.kind == r->kind);
        bool has_minus = false;
        for (int64_t i = 0; i < ROWS * width; i++) has_minus = has_minus || r->values[i] == -1;
        CHECK(found.is_signed == (found.kind == TARGET_MULTILABEL && has_minus));
        return;
    }
    const float *row = r->values + (found.culprit < 0 ? 0 : found.culprit) * width;
    CHECK_STATUS(infer_refuse(&options, &info, &found, "set.h5: labels", 100 + found.culprit, row),
                 STATUS_DATA);
    CHECK(strncmp(status_text(), "set.h5: labels: ", 16) == 0 && strchr(status_text(), '\n') == NULL);
    for (int i = 0; i < 3 && r->says[i]; i++)
        if (!strstr(status_text(), r->says[i])) {
            fprintf(stderr, "expected '%s' in: %s\n", r->says[i], status_text());
            CHECK(0);
        }
}

/* A kind that the loss does not take is an error of the configuration. */
static void test_contradictions(void)
{
    for (int kind = 0; kind < TARGET_KINDS; kind++)
        for (unsigned takes = 1; takes <= ANYTHING; takes++) {
            struct infer_options options = {.taker = "loss some",
                                            .takes = takes,
                                            .fixed = true,
                                            .kind = (enum target_kind)kind,
                                            .fixed_by = "data.labels is so"};
            CHECK_STATUS(infer_check_options(&options), takes & TARGET_BIT(kind) ? STATUS_OK : STATUS_CONFIG);
            options.fixed = false;
            CHECK_STATUS(infer_check_options(&options), STATUS_OK);
        }
}

static void test_table(void)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        int before = check_failures;
        check_row(&table[i]);
        if (check_failures > before) fprintf(stderr, "in row %zu of the table\n", i);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_table());
    CHECK_CASE(test_contradictions());
    return check_result();
}
