/* suggest.h - "did you mean": the nearest of the valid names.
 *
 * Start with the word that was written, offer every valid name, ask for the hint. The word must outlive the
 * struct; names are copied. Local functions. */
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

/* Of a dotted name ("optim.lr") the part after the dot may also match alone. */
void suggest_offer(struct suggest *s, const char *name);

/* "; did you mean 'NAME'?", or "" if no name is near. */
const char *suggest_hint(struct suggest *s);

#endif
