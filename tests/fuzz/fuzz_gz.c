/* Compressed and plain files: the bytes must not depend on how many are asked for at once. */
#include "io/gz.h"
#include "fuzz.h"

#define MOST ((size_t)4 << 20) /* what a few bytes can be blown up to */

/* Reads the file in pieces until its end or MOST; the number of bytes, or -1 if it is refused. */
static int64_t read_all(const char *path, uint8_t *out, size_t piece)
{
    struct gz *g = NULL;
    size_t at = 0, got = 1;
    bool good = fuzz_answer(gz_open(&g, path));
    while (good && got > 0 && at + piece <= MOST) {
        good = fuzz_answer(gz_read_some(g, out + at, piece, &got));
        FUZZ_CHECK(!good || got <= piece);
        at += good ? got : 0;
    }
    if (good && got == 0) good = fuzz_answer(gz_expect_end(g));
    gz_close(&g);
    return good ? (int64_t)at : -1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t first[MOST], second[MOST];
    struct fuzz_file file = fuzz_file(data, size);
    int64_t bytes = read_all(file.path, first, (size_t)1 << 16);
    if (bytes >= 0 && bytes < (int64_t)MOST / 2) {
        FUZZ_CHECK(read_all(file.path, second, 977) == bytes);
        FUZZ_CHECK(memcmp(first, second, (size_t)bytes) == 0);

        struct gz *g = NULL;
        FUZZ_CHECK(gz_open(&g, file.path) == STATUS_OK);
        FUZZ_CHECK(gz_read(g, second, (size_t)bytes) == STATUS_OK && gz_expect_end(g) == STATUS_OK);
        FUZZ_CHECK(memcmp(first, second, (size_t)bytes) == 0);
        FUZZ_CHECK(!fuzz_answer(gz_read(g, second, 1)));
        gz_close(&g);
    }
    fuzz_close(&file);
    fuzz_end();
    return 0;
}
