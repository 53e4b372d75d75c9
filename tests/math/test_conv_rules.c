/* test_conv_rules.c - every rule by which convolutions find their way is reached, at every level alike, and does not
 * look at how many samples a pass has. */
#include "check.h"
#include "core/mem.h"
#include "kernels.h"

/* A window of `axes` axes of 16 positions. */
static struct window window_of(int axes, int64_t in, int64_t out, int64_t kernel, int64_t groups)
{
    struct shape shape = {.c = in, .rank = SHAPE_AXES, .d = {1, 1, 1}};
    for (int i = SHAPE_AXES - axes; i < SHAPE_AXES; i++) shape.d[i] = 16;
    struct window w = window_even(shape, axes, kernel, 1, kernel / 2);
    w.groups = groups;
    window_place(&w, out, shape.rank);
    return w;
}

static void check_rule(struct window w, enum conv_rule rule)
{
    CHECK(kernels->conv_find_rule(&w) == rule);
}

static void check_every_rule(void)
{
    struct window examples[CONV_RULES] = {
        [CONV_RULE_BLAS] = window_of(2, 64, 64, 3, 1),
        [CONV_RULE_DEPTHWISE] = window_of(2, 32, 32, 3, 32),
        [CONV_RULE_WINOGRAD] = window_of(2, 12, 12, 3, 1),
        [CONV_RULE_CHANNELS] = window_of(1, 16, 16, 5, 1),
        [CONV_RULE_OUTER] = window_of(2, 11, 8, 3, 1),
        [CONV_RULE_REST] = window_of(3, 2, 8, 3, 1),
    };
    examples[CONV_RULE_BLAS].products = PRODUCTS_BLAS;
    for (int rule = 0; rule < CONV_RULES; rule++) check_rule(examples[rule], (enum conv_rule)rule);
}

/* The limits of each rule, from both sides. */
static void check_limits(void)
{
    struct window w = window_of(2, 12, 12, 3, 1);
    w.stride[AXIS_W] = 2;
    check_rule(w, CONV_RULE_OUTER);
    w = window_of(2, 12, 12, 3, 1);
    w.dilation[AXIS_H] = 2;
    check_rule(w, CONV_RULE_OUTER);
    check_rule(window_of(2, 11, 12, 3, 1), CONV_RULE_OUTER);
    check_rule(window_of(2, 24, 24, 3, 2), CONV_RULE_WINOGRAD); /* 12 channels a group */
    check_rule(window_of(2, 24, 24, 3, 4), CONV_RULE_OUTER);
    check_rule(window_of(3, 12, 12, 3, 1), CONV_RULE_WINOGRAD);
    check_rule(window_of(1, 64, 16, 1, 1), CONV_RULE_CHANNELS);
    check_rule(window_of(1, 63, 16, 1, 1), CONV_RULE_OUTER);
    check_rule(window_of(1, 64, 15, 1, 1), CONV_RULE_OUTER);
    check_rule(window_of(2, 16, 32, 3, 16), CONV_RULE_OUTER); /* two outputs a channel are not depthwise */
}

/* Output and data gradient of a sample take the same way in every pass of a run. */
static void check_lanes(void)
{
    for (int64_t lanes = 1; lanes <= 33; lanes++) {
        struct window w = window_of(2, 12, 12, 3, 1);
        w.lanes = lanes, w.any_lanes = true;
        check_rule(w, CONV_RULE_WINOGRAD);
        for (int i = SHAPE_AXES - 2; i < SHAPE_AXES; i++) w.in.d[i] = 7;
        window_place(&w, 12, SHAPE_AXES);
        check_rule(w, CONV_RULE_OUTER); /* 49 positions have too few tiles where lanes may be one */
        w = window_of(3, 2, 8, 3, 1);
        w.lanes = lanes;
        check_rule(w, lanes % 16 ? CONV_RULE_OUTER : CONV_RULE_REST); /* apart only in the weight gradient */
    }
    struct window w = window_of(2, 12, 12, 3, 1);
    for (int i = SHAPE_AXES - 2; i < SHAPE_AXES; i++) w.in.d[i] = 7;
    window_place(&w, 12, SHAPE_AXES);
    check_rule(w, CONV_RULE_WINOGRAD);
}

int main(int argc, char **argv)
{
    static const char *const levels[] = {"v2", "v3", "v4", "base"};
    check_begin(argc, argv);
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (select_kernels(levels[i]) != STATUS_OK) continue;
        CHECK_CASE(check_every_rule());
        CHECK_CASE(check_limits());
        CHECK_CASE(check_lanes());
    }
    CHECK(mem_alive() == 0);
    return check_result();
}
