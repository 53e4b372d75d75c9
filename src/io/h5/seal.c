/* seal.c - the user block of a sealed file: three lines of text that say what it is, how long, and its
 * XXH64.
 *
 * HDF5 skips a user block, and so do h5py and h5dump. What is behind it is hashed as bytes, so that a
 * damaged file is found before HDF5, which was not made for damaged files, sees any of it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/hash.h"
#include "core/mem.h"
#include "io/h5/private.h"

#define PART_BYTES ((size_t)1 << 20)

struct seal {
    char label[H5_SEAL_LABEL];
    int64_t bytes; /* of the whole file */
    uint64_t hash; /* of everything behind the block */
};

/* Reads up to `bytes` at an offset, or fewer where the file ends; -1 on failure. */
static ssize_t h5_seal_read_at(int file, void *out, size_t bytes, int64_t offset)
{
    size_t done = 0;
    while (done < bytes) {
        ssize_t got = pread(file, (char *)out + done, bytes - done, offset + (int64_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

/* The hash of everything behind the block. Errors: `code`, when the file cannot be read. */
static enum status h5_seal_hash_content(int file, const char *path, enum status code, uint64_t *hash)
{
    char *part = NULL;
    TRY(mem_alloc(&part, PART_BYTES, 1, "part of a file"));
    struct hash h;
    hash_begin(&h);
    ssize_t got = (ssize_t)PART_BYTES;
    for (int64_t at = H5_SEAL_BYTES; got == (ssize_t)PART_BYTES; at += got) {
        got = h5_seal_read_at(file, part, PART_BYTES, at);
        if (got > 0) hash_add(&h, part, (size_t)got);
    }
    int cause = errno;
    mem_free(&part);
    *hash = hash_end(&h);
    return got < 0 ? status_fail(code, "%s: cannot be read: %s", path, strerror(cause)) : STATUS_OK;
}

static enum status h5_seal_write(int file, const char *path, const char *label)
{
    struct stat facts;
    char block[H5_SEAL_BYTES] = {0};
    uint64_t hash;
    TRY(h5_seal_hash_content(file, path, STATUS_OTHER, &hash));
    if (fstat(file, &facts) != 0)
        return status_fail(STATUS_OTHER, "%s: cannot be written: %s", path, strerror(errno));
    snprintf(block, sizeof block, "%s\nbytes %" PRId64 "\nxxh64 %016" PRIx64 "\n", label,
             (int64_t)facts.st_size, hash);
    if (pwrite(file, block, sizeof block, 0) != (ssize_t)sizeof block)
        return status_fail(STATUS_OTHER, "%s: cannot be written: %s", path, strerror(errno));
    return STATUS_OK;
}

enum status h5_seal(const char *temporary, const char *path, const char *label)
{
    int file = open(temporary, O_RDWR | O_CLOEXEC);
    if (file < 0) return status_fail(STATUS_OTHER, "%s: cannot be written: %s", path, strerror(errno));
    enum status status = h5_seal_write(file, path, label);
    close(file);
    return status;
}

/* The lines are taken exactly as they are written. */
static bool h5_seal_parse(const char block[H5_SEAL_BYTES], struct seal *s)
{
    char again[H5_SEAL_BYTES] = {0};
    const char *end = memchr(block, '\n', H5_SEAL_LABEL - 1);
    if (!end || memchr(block, '\0', H5_SEAL_BYTES) == NULL) return false;
    snprintf(s->label, sizeof s->label, "%.*s", (int)(end - block), block);
    if (sscanf(end, "\nbytes %" SCNd64 "\nxxh64 %" SCNx64, &s->bytes, &s->hash) != 2) return false;
    snprintf(again, sizeof again, "%s\nbytes %" PRId64 "\nxxh64 %016" PRIx64 "\n", s->label, s->bytes,
             s->hash);
    return memcmp(block, again, sizeof again) == 0;
}

static enum status h5_seal_read(int file, const char *path, struct seal *s)
{
    char block[H5_SEAL_BYTES];
    struct stat facts;
    if (fstat(file, &facts) != 0 || !S_ISREG(facts.st_mode))
        return status_fail(STATUS_DATA, "%s: is no regular file", path);
    if (facts.st_size == 0) return status_fail(STATUS_DATA, "%s: is empty", path);
    ssize_t got = h5_seal_read_at(file, block, sizeof block, 0);
    if (got < 0) return status_fail(STATUS_DATA, "%s: cannot be read: %s", path, strerror(errno));
    if (got < (ssize_t)sizeof block || !h5_seal_parse(block, s))
        return status_fail(
            STATUS_DATA,
            "%s: does not begin as a checkpoint of ddp_train does; it is another file, or damaged", path);
    if (facts.st_size == s->bytes) return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: is %s: it has %" PRId64 " bytes and was written with %" PRId64, path,
                       facts.st_size < s->bytes ? "truncated" : "damaged", (int64_t)facts.st_size, s->bytes);
}

static enum status h5_seal_check_content(int file, const char *path, const struct seal *s)
{
    uint64_t hash;
    TRY(h5_seal_hash_content(file, path, STATUS_DATA, &hash));
    if (hash == s->hash) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: is damaged: its bytes have the XXH64 %016" PRIx64
                       ", but were written with %016" PRIx64,
                       path, hash, s->hash);
}

static enum status h5_seal_look(const char *path, char label[H5_SEAL_LABEL], bool content)
{
    struct seal s = {0};
    label[0] = '\0';
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not keep anyone waiting */
    if (file < 0) return status_fail(STATUS_DATA, "%s: cannot be opened: %s", path, strerror(errno));
    enum status status = h5_seal_read(file, path, &s);
    if (status == STATUS_OK && content) status = h5_seal_check_content(file, path, &s);
    if (status == STATUS_OK) memcpy(label, s.label, sizeof s.label);
    close(file);
    return status;
}

enum status h5_check_seal(const char *path, char label[H5_SEAL_LABEL])
{
    return h5_seal_look(path, label, true);
}

enum status h5_read_seal(const char *path, char label[H5_SEAL_LABEL])
{
    return h5_seal_look(path, label, false);
}

bool h5_looks_sealed(const char *path, const char *label_start)
{
    char block[H5_SEAL_BYTES + 1] = {0};
    struct stat facts;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return false;
    bool regular = fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
    ssize_t got = regular ? h5_seal_read_at(file, block, H5_SEAL_BYTES, 0) : -1;
    close(file);
    if (got <= 0) return false;
    return strncmp(block, label_start, strlen(label_start)) == 0 ||
           (strstr(block, "\nbytes ") && strstr(block, "\nxxh64 "));
}
