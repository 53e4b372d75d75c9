#include <string.h>

#include "check.h"
#include "train/checkpoint/checkpoint.h"

static void round_trip(enum checkpoint_kind kind, int64_t step)
{
    char name[CHECKPOINT_NAME_SIZE];
    int64_t its = -2;
    checkpoint_name(name, kind, step);
    CHECK(checkpoint_kind(name, &its) == kind);
    CHECK(its == (kind == CHECKPOINT_STEP ? step : -1));
}

static void test_kinds_and_steps(void)
{
    static const int64_t steps[] = {0, 1, 120, 999999999, 1000000000, 999999999999999999};
    for (int kind = 0; kind < CHECKPOINT_OTHER; kind++)
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) round_trip(kind, steps[i]);
}

static void test_other_names(void)
{
    static const char *const names[] = {"",
                                        ".",
                                        "step-.h5",
                                        "step-120.h5",
                                        "step--00000120.h5",
                                        "final.h5.old",
                                        "last.h5.tmp.7",
                                        "step-000000120.h5x",
                                        "step-000000120",
                                        "best",
                                        "Final.h5",
                                        " last.h5",
                                        "step-0000000120.h5",
                                        "step- 00000120.h5",
                                        "step-9999999999999999999.h5"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int64_t step = -2;
        CHECK(checkpoint_kind(names[i], &step) == CHECKPOINT_OTHER);
        CHECK(step == -1);
    }
}

static void check_suffix(const char *name, enum checkpoint_kind kind, const char *suffix)
{
    const char *its;
    CHECK(checkpoint_kind_before(name, &its) == kind);
    CHECK(strcmp(its, suffix) == 0);
}

static void test_suffixes(void)
{
    check_suffix("last.h5", CHECKPOINT_LAST, "");
    check_suffix("best.h5.old", CHECKPOINT_BEST, ".old");
    check_suffix("step-000000120.h5.tmp.77", CHECKPOINT_STEP, ".tmp.77");
    check_suffix("mine.h5.tmp.77", CHECKPOINT_OTHER, ".tmp.77");
    check_suffix("a-name-of-more-than-thirty-one-characters.h5.old", CHECKPOINT_OTHER, ".old");
    check_suffix("last", CHECKPOINT_OTHER, "");
    check_suffix("", CHECKPOINT_OTHER, "");
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_kinds_and_steps());
    CHECK_CASE(test_other_names());
    CHECK_CASE(test_suffixes());
    return check_result();
}
