/* pattern.h - patterns of names, as a shell has them: '*', '?' and '[abc]'. Local functions. */
#ifndef CORE_PATTERN_H
#define CORE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#define PATTERN_SIZE 64
#define PATTERNS_MAX 64

struct patterns {
    int count;
    char text[PATTERNS_MAX][PATTERN_SIZE];
};

/* Returns whether the whole text matches; '*' also stands for '/' and '.'. */
bool pattern_matches(const char *pattern, const char *text);

/* Returns whether the whole text matches, and writes `to` with each '*' replaced by what that of the same number in the
 * pattern matched (the shortest that can be), "" beyond those. Returns false as well if that does not fit `size`. */
bool pattern_translate(const char *pattern, const char *to, const char *text, char *out, size_t size);

/* Returns how alike two texts are: the length of the longest part that both have. */
int pattern_likeness(const char *a, const char *b);

#endif
