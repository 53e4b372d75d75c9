/* utf8.h - characters of text from outside (file names, flags, names of classes and columns), which may not
 * be UTF-8. */
#ifndef CORE_UTF8_H
#define CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns the bytes of the character at the start of `text`: 0 if it is not valid (RFC 3629) or `text` is
 * empty. */
size_t utf8_character(const char *text);

/* Returns the same, and stores the code point. */
size_t utf8_decode(const char *text, uint32_t *code);

bool utf8_valid(const char *text);

/* Returns the number of characters of `text`, and the bytes of its first `count` characters; a byte that is
 * not part of a valid character counts as one. */
size_t utf8_count(const char *text);
size_t utf8_bytes(const char *text, size_t count);

/* Replaces every byte of control characters (also U+0080 to U+009F and line ends) by '?', because terminals
 * interpret them. */
void utf8_mask_controls(char *text);

#endif
