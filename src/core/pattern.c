/* pattern.c - patterns of names. */
#include "core/pattern.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

bool pattern_matches(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, 0) == 0;
}

#define TEXT_MAX  256
#define STARS_MAX 16

struct span {
    const char *start;
    size_t length;
};

/* Returns the bytes before the first '*' that stands for any text: not one in brackets or behind a backslash (fnmatch). */
static size_t pattern_head(const char *pattern)
{
    size_t at = 0;
    while (pattern[at] && pattern[at] != '*') {
        if (pattern[at] == '\\' && pattern[at + 1]) {
            at += 2;
            continue;
        }
        size_t first = at + 1 + (pattern[at] == '[' && strchr("!^", pattern[at + 1]) && pattern[at + 1]);
        const char *end = pattern[at] == '[' && pattern[first] ? strchr(pattern + first + 1, ']') : NULL;
        at = end ? (size_t)(end - pattern) + 1 : at + 1;
    }
    return at;
}

/* Finds what each '*' stands for. Every part between them has a fixed length. */
static bool pattern_bind(const char *pattern, const char *text, struct span spans[STARS_MAX], int star)
{
    char part[TEXT_MAX], piece[TEXT_MAX];
    size_t head = pattern_head(pattern), length = strlen(text);
    if (pattern[head] == '\0') return pattern_matches(pattern, text);
    if (star == STARS_MAX || head >= TEXT_MAX || length >= TEXT_MAX) return false;
    snprintf(part, sizeof part, "%.*s", (int)head, pattern);
    for (size_t start = 0; start <= length && start <= head; start++) {
        snprintf(piece, sizeof piece, "%.*s", (int)start, text);
        if (!pattern_matches(part, piece)) continue;
        for (size_t end = start; end <= length; end++)
            if (pattern_bind(pattern + head + 1, text + end, spans, star + 1)) {
                spans[star] = (struct span){text + start, end - start};
                return true;
            }
    }
    return false;
}

bool pattern_translate(const char *pattern, const char *to, const char *text, char *out, size_t size)
{
    struct span spans[STARS_MAX] = {{NULL, 0}};
    const struct span none = {NULL, 0};
    size_t used = 0;
    int star = 0;
    if (!pattern_bind(pattern, text, spans, 0)) return false;
    for (; *to && used < size; to++) {
        struct span s = *to != '*' ? (struct span){to, 1} : star < STARS_MAX ? spans[star++] : none;
        if (used + s.length >= size) return false;
        memcpy(out + used, s.length ? s.start : "", s.length);
        used += s.length;
    }
    if (used >= size) return false;
    out[used] = '\0';
    return true;
}

int pattern_likeness(const char *a, const char *b)
{
    int best = 0;
    for (; *a; a++)
        for (const char *at = b; *at; at++) {
            int length = 0;
            while (a[length] && a[length] == at[length]) length++;
            if (length > best) best = length;
        }
    return best;
}
