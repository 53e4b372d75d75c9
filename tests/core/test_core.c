/* Numbers, arguments, memory, status and random words. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/arg.h"
#include "core/mem.h"
#include "core/number.h"
#include "core/rng.h"

static void test_numbers(void)
{
    double real;
    int64_t integer;
    static const struct {
        const char *text;
        double value;
    } good[] = {{"1e-3", 0.001}, {"5.0e-4", 5e-4}, {"-2", -2}, {"+.5", 0.5}, {"1e3", 1000}};
    static const char *const bad[] = {"",    " 1",   "1 ",    "0.1abc", "1e",  "nan",
                                      "inf", "0x10", "1e999", "--1",    "1,5", "e"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_STATUS(number_parse_real(good[i].text, &real), STATUS_OK);
        CHECK(real == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_STATUS(number_parse_real(bad[i], &real), STATUS_CONFIG);
        CHECK_STATUS(number_parse_int(bad[i], &integer), STATUS_CONFIG);
    }
    CHECK_STATUS(number_parse_int("1e3", &integer), STATUS_OK);
    CHECK(integer == 1000);
    CHECK_STATUS(number_parse_int("9223372036854775807", &integer), STATUS_OK);
    CHECK(integer == INT64_MAX);
    CHECK_STATUS(number_parse_int("9223372036854775808", &integer), STATUS_CONFIG);
    CHECK_STATUS(number_parse_int("1.5", &integer), STATUS_CONFIG);
}

static void test_number_round_trip(void)
{
    for (uint64_t i = 0; i < 1000; i++) {
        struct rng_words w = rng_words(1, RNG_SYNTHETIC, i, 0);
        double value = ldexp((double)w.v[0] * 4294967296.0 + w.v[1], (int)(w.v[2] % 200) - 150), back;
        char text[NUMBER_TEXT_SIZE];
        number_format(value, text);
        CHECK_STATUS(number_parse_real(text, &back), STATUS_OK);
        CHECK(back == value);
    }
    static const struct {
        double value;
        const char *text;
    } plain[] = {{20, "20"},      {-300, "-300"}, {123456, "123456"}, {1e6, "1e+06"}, {0.1, "0.1"},
                 {1e-8, "1e-08"}, {0, "0"}};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        char text[NUMBER_TEXT_SIZE];
        number_format(plain[i].value, text);
        CHECK(strcmp(text, plain[i].text) == 0);
    }
}

/* The quick way and the slow way give the nearest double, which is what strtod gives. */
static void test_number_scan(void)
{
    static const char *const texts[] = {"0",
                                        "-0",
                                        "1.",
                                        ".5",
                                        "+7",
                                        "-122.23",
                                        "007.50",
                                        "8.3252",
                                        "0.1e1",
                                        "1e22",
                                        "1e-400",
                                        "0.1234567890123456789",
                                        "1e999",
                                        "-1e999",
                                        "9007199254740993",
                                        "999999999999999",
                                        "1000000000000000"};
    static const char *const bad[] = {"",
                                      " ",
                                      ".",
                                      "-",
                                      "+-1",
                                      "1..2",
                                      "1.2.3",
                                      "12abc",
                                      "1 ",
                                      " 1",
                                      "1,",
                                      "nan",
                                      "-inf",
                                      "0x1p3",
                                      "1e",
                                      "e5",
                                      "1e+",
                                      "--1",
                                      "\xc2\xa0"
                                      "1"};
    double value;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double want = strtod(texts[i], NULL);
        CHECK(number_scan(texts[i], &value) && memcmp(&value, &want, sizeof value) == 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(!number_scan(bad[i], &value));
    for (uint64_t i = 0; i < 20000; i++) {
        struct rng_words w = rng_words(2, RNG_SYNTHETIC, i, 0);
        char text[64];
        snprintf(text, sizeof text, "%s%u.%0*u", w.v[0] & 1 ? "-" : "", w.v[1] >> w.v[3] % 32,
                 (int)(w.v[0] % 9), w.v[2] >> (w.v[3] >> 8) % 32);
        double want = strtod(text, NULL);
        CHECK(number_scan(text, &value) && memcmp(&value, &want, sizeof value) == 0);
    }
}

static void test_args(void)
{
    static const struct arg table[] = {{"out", ARG_INT, ARG_REQUIRED, 1, 10, "outputs"},
                                       {"p", ARG_REAL, 0.5, 0, 1, "share"},
                                       {"bias", ARG_BOOL, 1, 0, 1, "bias"},
                                       ARG_END};
    double values[ARG_MAX], value;
    arg_defaults(table, values);
    CHECK(values[1] == 0.5 && values[2] == 1);
    CHECK_STATUS(arg_complete(table, values, "linear"), STATUS_CONFIG);
    CHECK(strstr(status_text(), "linear needs 'out'") != NULL);
    CHECK_STATUS(arg_parse(&table[0], "11", &value), STATUS_CONFIG);
    CHECK_STATUS(arg_parse(&table[0], "1.5", &value), STATUS_CONFIG);
    CHECK_STATUS(arg_parse(&table[0], "10", &values[0]), STATUS_OK);
    CHECK_STATUS(arg_parse(&table[2], "no", &value), STATUS_OK);
    CHECK(value == 0);
    CHECK_STATUS(arg_complete(table, values, "linear"), STATUS_OK);
    CHECK(arg_find(table, "p") == 1 && arg_find(table, "q") == -1 && arg_find(NULL, "p") == -1);
}

/* Every choice reads back from its own text; what is none of them is told what there is. */
static void test_choices(void)
{
    static const char *const modes[] = {"rel", "abs", "", NULL};
    static const struct arg table[] = {{"mode", ARG_CHOICE, 1, 0, 0, "mode", modes}, ARG_END};
    double values[ARG_MAX];
    arg_defaults(table, values);
    CHECK(values[0] == 1);
    for (int i = 0; modes[i]; i++) {
        char text[ARG_TEXT_SIZE];
        arg_format(&table[0], i, text);
        CHECK(strcmp(text, modes[i]) == 0);
        CHECK_STATUS(arg_parse(&table[0], text, &values[0]), STATUS_OK);
        CHECK(values[0] == i);
    }
    static const char *const bad[] = {"re", "rell", "0", "REL"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        values[0] = 7;
        CHECK_STATUS(arg_parse(&table[0], bad[i], &values[0]), STATUS_CONFIG);
        CHECK(strstr(status_text(), "is not one of rel, abs, ''") != NULL && values[0] == 7);
    }
}

/* Values for each axis: slots, defaults, names, and text from one number to two for every axis. */
static void test_axes(void)
{
    static const char *const words[] = {"same", "valid", NULL}, *const modes[] = {"zeros", "circular", NULL};
    static const struct arg table[] = {
        {.name = "out", .kind = ARG_INT, .default_value = ARG_REQUIRED, .min = 1, .max = 9},
        {.name = "kernel", .alias = "size", .default_value = ARG_REQUIRED, .min = 1, .max = 9, .axes = 2},
        {.name = "padding", .default_value = 0, .max = 9, .axes = 2, .sides = true, .words = words},
        {.name = "mode", .kind = ARG_CHOICE, .choices = modes, .axes = 2},
        {.name = "bias", .kind = ARG_BOOL, .default_value = 1},
        ARG_END};
    enum { KERNEL = 1, PADDING = KERNEL + ARG_AXES, MODE = PADDING + 2 * ARG_AXES, BIAS = MODE + ARG_AXES };
    double values[ARG_MAX], value;
    char text[ARG_SLOTS_TEXT_SIZE];
    arg_defaults(table, values);
    CHECK(arg_find(table, "size") == 1 && arg_slot(table, 4) == BIAS && values[BIAS] == 1);
    CHECK(values[KERNEL] == 1 && isnan(values[KERNEL + 1]) && isnan(values[KERNEL + 2]));
    values[0] = 1;
    CHECK_STATUS(arg_complete(table, values, "conv2d"), STATUS_CONFIG);
    arg_set(table, 1, 3, values);
    CHECK_STATUS(arg_complete(table, values, "conv2d"), STATUS_OK);
    CHECK(values[KERNEL] == 1 && values[KERNEL + 1] == 3 && values[KERNEL + 2] == 3);
    arg_format_slots(&table[1], values + KERNEL, text);
    CHECK(strcmp(text, "3") == 0);
    values[KERNEL + 2] = 5;
    arg_format_slots(&table[1], values + KERNEL, text);
    CHECK(strcmp(text, "[3, 5]") == 0);
    CHECK(!arg_equals(&table[1], values + KERNEL, 3) && arg_equals(&table[2], values + PADDING, 0));
    CHECK_STATUS(arg_parse(&table[2], "same", &value), STATUS_OK);
    arg_set(table, 2, value, values);
    arg_format_slots(&table[2], values + PADDING, text);
    CHECK(strcmp(text, "same") == 0 && value == -1 && values[PADDING] == 0);
    for (int i = 2; i < 6; i++) values[PADDING + i] = i < 5;
    arg_format_slots(&table[2], values + PADDING, text);
    CHECK(strcmp(text, "[1, [1, 0]]") == 0);
    values[MODE + 2] = 1;
    arg_format_slots(&table[3], values + MODE, text);
    CHECK(strcmp(text, "[zeros, circular]") == 0);
}

static void test_lists(void)
{
    static const struct arg table[] = {{"need", ARG_LIST, ARG_REQUIRED, 0, 1, "shares"},
                                       {"weight", ARG_LIST, 0, 0, 10, "weights"},
                                       {"p", ARG_REAL, 0.5, 0, 1, "share"},
                                       ARG_END};
    struct arg_values values = {0};
    double element;
    arg_values_defaults(table, &values);
    CHECK(isnan(values.of[0]) && values.of[1] == 0 && values.list[1] == NULL && values.of[2] == 0.5);
    CHECK_STATUS(arg_complete(table, values.of, "loss"), STATUS_CONFIG);
    CHECK(strstr(status_text(), "loss needs 'need' (shares)") != NULL);
    CHECK_STATUS(arg_values_resize(&values, 0, 0), STATUS_OK); /* an empty list is given, too */
    CHECK_STATUS(arg_complete(table, values.of, "loss"), STATUS_OK);
    CHECK_STATUS(arg_values_resize(&values, 1, 100), STATUS_OK);
    CHECK(values.of[1] == 100 && values.list[1][0] == 0 && values.list[1][99] == 0);
    CHECK_STATUS(arg_values_resize(&values, 1, 2), STATUS_OK); /* in place of the other one */
    CHECK(values.of[1] == 2 && mem_alive() == 1);
    CHECK_STATUS(arg_parse(&table[1], "2.5", &values.list[1][1]), STATUS_OK);
    CHECK(values.list[1][1] == 2.5);
    CHECK_STATUS(arg_parse(&table[1], "10.5", &element), STATUS_CONFIG);
    CHECK_STATUS(arg_parse(&table[1], "-1", &element), STATUS_CONFIG);
    arg_values_defaults(table, &values);
    CHECK(values.of[1] == 0 && mem_alive() == 0);
    arg_values_free(&values);
}

static void test_memory(void)
{
    char *block;
    uint64_t before = mem_allocations();
    CHECK_STATUS(mem_alloc(&block, 100, 3, "block"), STATUS_OK);
    CHECK((uintptr_t)block % MEM_ALIGN == 0 && block[0] == 0 && block[299] == 0);
    CHECK(mem_alive() == 1 && mem_allocations() == before + 1);
    mem_free(&block);
    CHECK(block == NULL && mem_alive() == 0);
    CHECK_STATUS(mem_alloc(&block, SIZE_MAX, 2, "huge"), STATUS_OTHER);
    CHECK_STATUS(mem_alloc(&block, (size_t)1 << 62, 1, "huge"), STATUS_OTHER);
    CHECK(strstr(status_text(), "huge") != NULL);
    CHECK_STATUS(mem_alloc(&block, 0, 8, "nothing"), STATUS_OK);
    CHECK(block == NULL && mem_alive() == 0);
}

static void test_status(void)
{
    CHECK(status_fail(STATUS_DATA, "%s: broken", "x.h5") == STATUS_DATA);
    CHECK(status_at(STATUS_DATA, "sample %d", 3) == STATUS_DATA);
    CHECK(strcmp(status_text(), "sample 3: x.h5: broken") == 0);
    CHECK(status_at(STATUS_DATA, "sample %d", 3) == STATUS_DATA); /* said already */
    CHECK(strcmp(status_text(), "sample 3: x.h5: broken") == 0);
    CHECK(status_at(STATUS_DATA, "sample") == STATUS_DATA); /* another place */
    CHECK(strcmp(status_text(), "sample: sample 3: x.h5: broken") == 0);
    char place[STATUS_TEXT_SIZE];
    memset(place, 'p', sizeof place - 1);
    place[sizeof place - 1] = '\0';
    CHECK(status_at(STATUS_DATA, "%.*s", (int)sizeof place - 9, place) == STATUS_DATA);
    CHECK(strlen(status_text()) == sizeof place - 1 && strstr(status_text(), "p: sample"));
    CHECK(status_at(STATUS_DATA, "%s%s", place, place) == STATUS_DATA);
    CHECK(strcmp(status_text(), place) == 0);
    CHECK(status_fail(STATUS_DATA, "'%s'", "a\nb\x1b[2J\x7f\xc2\x9b\xc3\xa4") == STATUS_DATA);
    CHECK(status_at(STATUS_DATA, "x\ty") == STATUS_DATA);
    CHECK(strcmp(status_text(), "x?y: 'a?b?[2J???\xc3\xa4'") == 0);
    CHECK(STATUS_DATA == 3 && STATUS_CONFIG == 2); /* a contract: scripts read them */
}

/* The known answer of Random123 for key and counter 0, and that neighbours in every coordinate differ. */
static void test_random(void)
{
    struct rng_words zero = rng_words(0, (enum rng_purpose)0, 0, 0);
    CHECK(zero.v[0] == 0x6627e8d5 && zero.v[1] == 0xe169c58d && zero.v[2] == 0xbc57ac4c &&
          zero.v[3] == 0x9b00dbd8);
    struct rng_words base = rng_words(1, RNG_INIT, 2, 3);
    struct rng_words others[] = {rng_words(2, RNG_INIT, 2, 3), rng_words(1, RNG_ORDER, 2, 3),
                                 rng_words(1, RNG_INIT, 3, 3), rng_words(1, RNG_INIT, 2, 4),
                                 rng_words(1ull << 32 | 1, RNG_INIT, 2, 3)};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        CHECK(memcmp(&base, &others[i], sizeof base) != 0);
    CHECK(rng_unit(0) == 0 && rng_unit(UINT32_MAX) < 1);
    double sum = 0;
    for (uint64_t i = 0; i < 10000; i++) sum += rng_unit(rng_words(1, RNG_INIT, 0, i).v[0]);
    CHECK_NEAR(sum / 10000, 0.5, 0.0145); /* 5 sigma */
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_numbers());
    CHECK_CASE(test_number_round_trip());
    CHECK_CASE(test_number_scan());
    CHECK_CASE(test_args());
    CHECK_CASE(test_choices());
    CHECK_CASE(test_axes());
    CHECK_CASE(test_lists());
    CHECK_CASE(test_memory());
    CHECK_CASE(test_status());
    CHECK_CASE(test_random());
    return check_result();
}
