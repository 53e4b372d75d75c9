/* When the slowest rank stands out. */
#include <string.h>

#include "check.h"
#include "train/trainer/stragglers.h"

#define MOST 8

static bool judge(int ranks, const double times[MOST], struct rank_times *found)
{
    double ms[MOST], scratch[MOST];
    memcpy(ms, times, sizeof ms);
    return stragglers_judge(ms, scratch, ranks, found);
}

static void test_many(void)
{
    struct rank_times t;
    CHECK(judge(8, (double[MOST]){10, 11, 10, 10, 9, 25, 10, 11}, &t));
    CHECK(t.slowest == 5 && t.min == 9 && t.median == 10 && t.max == 25);
    CHECK(!judge(8, (double[MOST]){10, 11, 10, 10, 9, 11.9, 10, 11}, &t)); /* not a fifth */
    CHECK(t.slowest == 5 && t.max == 11.9);
    CHECK(!judge(8, (double[MOST]){10, 14, 7, 9, 16, 19, 5, 12}, &t)); /* all differ */
    CHECK(t.slowest == 5 && t.min == 5 && t.median == 10 && t.max == 19);
}

static void test_few(void)
{
    struct rank_times t;
    CHECK(!judge(1, (double[MOST]){7}, &t)); /* no rank waits */
    CHECK(t.slowest == 0 && t.min == 7 && t.median == 7 && t.max == 7);
    CHECK(judge(2, (double[MOST]){10, 13}, &t)); /* the faster one of two is the measure */
    CHECK(t.slowest == 1 && t.median == 10);
    CHECK(judge(2, (double[MOST]){13, 10}, &t));
    CHECK(t.slowest == 0);
    CHECK(!judge(2, (double[MOST]){10, 11}, &t));
    CHECK(judge(3, (double[MOST]){10, 30, 11}, &t));
    CHECK(t.slowest == 1 && t.median == 11);
    CHECK(judge(4, (double[MOST]){10, 10.5, 15, 10.2}, &t));
    CHECK(!judge(4, (double[MOST]){0, 0, 0, 0}, &t));
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_many());
    CHECK_CASE(test_few());
    return check_result();
}
