/* test_zip.c - archives as their readers take them apart: entries, alignment, and the fields of Zip64. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "io/zip.h"

static uint64_t get(const char *bytes, size_t at, int count)
{
    uint64_t value = 0;
    for (int i = count - 1; i >= 0; i--) value = value << 8 | (unsigned char)bytes[at + (size_t)i];
    return value;
}

/* Entry i holds i bytes of the value i. */
static char *archive(int count, size_t *bytes)
{
    static char data[256];
    char *text = NULL, name[ZIP_NAME];
    struct zip z;
    FILE *out = open_memstream(&text, bytes);
    CHECK_STATUS(zip_begin(&z, out, (size_t)count), STATUS_OK);
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "entry/%d", i);
        memset(data, i, sizeof data);
        zip_add(&z, name, data, (size_t)(i % 256));
    }
    zip_end(&z);
    fclose(out);
    return text;
}

/* Follows the directory to every entry. */
static void check_entries(const char *text, size_t at, int count)
{
    char name[ZIP_NAME];
    for (int i = 0; i < count; i++) {
        size_t length = (size_t)snprintf(name, sizeof name, "entry/%d", i),
               local = (size_t)get(text, at + 42, 4);
        CHECK(get(text, at, 4) == 0x02014b50 && get(text, at + 24, 4) == (uint64_t)(i % 256));
        CHECK(get(text, at + 28, 2) == length && memcmp(text + at + 46, name, length) == 0);
        CHECK(get(text, local, 4) == 0x04034b50 && memcmp(text + local + 30, name, length) == 0);
        CHECK(get(text, local + 14, 4) == get(text, at + 16, 4)); /* CRC */
        size_t first = local + 30 + length + (size_t)get(text, local + 28, 2);
        CHECK(first % ZIP_ALIGNMENT == 0);
        for (int k = 0; k < i % 256; k++) CHECK(text[first + (size_t)k] == (char)i);
        at += 46 + length + (size_t)get(text, at + 30, 2);
    }
    CHECK(get(text, at, 4) == (count < UINT16_MAX ? 0x06054b50 : 0x06064b50));
}

static void test_entries(void)
{
    for (int count = 0; count < 300; count += 23) {
        size_t bytes;
        char *text = archive(count, &bytes);
        size_t end = bytes - 22;
        CHECK(get(text, end, 4) == 0x06054b50 && get(text, end + 10, 2) == (uint64_t)count);
        CHECK(get(text, end + 12, 4) + get(text, end + 16, 4) == end);
        check_entries(text, (size_t)get(text, end + 16, 4), count);
        free(text);
    }
}

/* The CRC of the archive's own format, of a known text. */
static void test_crc(void)
{
    char *text = NULL;
    size_t bytes;
    struct zip z;
    FILE *out = open_memstream(&text, &bytes);
    CHECK_STATUS(zip_begin(&z, out, 1), STATUS_OK);
    zip_add(&z, "check", "123456789", 9);
    zip_end(&z);
    fclose(out);
    CHECK(get(text, 14, 4) == 0xcbf43926);
    free(text);
}

/* More entries than 16 bits count are in the Zip64 end of the directory, which the end points to. */
static void test_many_entries(void)
{
    size_t bytes;
    int count = UINT16_MAX + 10;
    char *text = archive(count, &bytes);
    size_t end = bytes - 22, locator = end - 20, end64 = (size_t)get(text, locator + 8, 8);
    CHECK(get(text, end + 10, 2) == UINT16_MAX);
    CHECK(get(text, locator, 4) == 0x07064b50 && get(text, end64, 4) == 0x06064b50);
    CHECK(get(text, end64 + 32, 8) == (uint64_t)count);
    check_entries(text, (size_t)get(text, end64 + 48, 8), count);
    free(text);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_entries());
    CHECK_CASE(test_crc());
    CHECK_CASE(test_many_entries());
    CHECK(mem_alive() == 0);
    return check_result();
}
