/* fuzz.h - what the fuzz targets share.
 *
 * A target is one program of libFuzzer: it hands arbitrary bytes to one reader of the product,
 * and says what must be true whatever they are. A reader may accept them, or refuse them as STATUS_CONFIG or
 * STATUS_DATA with one line of text; it may not crash, leak, loop or leave files behind. Running out of
 * memory is none of the answers: sizes are to be checked before they are believed. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "core/mem.h"
#include "core/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

/* Ends the run; libFuzzer keeps the input. */
#define FUZZ_CHECK(condition)                                                                                \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: not so: %s; last message: %s\n", __FILE__, __LINE__, #condition,         \
                    status_text());                                                                          \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* What a reader may answer. */
static inline bool fuzz_answer(enum status status)
{
    FUZZ_CHECK(status == STATUS_OK || status == STATUS_CONFIG || status == STATUS_DATA);
    if (status == STATUS_OK) return true;
    const char *text = status_text();
    FUZZ_CHECK(*text && strlen(text) < STATUS_TEXT_SIZE);
    for (; *text; text++) FUZZ_CHECK((unsigned char)*text >= 0x20 && *text != 0x7f);
    return false;
}

/* Nothing of ours is left. */
static inline void fuzz_end(void)
{
    FUZZ_CHECK(mem_alive() == 0);
}

/* Where files are written: a folder in memory of this run, which the script that starts it removes. */
static inline const char *fuzz_folder(void)
{
    const char *folder = getenv("FUZZ_FOLDER");
    return folder ? folder : "/dev/shm";
}

/* A file with these bytes. */
struct fuzz_file {
    char path[64];
};

static inline struct fuzz_file fuzz_file(const void *data, size_t size)
{
    static unsigned files;
    struct fuzz_file f;
    snprintf(f.path, sizeof f.path, "%.32s/in.%d.%u", fuzz_folder(), (int)getpid(), files++ % 8);
    int file = open(f.path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    FUZZ_CHECK(file >= 0 && write(file, data, size) == (ssize_t)size && close(file) == 0);
    return f;
}

static inline void fuzz_close(const struct fuzz_file *f)
{
    FUZZ_CHECK(unlink(f->path) == 0);
}

/* The bytes as a text of its own, which ends at the first NUL; released with free. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    FUZZ_CHECK(text);
    if (size) memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* Cuts what stands in front of the mark, or all of it if there is none, off the input. */
static inline size_t fuzz_cut(const uint8_t **data, size_t *size, const char *mark, const uint8_t **part)
{
    const uint8_t *found = *size ? memmem(*data, *size, mark, strlen(mark)) : NULL;
    size_t bytes = found ? (size_t)(found - *data) : *size, all = found ? bytes + strlen(mark) : bytes;
    *part = *data;
    *data += all, *size -= all;
    return bytes;
}

/* Where converters write. */
static inline const char *fuzz_out(void)
{
    static char path[64];
    snprintf(path, sizeof path, "%.32s/out.%d.h5", fuzz_folder(), (int)getpid());
    return path;
}

/* The file is there exactly if the converter says so; it is removed. */
static inline void fuzz_check_out(bool good)
{
    FUZZ_CHECK((unlink(fuzz_out()) == 0) == good);
}

#endif
