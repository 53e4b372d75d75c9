/* unzip.c - reads members of zip files through libzip. */
#include "io/archive/unzip.h"

#include <string.h>
#include <zip.h>

#include "core/mem.h"
#include "io/deflate.h"

#define SKIP 4096

struct unzip {
    zip_t *zip;
    zip_file_t *member; /* that is being read */
    int64_t left;       /* bytes of it */
    char *path;
};

static enum status unzip_fail(const struct unzip *z, zip_error_t *error)
{
    return status_fail(STATUS_DATA, "%s: is truncated or damaged (%s); copy or write it again", z->path,
                       zip_error_strerror(error));
}

static enum status unzip_open_file(struct unzip *z)
{
    int code;
    z->zip = zip_open(z->path, ZIP_RDONLY, &code);
    if (z->zip) return STATUS_OK;
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    enum status status = unzip_fail(z, &error);
    zip_error_fini(&error);
    return status;
}

enum status unzip_open(struct unzip **out, const char *path)
{
    struct unzip *z = NULL;
    *out = NULL;
    TRY(mem_alloc(&z, 1, sizeof *z, "zip file"));
    enum status status = mem_copy_text(&z->path, path);
    if (status == STATUS_OK) status = unzip_open_file(z);
    if (status != STATUS_OK)
        unzip_close(&z);
    else
        *out = z;
    return status;
}

void unzip_close(struct unzip **z)
{
    if (!*z) return;
    if ((*z)->member) zip_fclose((*z)->member);
    if ((*z)->zip) zip_discard((*z)->zip);
    mem_free(&(*z)->path);
    mem_free(z);
}

int64_t unzip_count(struct unzip *z)
{
    return zip_get_num_entries(z->zip, 0);
}

const char *unzip_name(struct unzip *z, int64_t member)
{
    const char *name = zip_get_name(z->zip, (zip_uint64_t)member, ZIP_FL_ENC_RAW);
    return name ? name : "";
}

int64_t unzip_find(struct unzip *z, const char *name)
{
    return zip_name_locate(z->zip, name, ZIP_FL_ENC_RAW);
}

enum status unzip_bytes(struct unzip *z, int64_t member, int64_t *bytes)
{
    zip_stat_t facts;
    const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    if (zip_stat_index(z->zip, (zip_uint64_t)member, 0, &facts) != 0)
        return unzip_fail(z, zip_get_error(z->zip));
    bool deflated = facts.comp_method == ZIP_CM_DEFLATE;
    if ((facts.valid & needed) != needed || (!deflated && facts.comp_method != ZIP_CM_STORE) ||
        ((facts.valid & ZIP_STAT_ENCRYPTION_METHOD) && facts.encryption_method != ZIP_EM_NONE))
        return status_fail(STATUS_DATA, "%s: %s: is encrypted or compressed in a way that is not supported",
                           z->path, unzip_name(z, member));
    zip_uint64_t packed = facts.comp_size, max = deflated ? packed * DEFLATE_RATIO_MAX : packed;
    if (packed > INT64_MAX / DEFLATE_RATIO_MAX || facts.size > max)
        return status_fail(STATUS_DATA, "%s: %s: declares more bytes than the file can hold", z->path,
                           unzip_name(z, member));
    *bytes = (int64_t)facts.size;
    return STATUS_OK;
}

static enum status unzip_skip(struct unzip *z, int64_t bytes)
{
    char skipped[SKIP];
    for (; bytes > 0; bytes -= bytes < SKIP ? bytes : SKIP)
        TRY(unzip_read(z, skipped, (size_t)(bytes < SKIP ? bytes : SKIP)));
    return STATUS_OK;
}

enum status unzip_begin(struct unzip *z, int64_t member, int64_t offset)
{
    TRY(unzip_bytes(z, member, &z->left));
    if (z->member) zip_fclose(z->member);
    z->member = zip_fopen_index(z->zip, (zip_uint64_t)member, 0);
    if (!z->member) return unzip_fail(z, zip_get_error(z->zip));
    return unzip_skip(z, offset);
}

enum status unzip_read(struct unzip *z, void *out, size_t bytes)
{
    for (char *to = out; bytes > 0;) {
        zip_int64_t got = zip_fread(z->member, to, bytes);
        if (got < 0) return unzip_fail(z, zip_file_get_error(z->member));
        if (got == 0)
            return status_fail(STATUS_DATA, "%s: is truncated or damaged; copy or write it again", z->path);
        to += got;
        bytes -= (size_t)got;
        z->left -= got;
    }
    return STATUS_OK;
}

/* The checksum is compared where libzip finds the end. */
enum status unzip_end(struct unzip *z)
{
    char extra;
    enum status status = STATUS_OK;
    if (z->left == 0 && zip_fread(z->member, &extra, 1) < 0)
        status = unzip_fail(z, zip_file_get_error(z->member));
    zip_fclose(z->member);
    z->member = NULL;
    return status;
}

const char *unzip_version(void)
{
    return zip_libzip_version();
}
