/* private.h - what the readers of formats share. */
#ifndef IO_ARCHIVE_PRIVATE_H
#define IO_ARCHIVE_PRIVATE_H

#include <stddef.h>

#include "core/system/filestate.h"
#include "io/archive/archive.h"

#define ARCHIVE_START       64 /* bytes of the file that formats are told apart by */
#define ARCHIVE_ENTRIES_MAX 100000

struct archive_ops {
    const char *name;
    bool (*fits)(const uint8_t start[ARCHIVE_START], int64_t file_bytes);

    /* Opens the file and adds its entries; sets a->self, which `close` releases, also after an error. */
    enum status (*open)(struct archive *a);
    void (*close)(struct archive *a);

    /* Goes to the first value of an entry, reads the bytes that follow, and verifies what there is to verify. */
    enum status (*begin)(struct archive *a, const struct archive_entry *e);
    enum status (*next)(struct archive *a, void *out, size_t bytes);
    enum status (*end)(struct archive *a);
};

struct archive {
    const struct archive_ops *ops;
    char *path;
    struct filestate state; /* of the file when it was opened */
    struct archive_entry *entries;
    int64_t count, room;
    void *self; /* of the format */
};

extern const struct archive_ops archive_safetensors, archive_zip, archive_keras;

/* Adds an empty entry. Errors: STATUS_DATA when there are too many. */
enum status archive_add(struct archive *a, struct archive_entry **e);

/* Sets the name, the axes in their order and the number of elements of an entry whose rank and dims are set. Errors:
 * STATUS_DATA when the name is too long, or for a shape beyond all memory. */
enum status archive_settle(const struct archive *a, struct archive_entry *e, const char *name);

/* Sets the type that is called so; ARCHIVE_OTHER for a name that is not in the table. What is not read gets a problem. */
struct archive_type_name {
    const char *name;
    enum archive_type type;
};
void archive_set_type(struct archive_entry *e, const struct archive_type_name *table, const char *name);

/* Says in the problem of an entry what the file calls a type that is not read. */
void archive_note_type(struct archive_entry *e, const char *name);

bool archive_type_is_read(enum archive_type type);
int archive_type_bytes(enum archive_type type);

/* Fails with "PATH: is damaged: WHAT". */
enum status archive_fail(const struct archive *a, const char *what);

#endif
