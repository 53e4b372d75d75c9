/* utf8.h - text from outside (file names, flags, names of classes and columns) need not be UTF-8. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at the start of `text`: 0 if it is none (RFC 3629) or `text` is empty. */
size_t utf8_character(const char *text);

/* The same, and the character's number (code point), if there is one. */
size_t utf8_decode(const char *text, uint32_t *code);

bool utf8_valid(const char *text);

/* Characters of `text`, and bytes of its first `count` ones; a byte that is no character counts as one. */
size_t utf8_count(const char *text);
size_t utf8_bytes(const char *text, size_t count);

/* Terminals obey control characters, also U+0080 to U+009F: puts '?' in place of every byte of them, line ends included. */
void utf8_defuse(char *text);

#endif
