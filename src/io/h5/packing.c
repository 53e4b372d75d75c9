/* packing.c - what NetCDF's attributes say of the numbers of a dataset; runs in the child. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/mem.h"
#include "io/h5/private.h"

#define NUMBERS_MAX H5_FILLS_MAX

/* Numbers of an attribute, up to NUMBERS_MAX. */
struct packing_numbers {
    int count; /* 0 = there is none, or it holds no numbers */
    bool single;
    struct h5_number of[NUMBERS_MAX];
};

static bool packing_is_whole(double value)
{
    return value >= -0x1p63 && value < 0x1p63 && value == floor(value);
}

/* As the type that is stored, so that no integer is rounded. */
static enum status packing_read(const struct h5_file *f, const char *where, hid_t attr, hid_t type,
                                struct packing_numbers *out)
{
    bool integers = H5Tget_class(type) == H5T_INTEGER,
         is_unsigned = integers && H5Tget_sign(type) == H5T_SGN_NONE;
    int64_t whole[NUMBERS_MAX];
    double real[NUMBERS_MAX];
    hid_t memory = !integers ? H5T_NATIVE_DOUBLE : is_unsigned ? H5T_NATIVE_UINT64 : H5T_NATIVE_INT64;
    if (H5Aread(attr, memory, integers ? (void *)whole : (void *)real) < 0)
        return status_fail(STATUS_DATA, "%s: %s: cannot be read: %s", f->path, where, h5_cause());
    out->single = !integers && H5Tget_size(type) <= sizeof(float);
    for (int i = 0; i < out->count; i++) {
        struct h5_number *n = &out->of[i];
        n->real = !integers ? real[i] : is_unsigned ? (double)(uint64_t)whole[i] : (double)whole[i];
        n->is_whole = integers ? !is_unsigned || whole[i] >= 0 : packing_is_whole(n->real);
        if (n->is_whole) n->whole = integers ? whole[i] : (int64_t)n->real;
    }
    return STATUS_OK;
}

static enum status packing_find(const struct h5_file *f, hid_t dataset, const char *name, const char *attr,
                                struct packing_numbers *out)
{
    *out = (struct packing_numbers){0};
    if (H5Aexists(dataset, attr) <= 0) return STATUS_OK;
    hid_t id = H5Aopen(dataset, attr, H5P_DEFAULT);
    if (id < 0)
        return status_fail(STATUS_DATA, "%s: %s: attribute '%s' is damaged: %s", f->path, name, attr,
                           h5_cause());
    hid_t type = H5Aget_type(id), space = H5Aget_space(id);
    H5T_class_t class = H5Tget_class(type);
    hssize_t points = H5Sget_simple_extent_npoints(space);
    size_t room = class == H5T_INTEGER ? sizeof(int64_t) : sizeof(long double);
    enum status status = STATUS_OK;
    if ((class == H5T_INTEGER || class == H5T_FLOAT) && points > 0 && H5Tget_size(type) <= room) {
        out->count = (int)(points < NUMBERS_MAX + 1 ? points : NUMBERS_MAX + 1);
        if (out->count > NUMBERS_MAX)
            status = status_fail(STATUS_DATA, "%s: %s: attribute '%s' holds more than %d numbers", f->path,
                                 name, attr, NUMBERS_MAX);
        else
            status = packing_read(f, attr, id, type, out);
    }
    if (type >= 0) H5Tclose(type);
    if (space >= 0) H5Sclose(space);
    H5Aclose(id);
    return status;
}

/* scale_factor or add_offset: one number, if there is the attribute. */
static enum status packing_find_factor(const struct h5_file *f, hid_t dataset, const char *name,
                                       const char *attr, struct h5_packing *p, double *value)
{
    struct packing_numbers n;
    TRY(packing_find(f, dataset, name, attr, &n));
    if (n.count == 0 && H5Aexists(dataset, attr) <= 0) return STATUS_OK;
    if (n.count != 1 || !isfinite(n.of[0].real) || (strcmp(attr, "scale_factor") == 0 && n.of[0].real == 0))
        return status_fail(STATUS_DATA, "%s: %s: attribute '%s' is not a number to unpack values with",
                           f->path, name, attr);
    *value = n.of[0].real;
    p->single = (p->single || !p->is_packed) && n.single;
    p->is_packed = true;
    return STATUS_OK;
}

/* NaN is missing whether or not it is called so. */
static enum status packing_add_fills(const struct h5_file *f, hid_t dataset, const char *name,
                                     const char *attr, struct h5_packing *p)
{
    struct packing_numbers n;
    TRY(packing_find(f, dataset, name, attr, &n));
    for (int i = 0; i < n.count; i++) {
        if (isnan(n.of[i].real)) continue;
        if (p->fill_count == H5_FILLS_MAX)
            return status_fail(STATUS_DATA, "%s: %s: has more than %d fill values", f->path, name,
                               H5_FILLS_MAX);
        p->fills[p->fill_count++] = n.of[i];
    }
    return STATUS_OK;
}

/* "true" on signed integers, "false" on unsigned ones: the sign is not as stored. */
static enum status packing_find_sign(struct h5_file *f, hid_t dataset, const char *name,
                                     const struct h5_info *info, struct h5_packing *p)
{
    struct h5_texts text;
    if (info->kind != H5_KIND_INT || H5Aexists(dataset, "_Unsigned") <= 0) return STATUS_OK;
    TRY(h5_text_read(f, name, "_Unsigned", &text));
    bool is_true = strcasecmp(text.block, "true") == 0, is_false = strcasecmp(text.block, "false") == 0;
    mem_free(&text.block);
    if (!is_true && !is_false)
        return status_fail(STATUS_DATA, "%s: %s: attribute '_Unsigned' is neither true nor false", f->path,
                           name);
    p->other_sign = is_true == info->is_signed;
    return STATUS_OK;
}

enum status h5_packing_read(struct h5_file *f, const char *name, const struct h5_dataset *d,
                            struct h5_packing *out)
{
    const struct h5_info *info = &d->info;
    H5O_info_t object;
    *out = (struct h5_packing){.scale = 1};
    if (H5Oget_info2(d->id, &object, H5O_INFO_NUM_ATTRS) >= 0 && object.num_attrs == 0) return STATUS_OK;
    if ((info->kind != H5_KIND_INT && info->kind != H5_KIND_REAL) || info->is_bits || *d->column)
        return STATUS_OK;
    TRY(packing_find_factor(f, d->id, name, "scale_factor", out, &out->scale));
    TRY(packing_find_factor(f, d->id, name, "add_offset", out, &out->offset));
    TRY(packing_add_fills(f, d->id, name, "_FillValue", out));
    TRY(packing_add_fills(f, d->id, name, "missing_value", out));
    return packing_find_sign(f, d->id, name, info, out);
}

/* The number that a stored one stands for. */
static double packing_unpack(const struct h5_packing *p, const struct h5_info *info, double value)
{
    double range = ldexp(1, 8 * info->bytes);
    if (p->other_sign && info->is_signed && value < 0) value += range;
    if (p->other_sign && !info->is_signed && value >= range / 2) value -= range;
    if (!p->is_packed) return value;
    if (!p->single) return value * p->scale + p->offset;
    float scaled = (float)value * (float)p->scale;
    return (double)(scaled + (float)p->offset);
}

void h5_packing_apply(const struct h5_packing *p, const struct h5_info *info, enum h5_type type,
                      size_t elements, void *values)
{
    for (size_t i = 0; i < elements; i++) {
        double stored, value;
        int fill = 0;
        memcpy(&stored, (const char *)values + i * sizeof stored, sizeof stored);
        while (fill < p->fill_count && p->fills[fill].real != stored) fill++;
        value = packing_unpack(p, info, stored);
        uint64_t missing = fill < p->fill_count ? (uint64_t)fill + 1 : 0;
        if (type == H5_TYPE_F64) {
            uint64_t bits = UINT64_C(0x7ff8000000000000) | missing << 29;
            if (missing || isnan(value)) memcpy(&value, &bits, sizeof value);
            memcpy((char *)values + i * sizeof value, &value, sizeof value);
            continue;
        }
        float narrow = (float)value;
        uint32_t bits = UINT32_C(0x7fc00000) | (uint32_t)missing;
        if (missing || isnan(value)) memcpy(&narrow, &bits, sizeof narrow);
        memcpy((char *)values + i * sizeof narrow, &narrow, sizeof narrow);
    }
}
