#include <string.h>

#include "check.h"
#include "core/utf8.h"

static void test_characters(void)
{
    CHECK(utf8_character("") == 0 && utf8_character("a") == 1 && utf8_character("\x7f") == 1);
    CHECK(utf8_character("\xc3\xa9") == 2 && utf8_character("\xe2\x82\xac") == 3);
    static const struct {
        const char *text;
        size_t length;
        uint32_t code;
    } characters[] = {
        {"a", 1, 'a'}, {"\xc2\x9e", 2, 0x9e}, {"\xe2\x82\xac", 3, 0x20ac}, {"\xf0\x9f\x98\x80", 4, 0x1f600}};
    for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
        uint32_t code;
        CHECK(utf8_decode(characters[i].text, &code) == characters[i].length && code == characters[i].code);
    }
    CHECK(utf8_character("\xf0\x9f\x98\x80") == 4 && utf8_character("\xf4\x8f\xbf\xbf") == 4);
    static const char *const wrong[] = {
        "\x80",             /* begins nothing */
        "\xff",             /* never occurs */
        "\xc3",             /* cut off */
        "\xc3z",            /* cut off */
        "\xe2\x82",         /* cut off */
        "\xc0\xaf",         /* longer than needed */
        "\xe0\x80\xaf",     /* longer than needed */
        "\xed\xa0\x80",     /* half of a UTF-16 pair */
        "\xf4\x90\x80\x80", /* beyond the last character */
        "\xf8\x88\x80\x80\x80",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        CHECK(utf8_character(wrong[i]) == 0);
        CHECK(!utf8_valid(wrong[i]));
    }
}

static void test_texts(void)
{
    CHECK(utf8_valid("") && utf8_valid("caf\xc3\xa9") && !utf8_valid("caf\xe9"));
    CHECK(utf8_count("") == 0 && utf8_count("caf\xc3\xa9") == 4 && utf8_count("caf\xe9") == 4);
    CHECK(utf8_bytes("\xc3\xa9t\xc3\xa9", 2) == 3 && utf8_bytes("ab", 9) == 2 && utf8_bytes("ab", 0) == 0);
}

static void test_terminals(void)
{
    char harmful[] = "a\x1b[2J\n\x7f\xc2\x9b"
                     "1m",
         harmless[] = "caf\xc3\xa9 \xc2\xa0\xe9\xc2";
    utf8_mask_controls(harmful);
    CHECK(strcmp(harmful, "a?[2J????1m") == 0);
    utf8_mask_controls(harmless);
    CHECK(strcmp(harmless, "caf\xc3\xa9 \xc2\xa0\xe9\xc2") == 0);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_characters());
    CHECK_CASE(test_texts());
    CHECK_CASE(test_terminals());
    return check_result();
}
