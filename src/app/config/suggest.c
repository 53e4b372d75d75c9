/* suggest.c - finds the nearest of a list of names. */
#include "app/config/suggest.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int suggest_min(int a, int b)
{
    return a < b ? a : b;
}

static bool suggest_is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Returns the number of single-character edits and swaps of neighbours between two words (optimal string
 * alignment), ignoring case; only the last three rows of the table are kept. */
static int suggest_get_distance(const char *a, const char *b)
{
    int rows[3][SUGGEST_SIZE];
    int height = (int)strlen(a), width = (int)strlen(b);
    if (width >= SUGGEST_SIZE) return INT_MAX / 2;
    for (int j = 0; j <= width; j++) rows[0][j] = j;
    for (int i = 1; i <= height; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= width; j++) {
            int replaced = above[j - 1] + !suggest_is_same(a[i - 1], b[j - 1]);
            row[j] = suggest_min(replaced, suggest_min(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && suggest_is_same(a[i - 1], b[j - 2]) && suggest_is_same(a[i - 2], b[j - 1]))
                row[j] = suggest_min(row[j], before[j - 2] + 1);
        }
    }
    return rows[height % 3][width];
}

/* Returns "lr" of "optim.lr" and of the flag "--lr". */
static const char *suggest_get_leaf(const char *name)
{
    const char *dot = strchr(name, '.');
    return dot ? dot + 1 : name + strspn(name, "-");
}

void suggest_start(struct suggest *s, const char *word)
{
    *s = (struct suggest){.word = word, .distance = INT_MAX};
}

void suggest_offer(struct suggest *s, const char *name)
{
    int d = suggest_get_distance(s->word, name);
    if (strchr(name, '.'))
        d = suggest_min(d, suggest_get_distance(suggest_get_leaf(s->word), suggest_get_leaf(name)) + 1);
    if (d >= s->distance) return;
    s->distance = d;
    snprintf(s->best, sizeof s->best, "%s", name);
}

const char *suggest_hint(struct suggest *s)
{
    int near = 1 + (int)strlen(suggest_get_leaf(s->word)) / 4;
    if (s->distance > near) return "";
    snprintf(s->hint, sizeof s->hint, "; did you mean '%s'?", s->best);
    return s->hint;
}
