/* pattern.c - patterns of names. */
#include "core/pattern.h"

#include <fnmatch.h>

bool pattern_matches(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, 0) == 0;
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
