/* test_range.c - ranges against the definition in Python's reference, for all small sizes and bounds. */
#include "check.h"

#include <string.h>

#include <stdbool.h>

#include "data/source/range.h"

#define NONE 99 /* the number is left out */

static size_t put(char *text, size_t used, int64_t number)
{
    if (number == NONE) return used;
    return used + (size_t)sprintf(text + used, "%lld", (long long)number);
}

/* The samples are those i = first + k * step, k >= 0, below `end`, with negative bounds counted from the
 * end. */
static void check_range(int64_t samples, int64_t first, int64_t end, int64_t step)
{
    char text[64];
    size_t used = put(text, 0, first);
    used += (size_t)sprintf(text + used, ":");
    used = put(text, used, end);
    if (step != NONE) used += (size_t)sprintf(text + used, ":");
    used = put(text, used, step);
    sprintf(text + used, "]");
    int64_t from = first == NONE ? 0 : first, to = end == NONE ? samples : end, by = step == NONE ? 1 : step;
    bool within = from >= -samples && from <= samples && to >= -samples && to <= samples;
    if (from < 0) from += samples;
    if (to < 0) to += samples;
    int64_t count = 0;
    for (int64_t i = from; within && i < to; i += by) count++;
    struct range s;
    enum status status = range_parse(text, samples, &s);
    CHECK(status == (count ? STATUS_OK : STATUS_DATA));
    if (count) CHECK(s.first == from && s.step == by && s.count == count);
}

static void test_all_small(void)
{
    for (int64_t samples = 1; samples <= 6; samples++)
        for (int64_t first = -8; first <= 9; first++)
            for (int64_t end = -8; end <= 9; end++)
                for (int64_t step = 1; step <= 8; step++)
                    check_range(samples, first == 9 ? NONE : first, end == 9 ? NONE : end,
                                step == 8 ? NONE : step);
}

static void test_refusals(void)
{
    static const char *const wrong[] = {"]",     "5]",    "a:b]",   "1:2:3:4]", "1:2",
                                        "1:2]]", "1 :2]", "1:2:0]", "1:2:-1]",  "-:]",
                                        "--1:]", "+1:]",  "",       "1.5:3]",   "99999999999999999999:]"};
    struct range s;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK_STATUS(range_parse(wrong[i], 100, &s), STATUS_DATA);
    CHECK(range_parse(NULL, 7, &s) == STATUS_OK && s.first == 0 && s.step == 1 && s.count == 7);
}

static void test_cut(void)
{
    char one[] = "x.h5:g[1:2]", none[] = "x.h5:g", open[] = "x.h5[1:2";
    CHECK(strcmp(range_cut(one), "1:2]") == 0 && strcmp(one, "x.h5:g") == 0);
    CHECK(range_cut(none) == NULL && range_cut(open) == NULL && strcmp(open, "x.h5[1:2") == 0);
    struct range part = range_part((struct range){4, 5, 6}, 2, 3);
    CHECK(part.first == 14 && part.step == 5 && part.count == 3 && range_at(part, 2) == 24);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_all_small());
    CHECK_CASE(test_refusals());
    CHECK_CASE(test_cut());
    return check_result();
}
