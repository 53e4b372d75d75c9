/* policy.c - what an untrusted file may do: no other files, no plugins, no more memory than it has bytes. */
#include <inttypes.h>

#include "io/deflate.h"
#include "io/h5/private.h"

#define SMALL     ((int64_t)64 << 20) /* no harm, even if it was never written and reads as zeros */
#define CHUNK_MAX ((int64_t)1 << 30)

#define ASK_USER "if you trust the file, set data.allow_external (--allow-external)"

enum status h5_policy_storage(const struct h5_file *f, hid_t list, const char *name)
{
    if (f->external) return STATUS_OK;
    if (H5Pget_layout(list) == H5D_VIRTUAL)
        return status_fail(STATUS_DATA,
                           "%s: %s: is a virtual dataset, whose rows lie in other files; " ASK_USER, f->path,
                           name);
    if (H5Pget_external_count(list) != 0)
        return status_fail(STATUS_DATA, "%s: %s: lies in other files (external storage); " ASK_USER, f->path,
                           name);
    return STATUS_OK;
}

static bool h5_policy_is_built_in(int filter)
{
    switch (filter) {
    case H5Z_FILTER_DEFLATE:
    case H5Z_FILTER_SHUFFLE:
    case H5Z_FILTER_FLETCHER32:
    case H5Z_FILTER_SZIP:
    case H5Z_FILTER_NBIT:
    case H5Z_FILTER_SCALEOFFSET:
        return true;
    default:
        return false;
    }
}

enum status h5_policy_filters(const struct h5_file *f, const char *name, const struct h5_info *info)
{
    for (int i = 0; i < info->filter_count; i++) {
        const struct h5_filter *filter = &info->filters[i];
        const char *called = filter->name[0] ? filter->name : "no name";
        if (!f->external && !h5_policy_is_built_in(filter->id))
            return status_fail(
                STATUS_DATA,
                "%s: %s: is compressed with filter %d (%s), and only HDF5's own filters are used; "
                "rewrite it with h5repack -f GZIP=1 IN OUT, or set data.allow_external "
                "(--allow-external) to load plugins",
                f->path, name, filter->id, called);
        if (!filter->available)
            return status_fail(
                STATUS_DATA,
                "%s: %s: is compressed with filter %d (%s), which is not available here; install "
                "its plugin and set HDF5_PLUGIN_PATH, or rewrite it with h5repack -f GZIP=1 IN OUT",
                f->path, name, filter->id, called);
    }
    return STATUS_OK;
}

/* What `stored` bytes may become. */
static bool h5_policy_can_be(int64_t bytes, int64_t stored, bool filtered)
{
    return bytes <= stored || (filtered && bytes / DEFLATE_RATIO_MAX <= stored);
}

static enum status h5_policy_check_chunk(const struct h5_file *f, const char *name,
                                         const struct h5_info *info, int64_t stored)
{
    int64_t bytes = info->bytes;
    bool fits = true;
    for (int i = 0; fits && i < info->rank; i++)
        fits = !__builtin_mul_overflow(bytes, info->chunk[i], &bytes);
    if (!fits || bytes > CHUNK_MAX)
        return status_fail(STATUS_DATA,
                           "%s: %s: has chunks of more than %" PRId64
                           " MB; rewrite it with smaller ones (h5repack -l CHUNK=... IN OUT)",
                           f->path, name, CHUNK_MAX >> 20);
    if (bytes <= SMALL || h5_policy_can_be(bytes, stored, info->filter_count > 0)) return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: %s: declares chunks of %" PRId64 " bytes, but only %" PRId64
                       " are stored; the file is incomplete, damaged or malicious",
                       f->path, name, bytes, stored);
}

enum status h5_policy_sizes(const struct h5_file *f, hid_t dataset, const char *name,
                            const struct h5_info *info)
{
    if (f->external) return STATUS_OK; /* the rows may lie anywhere */
    int64_t declared = info->elements * info->bytes, stored = (int64_t)H5Dget_storage_size(dataset);
    haddr_t offset = info->is_chunked ? HADDR_UNDEF : H5Dget_offset(dataset);
    if (stored < 0 || stored > f->bytes) stored = f->bytes; /* several chunks may claim the same place */
    bool inside =
        offset == HADDR_UNDEF || (offset <= (haddr_t)f->bytes && declared <= f->bytes - (int64_t)offset);
    if (!inside || (declared > SMALL && !h5_policy_can_be(declared, stored, info->filter_count > 0)))
        return status_fail(STATUS_DATA,
                           "%s: %s: declares %" PRId64 " bytes, but only %" PRId64
                           " are stored; the file is incomplete, damaged or malicious",
                           f->path, name, declared, inside ? stored : f->bytes);
    return info->is_chunked ? h5_policy_check_chunk(f, name, info, stored) : STATUS_OK;
}
