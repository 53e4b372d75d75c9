/* test_pattern.c - patterns of names, and names that are made of what they matched. */
#include "check.h"
#include "core/pattern.h"

static void check_translation(const char *pattern, const char *to, const char *text, const char *expected)
{
    char out[32];
    bool matches = pattern_translate(pattern, to, text, out, sizeof out);
    CHECK(matches == (expected != NULL));
    CHECK(matches == (expected && strcmp(out, expected) == 0));
    CHECK(!matches || pattern_matches(pattern, text));
}

static void test_translate(void)
{
    check_translation("a", "b", "a", "b");
    check_translation("a", "b", "ab", NULL);
    check_translation("*", "*", "", "");
    check_translation("enc.*.conv*.*", "e*_*.*", "enc.3.conv1.weight", "e3_1.weight");
    check_translation("*.weight", "*.w", "a.b.weight", "a.b.w");
    check_translation("*.*", "*:*", "a.b.c", "a:b.c"); /* the shortest */
    check_translation("?[0-9].*", "x.*", "b7.bias", "x.bias");
    check_translation("?[0-9].*", "x.*", "bb.bias", NULL);
    check_translation("a*", "*", "abc", "bc");
    check_translation("a[*]*", "*", "a*bc", "bc"); /* no star in brackets, or behind a backslash */
    check_translation("a[]*]*", "*", "a]bc", "bc");
    check_translation("a\\**", "*", "a*bc", "bc");
    check_translation("a\\**", "*", "abc", NULL);
    check_translation("[*", "*", "[a", "a");
    check_translation("a*", "**", "abc", "bc"); /* one that the pattern lacks is empty */
    check_translation("*a*b*", "*-*-*", "xaybz", "x-y-z");
    check_translation("a", "0123456789012345678901234567890", "a", "0123456789012345678901234567890");
    check_translation("a", "01234567890123456789012345678901", "a", NULL); /* no room */
    check_translation("****************************", "b", "aaaa", NULL);  /* more stars than are counted */
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_translate());
    return check_result();
}
