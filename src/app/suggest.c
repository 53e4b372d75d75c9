#include "ddp/suggest.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Levenshtein distance, one row of the table at a time. */
static int distance(const char *a, const char *b)
{
    int row[SUGGEST_SIZE];
    int width = (int)strlen(b);
    if (width >= SUGGEST_SIZE) return INT_MAX / 2;
    for (int j = 0; j <= width; j++) row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= width; j++) {
            int replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[width];
}

static const char *leaf(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? dot + 1 : name;
}

void suggest_start(struct suggest *s, const char *word)
{
    *s = (struct suggest){.word = word, .distance = INT_MAX};
}

void suggest_offer(struct suggest *s, const char *name)
{
    int d = distance(s->word, name);
    if (strchr(name, '.')) d = least(d, distance(leaf(s->word), leaf(name)) + 1);
    if (d >= s->distance) return;
    s->distance = d;
    snprintf(s->best, sizeof s->best, "%s", name);
}

const char *suggest_hint(struct suggest *s)
{
    int near = 1 + (int)strlen(leaf(s->word)) / 4;
    if (s->distance > near) return "";
    snprintf(s->hint, sizeof s->hint, "; did you mean '%s'?", s->best);
    return s->hint;
}
