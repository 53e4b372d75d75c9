/* weights.c - writes weights.pt as torch.save does: a zip archive with a pickled state_dict and a file for each tensor.
 *
 * data.pkl is an OrderedDict of tensors in pickle's protocol 2 (docs.python.org/3/library/pickletools.html), each made
 * by torch._utils._rebuild_tensor_v2 from a storage that is named as a persistent object. torch.load with
 * weights_only=True takes it: it has no other globals. Tensors that layers share are one storage, as torch keeps them. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "export/pytorch/private.h"
#include "io/zip.h"

#define STOPS 3 /* data.pkl, byteorder, version */

struct weights {
    const struct export_tensor *tensors;
    int64_t count;
    int64_t *storages; /* [count]: the tensor whose storage it has, its own or an earlier one */
    FILE *pickle;
};

static void weights_put_text(const struct weights *w, const char *text)
{
    uint32_t bytes = (uint32_t)strlen(text);
    fputc('X', w->pickle); /* BINUNICODE */
    fwrite(&bytes, sizeof bytes, 1, w->pickle);
    fputs(text, w->pickle);
}

static void weights_put_integer(const struct weights *w, int64_t value)
{
    int32_t small = (int32_t)value;
    fputc(small == value ? 'J' : '\x8a', w->pickle); /* BININT, or LONG1 with its length */
    if (small != value) fputc(sizeof value, w->pickle);
    fwrite(small == value ? (const void *)&small : &value, small == value ? sizeof small : sizeof value, 1,
           w->pickle);
}

static void weights_put_dims(const struct weights *w, const struct export_tensor *t, bool strides)
{
    fputc('(', w->pickle); /* MARK .. TUPLE */
    for (int i = 0; i < t->rank; i++) {
        int64_t value = strides ? 1 : t->dims[i];
        for (int k = i + 1; strides && k < t->rank; k++) value *= t->dims[k];
        weights_put_integer(w, value);
    }
    fputc('t', w->pickle);
}

/* _rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict()) */
static void weights_put_tensor(const struct weights *w, int64_t index)
{
    const struct export_tensor *t = &w->tensors[index];
    char key[24];
    snprintf(key, sizeof key, "%lld", (long long)w->storages[index]);
    fputs("ctorch._utils\n_rebuild_tensor_v2\n((", w->pickle);
    weights_put_text(w, "storage");
    fprintf(w->pickle, "ctorch\n%s\n", t->is_count ? "LongStorage" : "FloatStorage");
    weights_put_text(w, key);
    weights_put_text(w, "cpu");
    weights_put_integer(w, (int64_t)(t->bytes / (t->is_count ? sizeof(int64_t) : sizeof(float))));
    fputs("tQ", w->pickle); /* TUPLE, BINPERSID */
    weights_put_integer(w, 0);
    weights_put_dims(w, t, false);
    weights_put_dims(w, t, true);
    fputs("\x89"
          "ccollections\nOrderedDict\n)RtR",
          w->pickle); /* NEWFALSE, an empty OrderedDict, REDUCE */
}

static void weights_put_all(const struct weights *w)
{
    fputs("\x80\x02"
          "ccollections\nOrderedDict\n)R(",
          w->pickle); /* PROTO 2, an OrderedDict, MARK */
    for (int64_t i = 0; i < w->count; i++) {
        weights_put_text(w, w->tensors[i].name);
        weights_put_tensor(w, i);
    }
    fputs("u.", w->pickle); /* SETITEMS, STOP */
}

/* Tensors with the same values in memory are one. */
static void weights_find_storages(struct weights *w)
{
    for (int64_t i = 0; i < w->count; i++) {
        const struct export_tensor *t = &w->tensors[i];
        w->storages[i] = i;
        for (int64_t k = 0; k < i && !t->is_count && w->storages[i] == i; k++)
            if (w->tensors[k].values == t->values) w->storages[i] = k;
    }
}

static enum status weights_write_archive(struct weights *w, FILE *out)
{
    struct zip z;
    char *text = NULL, name[ZIP_NAME];
    size_t bytes = 0;
    w->pickle = open_memstream(&text, &bytes);
    if (!w->pickle) return status_fail(STATUS_OTHER, "out of memory for the weights");
    weights_put_all(w);
    fclose(w->pickle);
    enum status status = zip_begin(&z, out, (size_t)w->count + STOPS);
    if (status == STATUS_OK) {
        zip_add(&z, "weights/data.pkl", text, bytes);
        zip_add(&z, "weights/byteorder", "little", strlen("little"));
        for (int64_t i = 0; i < w->count; i++) {
            if (w->storages[i] != i) continue;
            snprintf(name, sizeof name, "weights/data/%lld", (long long)i);
            zip_add(&z, name, w->tensors[i].values, w->tensors[i].bytes);
        }
        zip_add(&z, "weights/version", "3\n", strlen("3\n"));
        zip_end(&z);
    }
    free(text);
    return status;
}

/* The layers' tensors, then the model's own. */
static enum status weights_join(const struct export_source *s, struct export_tensor **list, int64_t *count)
{
    struct pytorch_buffers buffers;
    struct export_tensor *layers = NULL;
    pytorch_list_buffers(s, &buffers);
    TRY(export_list_tensors(s, &layers, count));
    enum status status = mem_alloc(list, (size_t)(*count + buffers.count), sizeof **list, "list of tensors");
    if (status == STATUS_OK) {
        if (*count) memcpy(*list, layers, (size_t)*count * sizeof **list);
        memcpy(*list + *count, buffers.of, (size_t)buffers.count * sizeof **list);
        *count += buffers.count;
    }
    mem_free(&layers);
    return status;
}

enum status pytorch_write_weights(const struct export_source *s, FILE *out)
{
    struct export_tensor *list = NULL;
    struct weights w = {.count = 0};
    TRY(weights_join(s, &list, &w.count));
    w.tensors = list;
    enum status status = mem_alloc(&w.storages, (size_t)w.count, sizeof *w.storages, "list of tensors");
    if (status == STATUS_OK) {
        weights_find_storages(&w);
        status = weights_write_archive(&w, out);
    }
    mem_free(&w.storages);
    mem_free(&list);
    return status;
}
