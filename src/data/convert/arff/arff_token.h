/* arff_token.h - the pieces of a line of an ARFF file: words, quoted texts, and what stands between them. */
#ifndef DATA_CONVERT_ARFF_ARFF_TOKEN_H
#define DATA_CONVERT_ARFF_ARFF_TOKEN_H

#include <stdbool.h>

#include "core/status.h"

struct arff_token {
    char *text;
    bool quoted;
    char stop; /* what follows: ',' '{' or '}' (skipped), 0 = end of the line, ' ' = anything else */
};

/* The first byte at or behind `at` that is no blank. */
char *arff_skip_blanks(char *at);

/* Cuts the next piece off at *at, in place: up to a blank, a comma or a brace, or in single or double quotes
 * with backslashes. It is empty where a comma or brace stands instead. Errors: an open quote; the caller says
 * where. */
enum status arff_next_token(char **at, struct arff_token *token);

#endif
