/* roff.h - writes the language of manual pages (man(7)). Private to this folder. */
#ifndef APP_MANUAL_ROFF_H
#define APP_MANUAL_ROFF_H

#include <stdio.h>

/* The head of a page, with its section NAME. */
void roff_begin(FILE *out, const char *name, int section, const char *help);

void roff_section(FILE *out, const char *title);

/* Text that is taken as it stands. */
void roff_plain(FILE *out, const char *text);

/* Paragraphs, separated by empty lines. One with blanks side by side is a table or an example: its lines stay. */
void roff_text(FILE *out, const char *text);

/* A term in bold, what follows it, and its explanation. */
void roff_term(FILE *out, const char *term, const char *after, const char *text);

/* What lies between belongs to the term before. */
void roff_indent(FILE *out);
void roff_outdent(FILE *out);

#endif
