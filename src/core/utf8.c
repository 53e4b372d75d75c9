/* utf8.c - characters of UTF-8 text. */
#include "core/utf8.h"

size_t utf8_decode(const char *text, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* code point by number of bytes */
    unsigned char first = (unsigned char)text[0];
    *code = first;
    if (first < 0x80) return first != 0;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc0 || first >= 0xf8) return 0;
    *code = first & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        unsigned char next = (unsigned char)text[i];
        if ((next & 0xc0) != 0x80) return 0;
        *code = *code << 6 | (next & 0x3f);
    }
    bool surrogate = *code >= 0xd800 && *code < 0xe000;
    return *code < smallest[length] || *code > 0x10ffff || surrogate ? 0 : length;
}

size_t utf8_character(const char *text)
{
    uint32_t code;
    return utf8_decode(text, &code);
}

bool utf8_valid(const char *text)
{
    while (*text) {
        size_t length = utf8_character(text);
        if (length == 0) return false;
        text += length;
    }
    return true;
}

size_t utf8_bytes(const char *text, size_t count)
{
    size_t bytes = 0;
    for (; count && text[bytes]; count--) {
        size_t length = utf8_character(text + bytes);
        bytes += length ? length : 1;
    }
    return bytes;
}

size_t utf8_count(const char *text)
{
    size_t count = 0;
    for (; *text; text += utf8_bytes(text, 1)) count++;
    return count;
}

void utf8_mask_controls(char *text)
{
    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == 0x7f) *c = '?';
        if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0) c[0] = c[1] = '?';
    }
}
