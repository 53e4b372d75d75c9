/* test_expression.c - expressions in blocks: values, precedence, errors. */
#include "app/config/model/expression.h"
#include "check.h"

static enum status look_up(void *self, const char *name, const char **value)
{
    (void)self;
    *value = strcmp(name, "a") == 0        ? "6"
             : strcmp(name, "b") == 0      ? "-0.5"
             : strcmp(name, "yes") == 0    ? "true"
             : strcmp(name, "word") == 0   ? "relu"
             : strcmp(name, "path") == 0   ? "stage1.0.x"
             : strcmp(name, "quoted") == 0 ? "a-b c"
                                           : NULL;
    return *value ? STATUS_OK : status_fail(STATUS_CONFIG, "no %s", name);
}

static void gives(const char *text, const char *want)
{
    char value[EXPRESSION_TEXT] = "";
    CHECK_STATUS(expression_evaluate(text, look_up, NULL, value), STATUS_OK);
    bool good = strcmp(value, want) == 0;
    CHECK(good);
    if (!good) fprintf(stderr, "  '%s' gave %s, not %s\n", text, value, want);
}

static void refuses(const char *text, const char *message)
{
    char value[EXPRESSION_TEXT];
    CHECK_STATUS(expression_evaluate(text, look_up, NULL, value), STATUS_CONFIG);
    bool good = strcmp(status_text(), message) == 0;
    CHECK(good);
    if (!good) fprintf(stderr, "  '%s' said %s, not %s\n", text, status_text(), message);
}

/* As Python evaluates them. */
static void test_numbers(void)
{
    gives("$a * 6", "36");
    gives("1 + 2 * 3 ** 2", "19");
    gives("-2 ** 2", "-4");
    gives("2 ** -1", "0.5");
    gives("2 ** 3 ** 2", "512");
    gives("(1 + 2) * 3", "9");
    gives("7 // 2 - -7 // 2", "7");
    gives("-7 % 3", "2");
    gives("7 % -3", "-2");
    gives("1 / 4", "0.25");
    gives("$a/4", "1.5");
    gives("8 - 3 - 2", "3");
    gives("16 / 4 / 2", "2");
    gives("--$a", "6");
    gives("0 * -1", "0");
    gives("1e3 + 1e-1", "1000.1");
    gives("0.1 * $a", "0.6000000000000001");
    gives("$b", "-0.5");
    gives("2 ** 40", "1099511627776");
}

static void test_truths(void)
{
    gives("$a == 6", "true");
    gives("$a != 6.0", "false");
    gives("$a > 6", "false");
    gives("$a >= 6", "true");
    gives("$b < 0 and not $a < 6", "true");
    gives("$yes or $a / 0 > 1", "true");
    gives("not $yes and $a / 0 > 1", "false");
    gives("$word == relu", "true");
    gives("$word == 6", "false");
    gives("true == $yes", "true");
    gives("not not $yes", "true");
    gives("$a == 1 or $a == 6 and $b == 0", "false");
}

static void test_choices(void)
{
    gives("2 if $a == 0 else 1", "1");
    gives("1 if $a == 1 else 2 if $a == 6 else 3", "2");
    gives("8 // 0 if $a == 0 else 8 // $a", "1");
    gives("skip if $yes else in.0", "skip");
    gives("$word if $yes else tanh", "relu");
    gives("$path", "stage1.0.x");
    gives("$quoted", "a-b c");
    gives("iffy if $yes else elsewhere", "iffy");
}

static void test_errors(void)
{
    refuses("$a +", "'$a +': ends too early");
    refuses("$a 5", "'$a 5': '5' is not expected there");
    refuses("($a", "'($a': a ')' is missing");
    refuses("$ a", "'$ a': '$' stands before a parameter's name");
    refuses("$c", "no c");
    refuses("1 if $yes", "'1 if $yes': an 'else' is missing");
    refuses("1 if $a else 2", "'1 if $a else 2': expects true or false");
    refuses("$word + 1", "'$word + 1': only numbers can be calculated with");
    refuses("$word < 1", "'$word < 1': only numbers can be greater or less");
    refuses("$a % 0", "'$a % 0': divides by 0");
    refuses("2 ** 2000", "'2 ** 2000': an exponent is not a small integer");
    refuses("2 ** 54", "'2 ** 54': a number is too large");
    refuses("1.2.3 + $a", "'1.2.3 + $a': has a broken number");
    refuses("$a & 1", "'$a & 1': '& 1' is not expected there");
    refuses("", "'': ends too early");
    char text[2 * EXPRESSION_TEXT + 1];
    memset(text, '(', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    refuses(text, "an expression has at most 255 characters");
    text[EXPRESSION_TEXT - 1] = '\0';
    char value[EXPRESSION_TEXT];
    CHECK_STATUS(expression_evaluate(text, look_up, NULL, value), STATUS_CONFIG);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_numbers());
    CHECK_CASE(test_truths());
    CHECK_CASE(test_choices());
    CHECK_CASE(test_errors());
    return check_result();
}
