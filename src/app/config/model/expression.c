/* expression.c - evaluates small expressions, by recursive descent. */
#include "app/config/model/expression.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/number.h"

#define MAX_EXPONENT 1024
#define MAX_NUMBER   0x1p53

enum value_kind { VALUE_NUMBER, VALUE_TRUTH, VALUE_WORD, VALUE_PROBLEM };

/* A problem counts only where the value is used: the branch of a choice that is not taken may divide by 0. */
struct value {
    enum value_kind kind;
    double number; /* 0 or 1 of a truth value */
    char word[EXPRESSION_TEXT];
    const char *problem;
};

struct parse {
    const char *text, *at;
    expression_lookup *lookup;
    void *self;
};

static bool expression_is_letter(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

static bool expression_is_letter_or_digit(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

bool expression_is(const char *text)
{
    return strchr(text, '$') != NULL;
}

bool expression_next_parameter(const char **text, char name[EXPRESSION_NAME])
{
    const char *dollar = strchr(*text, '$');
    if (!dollar) return false;
    const char *end = dollar + 1;
    while (expression_is_letter_or_digit(*end)) end++;
    snprintf(name, EXPRESSION_NAME, "%.*s", (int)(end - dollar - 1), dollar + 1);
    *text = end;
    return true;
}

bool expression_is_parameter(const char *text, char name[EXPRESSION_NAME])
{
    return *text == '$' && expression_is_letter(text[1]) && expression_next_parameter(&text, name) && !*text;
}

static enum status expression_fail(const struct parse *p, const char *problem)
{
    return status_fail(STATUS_CONFIG, "'%s': %s", p->text, problem);
}

static struct value expression_problem(const char *problem)
{
    return (struct value){.kind = VALUE_PROBLEM, .problem = problem};
}

static struct value expression_number(double number)
{
    if (!isfinite(number) || fabs(number) > MAX_NUMBER) return expression_problem("a number is too large");
    return (struct value){.kind = VALUE_NUMBER, .number = number};
}

static struct value expression_truth(bool truth)
{
    return (struct value){.kind = VALUE_TRUTH, .number = truth};
}

/* The value that a text stands for. */
static struct value expression_of_text(const char *text)
{
    struct value v = {.kind = VALUE_WORD};
    if (number_scan(text, &v.number)) return expression_number(v.number);
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) return expression_truth(*text == 't');
    if (snprintf(v.word, sizeof v.word, "%s", text) >= (int)sizeof v.word)
        return expression_problem("a value is too long");
    return v;
}

static void expression_skip_space(struct parse *p)
{
    while (*p->at == ' ') p->at++;
}

/* Consumes a symbol such as "<="; a shorter symbol does not match the start of a longer one. */
static bool expression_take(struct parse *p, const char *symbol)
{
    static const char *const longer[] = {"**", "//", "==", "!=", "<=", ">="};
    size_t length = strlen(symbol);
    expression_skip_space(p);
    if (strncmp(p->at, symbol, length) != 0) return false;
    for (size_t i = 0; length == 1 && i < sizeof longer / sizeof *longer; i++)
        if (strncmp(p->at, longer[i], 2) == 0) return false;
    p->at += length;
    return true;
}

/* Consumes a word such as "if". */
static bool expression_take_word(struct parse *p, const char *word)
{
    size_t length = strlen(word);
    expression_skip_space(p);
    if (strncmp(p->at, word, length) != 0 || expression_is_letter_or_digit(p->at[length])) return false;
    p->at += length;
    return true;
}

static enum status expression_read_choice(struct parse *p, struct value *v);

static enum status expression_read_parameter(struct parse *p, struct value *v)
{
    char name[EXPRESSION_NAME];
    const char *text;
    if (!expression_is_letter(p->at[1])) return expression_fail(p, "'$' stands before a parameter's name");
    (void)expression_next_parameter(&p->at, name);
    TRY(p->lookup(p->self, name, &text));
    *v = expression_of_text(text);
    return STATUS_OK;
}

/* Reads a number or a word: digits, letters, '_' and '.'. */
static enum status expression_read_literal(struct parse *p, struct value *v)
{
    char text[EXPRESSION_TEXT];
    size_t length = 0;
    while (expression_is_letter_or_digit(p->at[length]) || p->at[length] == '.' ||
           ((p->at[length] == '-' || p->at[length] == '+') && length > 0 && isdigit((unsigned char)*p->at) &&
            (p->at[length - 1] == 'e' || p->at[length - 1] == 'E')))
        length++;
    if (length == 0) return expression_fail(p, *p->at ? "is not an expression" : "ends too early");
    snprintf(text, sizeof text, "%.*s", (int)length, p->at);
    if (isdigit((unsigned char)*text) || *text == '.') {
        double number;
        if (!number_scan(text, &number)) return expression_fail(p, "has a broken number");
    }
    p->at += length;
    *v = expression_of_text(text);
    return STATUS_OK;
}

static enum status expression_read_atom(struct parse *p, struct value *v)
{
    expression_skip_space(p);
    if (*p->at == '$') return expression_read_parameter(p, v);
    if (!expression_take(p, "(")) return expression_read_literal(p, v);
    TRY(expression_read_choice(p, v));
    return expression_take(p, ")") ? STATUS_OK : expression_fail(p, "a ')' is missing");
}

/* Repeated products: the same bits on every machine. */
static double expression_power(double base, int exponent)
{
    double power = 1;
    for (int i = 0; i < abs(exponent); i++) power *= base;
    return exponent < 0 ? 1 / power : power;
}

static struct value expression_calculate(const struct value *a, char symbol, const struct value *b)
{
    if (a->kind == VALUE_PROBLEM) return *a;
    if (b->kind == VALUE_PROBLEM) return *b;
    if (a->kind != VALUE_NUMBER || b->kind != VALUE_NUMBER)
        return expression_problem("only numbers can be calculated with");
    if (strchr("/f%", symbol) && b->number == 0) return expression_problem("divides by 0");
    switch (symbol) {
    case '+':
        return expression_number(a->number + b->number);
    case '-':
        return expression_number(a->number - b->number);
    case '*':
        return expression_number(a->number * b->number);
    case '/':
        return expression_number(a->number / b->number);
    case 'f': /* floor */
        return expression_number(floor(a->number / b->number));
    case '%':
        return expression_number(a->number - b->number * floor(a->number / b->number));
    default:
        if (b->number != floor(b->number) || fabs(b->number) > MAX_EXPONENT)
            return expression_problem("an exponent is not a small integer");
        return expression_number(expression_power(a->number, (int)b->number));
    }
}

static enum status expression_read_unary(struct parse *p, struct value *v)
{
    struct value right, zero = expression_number(0);
    if (expression_take(p, "-")) {
        TRY(expression_read_unary(p, &right));
        *v = expression_calculate(&zero, '-', &right);
        return STATUS_OK;
    }
    TRY(expression_read_atom(p, v));
    if (!expression_take(p, "**")) return STATUS_OK;
    TRY(expression_read_unary(p, &right));
    *v = expression_calculate(v, 'p', &right);
    return STATUS_OK;
}

static enum status expression_read_product(struct parse *p, struct value *v)
{
    TRY(expression_read_unary(p, v));
    for (;;) {
        struct value right;
        char symbol = expression_take(p, "//")  ? 'f'
                      : expression_take(p, "/") ? '/'
                      : expression_take(p, "*") ? '*'
                      : expression_take(p, "%") ? '%'
                                                : '\0';
        if (!symbol) return STATUS_OK;
        TRY(expression_read_unary(p, &right));
        *v = expression_calculate(v, symbol, &right);
    }
}

static enum status expression_read_sum(struct parse *p, struct value *v)
{
    TRY(expression_read_product(p, v));
    for (;;) {
        struct value right;
        char symbol = expression_take(p, "+") ? '+' : expression_take(p, "-") ? '-' : '\0';
        if (!symbol) return STATUS_OK;
        TRY(expression_read_product(p, &right));
        *v = expression_calculate(v, symbol, &right);
    }
}

/* `order` is that of the operator: 0 for ==, 1 for <, 2 for <=, negated by `not`. */
static struct value expression_compare(const struct value *a, int order, bool negated, const struct value *b)
{
    if (a->kind == VALUE_PROBLEM) return *a;
    if (b->kind == VALUE_PROBLEM) return *b;
    if (order > 0 && (a->kind != VALUE_NUMBER || b->kind != VALUE_NUMBER))
        return expression_problem("only numbers can be greater or less");
    bool equal = a->kind == b->kind && a->number == b->number && strcmp(a->word, b->word) == 0;
    bool truth = order == 0 ? equal : order == 1 ? a->number < b->number : a->number <= b->number;
    return expression_truth(truth != negated);
}

static enum status expression_read_comparison(struct parse *p, struct value *v)
{
    static const struct {
        const char *symbol;
        int order;
        bool negated;
    } operators[] = {{"==", 0, false}, {"!=", 0, true}, {"<=", 2, false},
                     {">=", 1, true},  {"<", 1, false}, {">", 2, true}};
    TRY(expression_read_sum(p, v));
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        struct value right;
        if (!expression_take(p, operators[i].symbol)) continue;
        TRY(expression_read_sum(p, &right));
        *v = expression_compare(v, operators[i].order, operators[i].negated, &right);
        break;
    }
    return STATUS_OK;
}

static struct value expression_as_truth(const struct value *v)
{
    return v->kind == VALUE_TRUTH || v->kind == VALUE_PROBLEM ? *v
                                                              : expression_problem("expects true or false");
}

static enum status expression_read_not(struct parse *p, struct value *v)
{
    if (!expression_take_word(p, "not")) return expression_read_comparison(p, v);
    TRY(expression_read_not(p, v));
    *v = expression_as_truth(v);
    v->number = 1 - v->number;
    return STATUS_OK;
}

/* The right side counts only if the left side does not decide. */
static void expression_combine(struct value *v, bool decides, const struct value *right)
{
    *v = expression_as_truth(v);
    if (v->kind == VALUE_TRUTH && (v->number != 0) != decides) *v = expression_as_truth(right);
}

static enum status expression_read_and(struct parse *p, struct value *v)
{
    struct value right;
    TRY(expression_read_not(p, v));
    while (expression_take_word(p, "and")) {
        TRY(expression_read_not(p, &right));
        expression_combine(v, false, &right);
    }
    return STATUS_OK;
}

static enum status expression_read_or(struct parse *p, struct value *v)
{
    struct value right;
    TRY(expression_read_and(p, v));
    while (expression_take_word(p, "or")) {
        TRY(expression_read_and(p, &right));
        expression_combine(v, true, &right);
    }
    return STATUS_OK;
}

static enum status expression_read_choice(struct parse *p, struct value *v)
{
    struct value condition, other;
    TRY(expression_read_or(p, v));
    if (!expression_take_word(p, "if")) return STATUS_OK;
    TRY(expression_read_or(p, &condition));
    if (!expression_take_word(p, "else")) return expression_fail(p, "an 'else' is missing");
    TRY(expression_read_choice(p, &other));
    condition = expression_as_truth(&condition);
    if (condition.kind == VALUE_PROBLEM)
        *v = condition;
    else if (condition.number == 0)
        *v = other;
    return STATUS_OK;
}

enum status expression_evaluate(const char *text, expression_lookup *lookup, void *self,
                                char value[EXPRESSION_TEXT])
{
    struct parse p = {.text = text, .at = text, .lookup = lookup, .self = self};
    struct value v;
    if (strlen(text) >= EXPRESSION_TEXT)
        return status_fail(STATUS_CONFIG, "an expression has at most %d characters", EXPRESSION_TEXT - 1);
    TRY(expression_read_choice(&p, &v));
    expression_skip_space(&p);
    if (*p.at) return status_fail(STATUS_CONFIG, "'%s': '%s' is not expected there", text, p.at);
    if (v.kind == VALUE_PROBLEM) return expression_fail(&p, v.problem);
    if (v.kind == VALUE_WORD)
        memcpy(value, v.word, sizeof v.word);
    else if (v.kind == VALUE_TRUTH)
        strcpy(value, v.number != 0 ? "true" : "false");
    else if (v.number == floor(v.number))
        snprintf(value, EXPRESSION_TEXT, "%.0f", v.number + 0.0);
    else
        number_format(v.number, value);
    return STATUS_OK;
}
