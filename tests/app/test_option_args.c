/* test_option_args.c - values for each axis: what reads, what it becomes, and that its text reads back. */
#include <string.h>

#include "app/config/model/option_args.h"
#include "check.h"
#include "core/mem.h"

static const char *const words[] = {"same", "valid", NULL}, *const modes[] = {"zeros", "circular", NULL};
static const char *const places[] = {"center", NULL};

/* Arguments of one and of two axes. */
static const struct arg table[] = {
    {.name = "kernel", .kind = ARG_INT, .default_value = ARG_REQUIRED, .min = 1, .max = 9, .axes = 2},
    {.name = "padding", .kind = ARG_INT, .max = 9, .axes = 2, .sides = true, .words = words},
    {.name = "mode", .kind = ARG_CHOICE, .choices = modes, .axes = 2},
    {.name = "line", .kind = ARG_INT, .max = 9, .axes = 1, .sides = true},
    {.name = "plain", .kind = ARG_INT, .max = 9},
    {.name = "any", .kind = ARG_INT, .max = 9, .axes = 3, .sides = true, .last_axes = true},
    {.name = "place",
     .kind = ARG_INT,
     .default_value = -1,
     .max = 9,
     .axes = 3,
     .last_axes = true,
     .words = places},
    ARG_END};
enum { KERNEL, PADDING, MODE, LINE, PLAIN, ANY, PLACE };

static enum status read_text(int index, const char *text, double values[ARG_MAX])
{
    char document[64];
    struct yaml_node *node = NULL;
    snprintf(document, sizeof document, "v: %s\n", text);
    CHECK_STATUS(yaml_parse(&node, document, "f.yaml"), STATUS_OK);
    arg_defaults(table, values);
    enum status status = option_args_read(table, index, node->child, values);
    yaml_destroy(&node);
    return status;
}

/* `text` reads, and is written as `canonical`, which reads as the same. */
static void check_reads(int index, const char *text, const char *canonical)
{
    double values[ARG_MAX], again[ARG_MAX];
    char written[ARG_SLOTS_TEXT_SIZE];
    int slot = arg_slot(table, index), slots = arg_slots(&table[index]);
    CHECK_STATUS(read_text(index, text, values), STATUS_OK);
    arg_format_slots(&table[index], values + slot, written);
    CHECK(strcmp(written, canonical) == 0);
    CHECK_STATUS(read_text(index, written, again), STATUS_OK);
    CHECK(memcmp(values + slot, again + slot, (size_t)slots * sizeof *values) == 0);
}

static void check_refuses(int index, const char *text, const char *message)
{
    double values[ARG_MAX];
    CHECK_STATUS(read_text(index, text, values), STATUS_CONFIG);
    CHECK(strstr(status_text(), message) != NULL);
}

static void test_reads(void)
{
    check_reads(KERNEL, "3", "3");
    check_reads(KERNEL, "[3, 3]", "3");
    check_reads(KERNEL, "[3, 5]", "[3, 5]");
    check_reads(PADDING, "same", "same");
    check_reads(PADDING, "valid", "valid");
    check_reads(PADDING, "[1, 2]", "[1, 2]");
    check_reads(PADDING, "[1, [2, 0]]", "[1, [2, 0]]");
    check_reads(PADDING, "[[1, 1], [1, 1]]", "1");
    check_reads(MODE, "circular", "circular");
    check_reads(MODE, "[zeros, circular]", "[zeros, circular]");
    check_reads(LINE, "[2, 0]", "[[2, 0]]");
    check_reads(LINE, "[[2, 0]]", "[[2, 0]]");
    check_reads(LINE, "[2]", "2");
    check_reads(PLAIN, "4", "4");
    check_reads(PLACE, "center", "center");
    check_reads(PLACE, "[1, 0]", "[center, 1, 0]");
    check_reads(PLACE, "[2, center]", "[center, 2, center]");
    check_reads(ANY, "4", "4");
    check_reads(ANY, "[4]", "[0, 0, 4]");
    check_reads(ANY, "[1, [2, 3]]", "[0, 1, [2, 3]]");
    check_reads(ANY, "[1, 2, 3]", "[1, 2, 3]");
}

static void test_slots(void)
{
    double values[ARG_MAX];
    const double *padding = values + arg_slot(table, PADDING);
    CHECK_STATUS(read_text(PADDING, "[1, [2, 3]]", values), STATUS_OK);
    CHECK(padding[0] == 0 && padding[1] == 0); /* the depth, which it does not have */
    CHECK(padding[2] == 1 && padding[3] == 1 && padding[4] == 2 && padding[5] == 3);
}

static void test_refuses(void)
{
    check_refuses(KERNEL, "[3]", "a list of 2: one for each axis");
    check_refuses(KERNEL, "[3, 3, 3]", "a list of 2: one for each axis");
    check_refuses(KERNEL, "[]", "a list of 2: one for each axis");
    check_refuses(KERNEL, "[3, [1, 2]]", "expects single values in its list");
    check_refuses(KERNEL, "[3, 10]", "10 is outside 1..9");
    check_refuses(KERNEL, "same", "same");
    check_refuses(KERNEL, "{a: 1}", "expects a single value");
    check_refuses(PADDING, "[same, 1]", "same");
    check_refuses(PADDING, "[1, [1, 2, 3]]", "expects [before, after] for an axis");
    check_refuses(PADDING, "-1", "-1 is outside 0..9");
    check_refuses(MODE, "[zeros, mirror]", "'mirror' is not one of zeros, circular");
    check_refuses(LINE, "[1, 2, 3]", "a list of 1: one for each axis");
    check_refuses(ANY, "[1, 2, 3, 4]", "a list of 3: one for each axis");
    check_refuses(ANY, "[]", "a list of 3: one for each axis");
    check_refuses(PLAIN, "[1]", "expects a single value");
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_reads());
    CHECK_CASE(test_slots());
    CHECK_CASE(test_refuses());
    CHECK(mem_alive() == 0);
    return check_result();
}
