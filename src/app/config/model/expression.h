/* expression.h - small expressions in the configuration: "$out", "$in * 6", "2 if $i == 0 else 1".
 *
 * The operators and their precedence are Python's:
 *
 *     choice = or ["if" or "else" choice]     sum     = product {("+" | "-") product}
 *     or     = and {"or" and}                 product = unary {("*" | "/" | "//" | "%") unary}
 *     and    = not {"and" not}                unary   = "-" unary | power
 *     not    = "not" not | comparison         power   = atom ["**" unary]
 *     comparison = sum [("==" | "!=" | "<" | "<=" | ">" | ">=") sum]
 *     atom   = number | word | true | false | $parameter | "(" choice ")"
 *
 * Values are numbers (double: integers up to 2^53 are exact), truth values and words. Local functions; errors
 * are STATUS_CONFIG, quoting the expression. */
#ifndef APP_CONFIG_MODEL_EXPRESSION_H
#define APP_CONFIG_MODEL_EXPRESSION_H

#include <stdbool.h>

#include "core/status.h"

#define EXPRESSION_TEXT 256 /* bytes of an expression and of its value, at most */
#define EXPRESSION_NAME 32  /* of the name of a parameter */

/* Finds the value of a parameter as text. Errors: STATUS_CONFIG, as the caller should see them. */
typedef enum status expression_lookup(void *self, const char *name, const char **value);

/* Returns whether a text is an expression: it refers to a parameter. */
bool expression_is(const char *text);

/* Evaluates an expression; `value` is its value as configuration text. */
enum status expression_evaluate(const char *text, expression_lookup *lookup, void *self,
                                char value[EXPRESSION_TEXT]);

/* Reads the name of the next parameter of a text, and moves the text behind it. Returns false if there is
 * none. A name that is too long is cut. */
bool expression_next_parameter(const char **text, char name[EXPRESSION_NAME]);

/* Returns whether the text is a parameter and nothing else. */
bool expression_is_parameter(const char *text, char name[EXPRESSION_NAME]);

#endif
