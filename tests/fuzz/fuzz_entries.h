/* fuzz_entries.h - what must be true of files with weights of other programs. */
#ifndef TESTS_FUZZ_ENTRIES_H
#define TESTS_FUZZ_ENTRIES_H

#include "fuzz.h"
#include "io/archive/archive.h"

#define FUZZ_ELEMENTS (1 << 16) /* of an array that is read */

static inline void fuzz_check_entry(struct archive *a, int64_t index)
{
    const struct archive_entry *e = archive_entry(a, index);
    float *values;
    int axes = 0;
    FUZZ_CHECK(strlen(e->name) < ARCHIVE_NAME && e->rank >= 0 && e->rank <= ARCHIVE_RANK && e->elements >= 0);
    for (int i = 0; i < e->rank; i++) axes |= 1 << e->axes[i];
    FUZZ_CHECK(axes == (1 << e->rank) - 1);
    if (*e->problem || e->elements > FUZZ_ELEMENTS) return;
    FUZZ_CHECK(mem_alloc(&values, (size_t)e->elements + 1, sizeof *values, "values") == STATUS_OK);
    (void)fuzz_answer(archive_read(a, index, values));
    mem_free(&values);
}

/* Opens a file, and reads all that can be read. */
static inline void fuzz_check_archive(const uint8_t *data, size_t size)
{
    struct fuzz_file file = fuzz_file(data, size);
    struct archive *a = NULL;
    if (fuzz_answer(archive_open(&a, file.path)))
        for (int64_t i = 0; i < archive_count(a); i++) fuzz_check_entry(a, i);
    archive_close(&a);
    fuzz_close(&file);
}

#endif
