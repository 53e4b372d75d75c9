/* arff_token.c - cuts a line of an ARFF file into tokens. */
#include "data/convert/arff/arff_token.h"

#include <string.h>

char *arff_skip_blanks(char *at)
{
    return at + strspn(at, " \t\r");
}

static char arff_token_unescape(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c;
    }
}

/* *at behind the closing quote, *end where the text ends. */
static enum status arff_token_cut_quoted(char **at, char **end)
{
    char quote = **at, *from = *at + 1, *to = from;
    while (*from != quote) {
        bool escaped = *from == '\\';
        if (escaped) from++;
        if (*from == '\0') return status_fail(STATUS_DATA, "a quote is opened and never closed");
        *to++ = escaped ? arff_token_unescape(*from) : *from;
        from++;
    }
    *at = from + 1;
    *end = to;
    return STATUS_OK;
}

enum status arff_next_token(char **at, struct arff_token *token)
{
    char *text = arff_skip_blanks(*at), *from = text, *end = text;
    bool quoted = *text == '\'' || *text == '"';
    if (quoted) {
        TRY(arff_token_cut_quoted(&from, &end));
    } else {
        from += strcspn(from, " \t\r,{}");
        end = from;
    }
    char *next = arff_skip_blanks(from);
    bool mark = *next && strchr(",{}", *next);
    *token = (struct arff_token){text + quoted, quoted, mark || !*next ? *next : ' '};
    *at = next + mark;
    *end = '\0'; /* only now: it may stand where the mark did */
    return STATUS_OK;
}
