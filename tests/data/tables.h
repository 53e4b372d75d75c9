/* tables.h - what the tests of the table converters share: a text as a file, its conversion, and the
 * result. */
#ifndef TABLES_H
#define TABLES_H

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "check.h"
#include "io/h5/h5.h"
#include "core/mem.h"
#include "core/rng.h"
#include "data/convert/table/table.h"

#define TABLES_VALUES 64

static char folder[] = "/tmp/test_table.XXXXXX", in[64], test_in[64], out[64];
static struct table_result result;

static void tables_begin(void)
{
    CHECK(mkdtemp(folder) != NULL);
    snprintf(in, sizeof in, "%s/in", folder);
    snprintf(test_in, sizeof test_in, "%s/test", folder);
    snprintf(out, sizeof out, "%s/out.h5", folder);
}

static int tables_end(void)
{
    unlink(in);
    unlink(test_in);
    unlink(out);
    CHECK(rmdir(folder) == 0); /* nothing else was left in it */
    CHECK(mem_alive() == 0);
    return check_result();
}

static void save(const char *path, const char *text, size_t bytes, const char *mode)
{
    gzFile file = gzopen(path, mode); /* "wbT" writes plain bytes */
    CHECK(bytes == 0 || gzwrite(file, text, (unsigned)bytes) == (int)bytes);
    gzclose(file);
}

/* Converting `text` must fail with this code and a message of one line that holds `part`; nothing is left. */
static void refuses(enum table_format format, const char *text, size_t bytes,
                    const struct table_options *options, enum status code, const char *part)
{
    save(in, text, bytes, "wbT");
    enum status status = table_convert(format, in, out, options, &result);
    bool good = status == code && strstr(status_text(), part) && !strchr(status_text(), '\n');
    if (!good)
        fprintf(stderr, "of '%.60s' expected %d, '%s', got %d, '%s'\n", text, code, part, status,
                status_text());
    CHECK(good);
    CHECK(access(out, F_OK) != 0 && mem_alive() == 0);
    unlink(out);
}

/* Converting `text` must give these values of x, row by row, and of y. */
static void gives(enum table_format format, const char *text, const struct table_options *options, int rows,
                  int features, const float *x, const float *y)
{
    struct h5 *f = NULL;
    float values[TABLES_VALUES];
    save(in, text, strlen(text), "wbT");
    CHECK_STATUS(table_convert(format, in, out, options, &result), STATUS_OK);
    CHECK(result.rows[0] == rows && result.features == features && rows * features <= TABLES_VALUES);
    CHECK_STATUS(h5_open(&f, out, false), STATUS_OK);
    if (f) {
        CHECK_STATUS(h5_read(f, "x", H5_TYPE_F32, rows * features, values), STATUS_OK);
        bool same = memcmp(values, x, (size_t)(rows * features) * sizeof *x) == 0;
        CHECK_STATUS(h5_read(f, "y", H5_TYPE_F32, rows, values), STATUS_OK);
        same = same && memcmp(values, y, (size_t)rows * sizeof *y) == 0;
        if (!same) fprintf(stderr, "other values of '%.60s'\n", text);
        CHECK(same);
    }
    h5_close(&f);
    unlink(out);
    CHECK(mem_alive() == 0);
}

/* Files that are `text` with a few bytes changed, inserted or cut off: each is either converted or refused
 * in one line that names it, and leaves neither memory nor files behind. */
static void survives(enum table_format format, const char *text, const struct table_options *options,
                     const char *marks, uint64_t files)
{
    size_t whole = strlen(text), room = whole + 16, good = 0;
    char *bytes = malloc(room);
    for (uint64_t i = 0; i < files; i++) {
        size_t size = whole;
        memcpy(bytes, text, whole);
        for (uint64_t k = 0; k <= i % 4; k++) {
            struct rng_words w = rng_words(9, RNG_SYNTHETIC, i, k);
            size_t at = w.v[0] % (size + 1);
            char mark = marks[w.v[1] % (strlen(marks) + 1)]; /* the final zero as well */
            if (w.v[2] % 8 == 0) {
                size = at;
            } else if (w.v[2] % 2 || at == size) {
                memmove(bytes + at + 1, bytes + at, size - at);
                bytes[at] = mark;
                size++;
            } else {
                bytes[at] = mark;
            }
        }
        save(in, bytes, size, "wbT");
        enum status status = table_convert(format, in, out, options, &result);
        bool fine = status == STATUS_OK || status == STATUS_DATA || status == STATUS_CONFIG;
        if (status != STATUS_OK) fine = fine && strstr(status_text(), in) && !strchr(status_text(), '\n');
        fine = fine && (access(out, F_OK) == 0) == (status == STATUS_OK) && mem_alive() == 0;
        if (!fine) fprintf(stderr, "file %d: %d, %s\n", (int)i, status, status_text());
        CHECK(fine);
        good += status == STATUS_OK;
        unlink(out);
    }
    CHECK(good > files / 50 && good < files); /* both ends are reached */
    free(bytes);
}

#endif
