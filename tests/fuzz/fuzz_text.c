/* The small readers of text: numbers, characters, ranges, locators, lists of names, durations. */
#include <math.h>

#include "data/source/names.h"
#include "data/source/range.h"
#include "data/convert/table/private.h"
#include "core/system/clock.h"
#include "core/number.h"
#include "data/source/source.h"
#include "core/utf8.h"
#include "fuzz.h"

static void numbers(const char *text)
{
    int64_t integer;
    double real, scanned, again;
    bool flag;
    char written[NUMBER_TEXT_SIZE];
    if (fuzz_answer(number_parse_int(text, &integer))) {
        FUZZ_CHECK(number_parse_real(text, &real) == STATUS_OK);
        FUZZ_CHECK(fabs(real - (double)integer) <= 1024); /* of 2^63, a double knows the upper 53 bits */
    }
    if (fuzz_answer(number_parse_real(text, &real))) {
        FUZZ_CHECK(isfinite(real));
        FUZZ_CHECK(number_scan(text, &scanned) && memcmp(&scanned, &real, sizeof real) == 0);
        number_format(real, written);
        FUZZ_CHECK(number_parse_real(written, &again) == STATUS_OK &&
                   memcmp(&again, &real, sizeof real) == 0);
    }
    (void)fuzz_answer(number_parse_bool(text, &flag));
    if (fuzz_answer(clock_parse_duration(text, &integer))) FUZZ_CHECK(integer > 0);
}

static void characters(const char *text)
{
    size_t count = utf8_count(text), half = utf8_bytes(text, count / 2);
    FUZZ_CHECK(count <= strlen(text) && half <= strlen(text));
    FUZZ_CHECK(utf8_bytes(text, count) == strlen(text));
    FUZZ_CHECK(utf8_count(text + half) == count - count / 2);
    size_t valid = 0, bytes;
    while ((bytes = utf8_character(text + valid)) > 0) valid += bytes;
    FUZZ_CHECK(utf8_valid(text) == (valid == strlen(text)));
}

static void ranges(const char *text)
{
    static const int64_t samples[] = {1, 7, 60000, INT64_MAX};
    for (int i = 0; i < 4; i++) {
        struct range s;
        if (!fuzz_answer(range_parse(text, samples[i], &s))) continue;
        FUZZ_CHECK(s.first >= 0 && s.step >= 1 && s.count >= 1 && s.first < samples[i]);
        FUZZ_CHECK((s.count - 1) <= (samples[i] - 1 - s.first) / s.step);
    }
}

/* Sources that need no file; a prefix keeps the locator away from the file system. */
static void locators(const char *text)
{
    static const char *const prefixes[] = {"synthetic:", "demo:"};
    for (int i = 0; i < 2; i++) {
        char locator[512];
        struct source *s = NULL;
        if (snprintf(locator, sizeof locator, "%s%s", prefixes[i], text) >= (int)sizeof locator) continue;
        if (fuzz_answer(source_open(&s, locator, &(struct source_options){0}))) {
            const struct source_info *info = source_info(s);
            FUZZ_CHECK(info->samples > 0 && shape_features(info->shape) > 0);
            FUZZ_CHECK(source_number(s, info->samples - 1) >= info->samples - 1);
        }
        source_close(&s);
    }
}

static void lists(const char *text)
{
    char **names = NULL, shown[TABLE_SHOW_SIZE];
    int64_t count;
    if (fuzz_answer(names_split(text, &names, &count)))
        for (int64_t i = 0; i < count; i++) FUZZ_CHECK(strlen(names[i]) <= strlen(text));
    mem_free(&names);
    if (fuzz_answer(table_list_split("target", text, &names, &count)))
        for (int64_t i = 0; i < count; i++) FUZZ_CHECK(table_list_number(names[i]) >= -1);
    mem_free(&names);
    FUZZ_CHECK(strlen(table_show(text, shown)) < TABLE_SHOW_SIZE);
    (void)fuzz_answer(table_check_text(text, "name"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size);
    numbers(text);
    characters(text);
    ranges(text);
    locators(text);
    lists(text);
    free(text);
    fuzz_end();
    return 0;
}
