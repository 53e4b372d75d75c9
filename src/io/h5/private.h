/* private.h - what the files of the HDF5 door share.
 *
 * Reading, two halves: h5.c is the side of the caller and knows no HDF5. It asks a child process
 * (guard.h), one per open file, which answers in serve.c with the functions below. The library reads
 * foreign files only there. Writing (write.c) happens in the process itself. */
#ifndef IO_H5_PRIVATE_H
#define IO_H5_PRIVATE_H

#define H5_USE_110_API /* the same calls with every HDF5 from 1.10 on */
#include <hdf5.h>

#include "io/h5/h5.h"
#include "io/guard.h"

#define H5_PATH_SIZE 1024 /* of names inside a file, and of attributes */

/* An open file, in the child. */
struct h5_file {
    hid_t file;
    const char *path;
    int64_t bytes;       /* length of the file */
    bool external;       /* whatever leads out of the file is followed */
    struct guard *guard; /* NULL = in no child */
    size_t memory;       /* what the open datasets need beyond GUARD_MEMORY */
};

/* library.c: silences HDF5's own printing. Before any other call; repeated calls are harmless. */
void h5_start(void);

/* The cause HDF5 gives for its last failure, in a buffer of this thread. Every call into HDF5 wipes the
 * cause out, so this comes first after a failure, before anything is closed. */
const char *h5_cause(void);

/* file.c */
enum status h5_file_open(struct h5_file *f); /* path, bytes and external are set */
void h5_file_close(struct h5_file *f);

/* What stands under a name, *id being open if there is something. STATUS_DATA if a link on the way leads out, and may
 * not. */
enum status h5_file_open_object(const struct h5_file *f, const char *name, hid_t *id, enum h5_object *what);
enum status h5_file_find(const struct h5_file *f, const char *name, enum h5_object *what);
enum status h5_file_has_attr(const struct h5_file *f, const char *object, const char *attr, bool *has);

/* Texts one behind the other, each with its final zero; `block` is released with mem_free. */
struct h5_texts {
    char *block;
    int64_t count;
    size_t bytes;
};

/* Adds one to such texts while they grow. */
struct h5_names {
    struct h5_texts *texts;
    size_t room;
};
enum status h5_file_add_name(struct h5_names *n, const char *name);

/* Names of the datasets below a group, in order; of whatever is directly in it; and what stands under a name, which
 * h5_file_find has found to be a dataset. */
enum status h5_file_list(const struct h5_file *f, const char *group, struct h5_texts *out);
enum status h5_file_children(const struct h5_file *f, const char *group, struct h5_texts *out);
enum status h5_file_describe(const struct h5_file *f, const char *name, struct h5_info *info);

/* policy.c: what an untrusted file may do. The first is called before the shape of a dataset is, because
 * the shape of a virtual one already opens other files. */
enum status h5_policy_storage(const struct h5_file *f, hid_t list, const char *name);
enum status h5_policy_filters(const struct h5_file *f, const char *name, const struct h5_info *info);
enum status h5_policy_sizes(const struct h5_file *f, hid_t dataset, const char *name,
                            const struct h5_info *info);

/* info.c: describes an open dataset, or what kind of numbers a type is, or a type and its shape. */
enum status h5_describe(const struct h5_file *f, hid_t dataset, const char *name, struct h5_info *info);
void h5_describe_type(hid_t type, struct h5_info *info);
enum status h5_describe_space(hid_t space, const char *where, const char *name, struct h5_info *info);

/* dataset.c: a dataset that has passed all checks, or the column of a table; opens it, if there is one. */
struct h5_dataset {
    hid_t id;
    struct h5_info info;       /* of what is read */
    struct h5_packing packing; /* not known to dataset.c */
    char column[H5_PATH_SIZE]; /* "" = it is no table */
    int rank;                  /* axes of the dataset; further ones of `info` lie in its elements */
    int64_t row_elements;      /* numbers in an element */
    size_t memory;             /* for reading it, beyond GUARD_MEMORY */
};
enum status h5_dataset_open(struct h5_file *f, const char *name, struct h5_dataset *d);
enum status h5_dataset_find(struct h5_file *f, const char *name, struct h5_dataset *d, bool *found);
void h5_dataset_close(struct h5_file *f, const struct h5_dataset *d);

/* column.c: columns of tables, which are datasets of a compound type. The first finds what TABLE/COLUMN means, the
 * second makes the description of a table that of a column, the third makes a type in memory that has only the column,
 * of such numbers; it is to be closed. */
bool h5_column_find(const struct h5_file *f, const char *name, char table[H5_PATH_SIZE],
                    char column[H5_PATH_SIZE]);
enum status h5_column_describe(const struct h5_file *f, hid_t dataset, const char *table, const char *column,
                               struct h5_info *info);
hid_t h5_column_memory_type(const struct h5_dataset *d, hid_t number);
enum status h5_column_list(const struct h5_file *f, const char *table, struct h5_texts *out);

/* packing.c: finds what attributes say of an open dataset; and turns doubles, as stored, into numbers of
 * that type in place. A missing one becomes NaN whose lowest bits, as a float, are 1 + the number of the
 * fill value; 0 = stored as NaN. The columns of a table have no such attributes. */
enum status h5_packing_read(struct h5_file *f, const char *name, const struct h5_dataset *d,
                            struct h5_packing *out);
void h5_packing_apply(const struct h5_packing *p, const struct h5_info *info, enum h5_type type,
                      size_t elements, void *values);

/* read.c: reads rows. */

/* Hands on `bytes` of what is read, which stand in `room`, the last ones of all or not; false = no more is wanted. */
struct h5_sink {
    void *room;
    size_t size;
    bool (*take)(void *self, size_t bytes, bool last);
    void *self;
};

/* first < 0 = all elements, of any rank. Rows are along `axis`; axes before it have length 1. */
struct h5_wanted {
    int64_t first, step, count;
    enum h5_type type;
    int axis;
};
enum status h5_read_rows(const struct h5_file *f, const struct h5_dataset *d, const char *name,
                         const struct h5_wanted *wanted, const struct h5_sink *sink);

/* text.c: attribute NULL = texts of a dataset. */
enum status h5_text_read(struct h5_file *f, const char *object, const char *attr, struct h5_texts *out);

/* What an attribute is; the numbers of `info` are not set if there is none. */
enum status h5_text_describe(const struct h5_file *f, const char *object, const char *attr, bool *has,
                             struct h5_info *info);

/* Exactly `count` numbers of an attribute as doubles or, if `integers`, as the bits of int64 or uint64;
 * only those of integers can be told apart. */
enum status h5_text_numbers(struct h5_file *f, const char *object, const char *attr, bool integers,
                            int64_t count, bool *is_unsigned, void *out);

/* virtual.c: STATUS_DATA if the dataset is virtual and one of its sources is missing. */
enum status h5_check_sources(const struct h5_file *f, hid_t dataset, const char *name);

hid_t h5_native(enum h5_type type); /* the HDF5 type of an element in memory */

/* ---- requests of the parent and answers of the child ---- */

enum h5_request {
    H5_ASK_OPEN,
    H5_ASK_WHAT,
    H5_ASK_HAS_ATTR,
    H5_ASK_LIST,
    H5_ASK_CHILDREN,
    H5_ASK_COLUMNS,
    H5_ASK_DESCRIBE,
    H5_ASK_DESCRIBE_ATTR,
    H5_ASK_WHICH,
    H5_ASK_DATA_OPEN,
    H5_ASK_DATA_OPEN_FIRST,
    H5_ASK_DATA_READ,
    H5_ASK_TEXTS,
    H5_ASK_INTEGERS,
    H5_ASK_DOUBLES,
    H5_ASK_NEXT, /* the next piece of the answer */
};

#define H5_ROOM_BYTES ((size_t)4 << 20)
#define H5_OPEN_MAX   64 /* datasets of a file at the same time */

struct h5_room {
    /* the request */
    enum h5_request request;
    int dataset;
    bool has_attr_name;
    struct h5_wanted wanted;
    int64_t file_bytes; /* of the file to open, whose path is `object` */
    uint64_t closing;   /* a bit for each dataset to close before all else */
    int64_t names;      /* texts in `piece`, one behind the other */
    char object[H5_PATH_SIZE], attr[H5_PATH_SIZE];
    /* the answer */
    enum status status;
    char text[STATUS_TEXT_SIZE]; /* of the status */
    bool more;                   /* pieces follow, one for every H5_ASK_NEXT */
    bool flag;                   /* has the attribute; is unsigned */
    int64_t number;              /* object; dataset; count of texts; which of the names, -1 = none */
    int64_t which;               /* of the names was opened, -1 = none */
    int64_t bytes;               /* of this piece; of all texts, in the first answer */
    struct h5_info info;
    struct h5_packing packing;
    _Alignas(64) char piece[H5_ROOM_BYTES];
};

/* The side of the caller. */
struct h5 {
    struct guard *guard;
    struct h5_room *room; /* shared with the child */
    char *path;
    bool external;
    uint64_t closing; /* datasets that the next request closes, a bit for each */
};

/* h5.c: sends a request, which stands in the room, and waits for the answer. */
enum status h5_ask(struct h5 *f, enum h5_request request);

/* h5.c: the same about an object, and perhaps an attribute; and an error for an answer that makes no sense:
 * the file may have damaged the memory of the child. */
enum status h5_ask_name(struct h5 *f, enum h5_request request, const char *object, const char *attr);
enum status h5_nonsense(const struct h5 *f);

/* serve.c: what the child runs; `file` is a struct h5_file. */
void h5_serve(struct guard *g, void *file);

/* Fills in the seal of a closed file; `path` names it in messages. */
enum status h5_seal(const char *temporary, const char *path, const char *label);

#endif
