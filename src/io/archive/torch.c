/* torch.c - finds the tensors of a zip file of torch.save: a pickle that describes them, and a member for each storage. */
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "io/archive/pickle.h"
#include "io/archive/zipped.h"

struct torch_file {
    struct archive *archive;
    struct unzip *zip;
    const char *root;
};

static const struct archive_type_name types[] = {{"HalfStorage", ARCHIVE_F16},
                                                 {"BFloat16Storage", ARCHIVE_BF16},
                                                 {"FloatStorage", ARCHIVE_F32},
                                                 {"DoubleStorage", ARCHIVE_F64},
                                                 {"LongStorage", ARCHIVE_INTEGER},
                                                 {"IntStorage", ARCHIVE_INTEGER},
                                                 {"ShortStorage", ARCHIVE_INTEGER},
                                                 {"CharStorage", ARCHIVE_INTEGER},
                                                 {"ByteStorage", ARCHIVE_INTEGER},
                                                 {"BoolStorage", ARCHIVE_INTEGER},
                                                 {NULL, ARCHIVE_OTHER}};

/* Sets the order of the axes: those of length 1 first, the others by their strides. A tensor whose numbers are not all
 * and only those of one piece of its storage cannot be read in order. */
static void torch_order(struct archive_entry *e, const struct pickle_tensor *t)
{
    int count = 0;
    for (int i = 0; i < e->rank; i++)
        if (e->dims[i] == 1) e->axes[count++] = i;
    for (int i = 0, first = count; i < e->rank; i++) {
        if (e->dims[i] == 1) continue;
        int place = count++;
        for (; place > first && t->strides[e->axes[place - 1]] < t->strides[i]; place--)
            e->axes[place] = e->axes[place - 1];
        e->axes[place] = i;
    }
    int64_t step = 1;
    for (int i = e->rank - 1; i >= 0 && e->elements > 0; i--) {
        int64_t length = e->dims[e->axes[i]];
        if (length != 1 && t->strides[e->axes[i]] != step)
            snprintf(e->problem, sizeof e->problem, "is a view with gaps or repeats: save its .contiguous()");
        step *= length;
    }
}

static enum status torch_find_values(const struct torch_file *f, struct archive_entry *e,
                                     const struct pickle_tensor *t)
{
    char member[2 * ARCHIVE_NAME];
    int64_t bytes, width = archive_type_bytes(e->type);
    snprintf(member, sizeof member, "%s/data/%s", f->root, t->key);
    e->member = unzip_find(f->zip, member);
    if (e->member < 0)
        return status_fail(STATUS_DATA, "%s: %s: its values are missing (%s); the file is damaged",
                           f->archive->path, e->name, member);
    TRY(unzip_bytes(f->zip, e->member, &bytes));
    if (t->stored > bytes / width || e->elements > t->stored || t->offset > t->stored - e->elements)
        return status_fail(STATUS_DATA, "%s: %s: its values are outside of what the file holds",
                           f->archive->path, e->name);
    e->offset = t->offset * width;
    return STATUS_OK;
}

static enum status torch_add(void *self, const char *name, const struct pickle_tensor *t)
{
    struct torch_file *f = self;
    struct archive_entry *e;
    TRY(archive_add(f->archive, &e));
    e->rank = t->rank;
    memcpy(e->dims, t->dims, sizeof e->dims);
    TRY(archive_settle(f->archive, e, name));
    archive_set_type(e, types, t->storage);
    if (*e->problem) return STATUS_OK;
    torch_order(e, t);
    return *e->problem ? STATUS_OK : torch_find_values(f, e, t);
}

/* Newer versions of PyTorch say in which order the bytes of a number stand. */
static enum status torch_check_order(const struct torch_file *f)
{
    char name[2 * ARCHIVE_NAME], word[6];
    int64_t bytes;
    snprintf(name, sizeof name, "%s/byteorder", f->root);
    int64_t member = unzip_find(f->zip, name);
    if (member < 0) return STATUS_OK;
    TRY(unzip_bytes(f->zip, member, &bytes));
    if (bytes == sizeof word) {
        TRY(unzip_begin(f->zip, member, 0));
        TRY(unzip_read(f->zip, word, sizeof word));
        TRY(unzip_end(f->zip));
        if (memcmp(word, "little", sizeof word) == 0) return STATUS_OK;
    }
    return status_fail(STATUS_DATA, "%s: was written on a machine with another order of bytes",
                       f->archive->path);
}

static enum status torch_read_pickle(struct torch_file *f, const uint8_t *bytes, int64_t size)
{
    struct pickle *p;
    enum status status = pickle_read(&p, bytes, (size_t)size);
    if (status == STATUS_OK) status = pickle_each_tensor(p, torch_add, f);
    pickle_destroy(&p);
    return status == STATUS_OK ? status : status_at(status, "%s", f->archive->path);
}

enum status torch_list(struct archive *a, struct unzip *zip, const char *root)
{
    struct torch_file f = {a, zip, root};
    char name[2 * ARCHIVE_NAME];
    int64_t size;
    uint8_t *bytes;
    TRY(torch_check_order(&f));
    snprintf(name, sizeof name, "%s/data.pkl", root);
    int64_t member = unzip_find(zip, name);
    TRY(unzip_bytes(zip, member, &size));
    enum status status = pickle_check_size(size);
    if (status != STATUS_OK) return status_at(status, "%s", a->path);
    TRY(unzip_begin(zip, member, 0));
    TRY(mem_alloc(&bytes, (size_t)size + 1, 1, "description of weights"));
    status = unzip_read(zip, bytes, (size_t)size);
    if (status == STATUS_OK) status = unzip_end(zip);
    if (status == STATUS_OK) status = torch_read_pickle(&f, bytes, size);
    mem_free(&bytes);
    return status;
}
