/* suggest.h - "did you mean": the nearest of the names that would have been right.
 *
 * Start with the word that was written, offer every name that exists, ask for the hint. Names must outlive
 * the struct, unless shorter than SUGGEST_SIZE (they are copied). Local functions. */
#ifndef APP_CONFIG_SUGGEST_H
#define APP_CONFIG_SUGGEST_H

#define SUGGEST_SIZE 64

struct suggest {
    const char *word;
    int distance; /* of `best`, in single-character edits */
    char best[SUGGEST_SIZE];
    char hint[SUGGEST_SIZE + 32];
};

void suggest_start(struct suggest *s, const char *word);

/* For dotted names ("optim.lr") the part behind the dot may also match alone. */
void suggest_offer(struct suggest *s, const char *name);

/* "; did you mean 'NAME'?", or "" when nothing is near. */
const char *suggest_hint(struct suggest *s);

#endif
