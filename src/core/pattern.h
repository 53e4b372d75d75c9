/* pattern.h - patterns of names, as a shell has them: '*', '?' and '[abc]'. Local functions. */
#ifndef CORE_PATTERN_H
#define CORE_PATTERN_H

#include <stdbool.h>

#define PATTERN_SIZE 64
#define PATTERNS_MAX 64

struct patterns {
    int count;
    char text[PATTERNS_MAX][PATTERN_SIZE];
};

/* Returns whether the whole text matches; '*' also stands for '/' and '.'. */
bool pattern_matches(const char *pattern, const char *text);

/* Returns how alike two texts are: the length of the longest part that both have. */
int pattern_likeness(const char *a, const char *b);

#endif
