/* safetensors.c - the state_dict as a safetensors file.
 *
 * 8 bytes: the length of the header, little-endian; the header, JSON text that ends with blanks so that the values begin
 * at a multiple of 8; the values, one tensor right behind the other, those of 8 bytes first, so that each is aligned.
 * (github.com/huggingface/safetensors, "Format".) Values are little-endian, as those of the machine are. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "export/export.h"
#include "io/json.h"
#include "io/outfile.h"

#define ALIGNMENT 8
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the values are written as they are");

struct safetensors {
    const struct export_source *source;
    struct export_tensor *tensors; /* in the order of the file */
    int64_t count;
};

/* Sorts stably: counts before all others. */
static enum status safetensors_sort(struct safetensors *f)
{
    struct export_tensor *sorted = NULL;
    int64_t placed = 0;
    TRY(mem_alloc(&sorted, (size_t)f->count, sizeof *sorted, "list of tensors"));
    for (int counts = 1; counts >= 0; counts--)
        for (int64_t i = 0; i < f->count; i++)
            if (f->tensors[i].is_count == counts) sorted[placed++] = f->tensors[i];
    mem_free(&f->tensors);
    f->tensors = sorted;
    return STATUS_OK;
}

static enum status safetensors_add_fact(void *self, const char *key, const char *value)
{
    json_text(self, key, value);
    return STATUS_OK;
}

static void safetensors_add_tensor(struct json *j, const struct export_tensor *t, size_t first)
{
    json_open(j, t->name, '{');
    json_text(j, "dtype", t->is_count ? "I64" : "F32");
    json_open(j, "shape", '[');
    for (int i = 0; i < t->rank; i++) json_int(j, NULL, t->dims[i]);
    json_close(j, ']');
    json_open(j, "data_offsets", '[');
    json_int(j, NULL, (int64_t)first);
    json_int(j, NULL, (int64_t)(first + t->bytes));
    json_close(j, ']');
    json_close(j, '}');
}

static enum status safetensors_write_header(struct safetensors *f, FILE *out)
{
    struct json j = {.out = out};
    size_t first = 0;
    json_open(&j, NULL, '{');
    json_open(&j, "__metadata__", '{');
    json_text(&j, "format", "pt"); /* whose names and shapes these are; other programs look for it */
    TRY(export_each_fact(f->source, safetensors_add_fact, &j));
    json_close(&j, '}');
    for (int64_t i = 0; i < f->count; first += f->tensors[i++].bytes)
        safetensors_add_tensor(&j, &f->tensors[i], first);
    json_close(&j, '}');
    return STATUS_OK;
}

static void safetensors_write_values(const struct safetensors *f, const char *header, size_t bytes, FILE *out)
{
    uint64_t length = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    fwrite(&length, sizeof length, 1, out);
    fprintf(out, "%s%*s", header, (int)(length - bytes), "");
    for (int64_t i = 0; i < f->count; i++) fwrite(f->tensors[i].values, 1, f->tensors[i].bytes, out);
}

static enum status safetensors_write_file(struct safetensors *f, const char *path)
{
    char *header = NULL;
    size_t bytes = 0;
    FILE *text = open_memstream(&header, &bytes), *out;
    if (!text) return status_fail(STATUS_OTHER, "%s: out of memory", path);
    enum status status = safetensors_write_header(f, text);
    if (fclose(text) != 0 && status == STATUS_OK)
        status = status_fail(STATUS_OTHER, "%s: out of memory", path);
    if (status == STATUS_OK) status = outfile_open(&out, path);
    if (status == STATUS_OK) {
        safetensors_write_values(f, header, bytes, out);
        status = outfile_close(out, path);
    }
    free(header);
    return status;
}

static enum status safetensors_write(const struct export_source *s, const char *path)
{
    struct safetensors f = {.source = s};
    TRY(export_list_tensors(s, &f.tensors, &f.count));
    enum status status = safetensors_sort(&f);
    if (status == STATUS_OK) status = safetensors_write_file(&f, path);
    mem_free(&f.tensors);
    return status;
}

extern const struct export_format format_safetensors;
const struct export_format format_safetensors = {
    .name = "safetensors",
    .ending = ".safetensors",
    .help =
        "the weights, with names and shapes as in a PyTorch state_dict; classes and normalisation as metadata",
    .write = safetensors_write,
};
