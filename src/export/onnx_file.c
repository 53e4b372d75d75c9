/* onnx_file.c - writes a graph as the file that ONNX describes: onnx.proto, a message of Protocol Buffers. */
#include <stdlib.h>
#include <string.h>

#include "export/onnx.h"
#include "io/outfile.h"
#include "io/protobuf.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensors are written as they are");

#define EXTERNAL_BYTES 1024 /* a smaller tensor stays in the message */
#define EXTERNAL_ALIGN 4096 /* places in the other file, for readers that map it into memory */

/* Numbers of fields in onnx.proto. */
enum { MODEL_IR = 1, MODEL_PRODUCER, MODEL_VERSION, MODEL_GRAPH = 7, MODEL_OPSET, MODEL_METADATA = 14 };
enum { OPSET_VERSION = 2 };
enum { ENTRY_KEY = 1, ENTRY_VALUE };
enum { GRAPH_NODE = 1, GRAPH_NAME, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT };
enum { NODE_INPUT = 1, NODE_OUTPUT, NODE_NAME, NODE_OP, NODE_ATTRIBUTE };
enum {
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_REAL,
    ATTRIBUTE_INT,
    ATTRIBUTE_TEXT,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TYPE = 20
};
enum {
    TENSOR_DIMS = 1,
    TENSOR_TYPE,
    TENSOR_NAME_FIELD = 8,
    TENSOR_RAW,
    TENSOR_EXTERNAL = 13,
    TENSOR_LOCATION
};
enum { VALUE_NAME = 1, VALUE_TYPE };
enum { TYPE_TENSOR = 1, TYPE_ELEMENT = 1, TYPE_SHAPE, SHAPE_DIM = 1, DIM_VALUE = 1, DIM_PARAM };

struct onnx_file {
    struct protobuf message;
    const struct onnx *graph;
    const struct export_source *source;
    const char *location; /* the file of large tensors as the message names it; NULL = there is none */
    FILE *data;           /* it, while it is written */
    int64_t data_bytes;   /* so far */
};

static void onnx_file_entry(struct onnx_file *f, int field, const char *key, const char *value)
{
    protobuf_begin(&f->message, field);
    protobuf_text(&f->message, ENTRY_KEY, key);
    protobuf_text(&f->message, ENTRY_VALUE, value);
    protobuf_end(&f->message);
}

static void onnx_file_number(struct onnx_file *f, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)value);
    onnx_file_entry(f, TENSOR_EXTERNAL, key, text);
}

/* ---- nodes ---- */

static void onnx_file_attribute(struct onnx_file *f, const struct onnx_attribute *a)
{
    struct protobuf *m = &f->message;
    protobuf_begin(m, NODE_ATTRIBUTE);
    protobuf_text(m, ATTRIBUTE_NAME, a->name);
    if (a->kind == ONNX_REAL) protobuf_real(m, ATTRIBUTE_REAL, a->real);
    if (a->kind == ONNX_INT) protobuf_int(m, ATTRIBUTE_INT, a->ints[0]);
    if (a->kind == ONNX_TEXT) protobuf_text(m, ATTRIBUTE_TEXT, a->text);
    for (int i = 0; a->kind == ONNX_INTS && i < a->count; i++) protobuf_int(m, ATTRIBUTE_INTS, a->ints[i]);
    protobuf_int(m, ATTRIBUTE_TYPE, a->kind);
    protobuf_end(m);
}

/* Optional inputs at the end are left out, others have an empty name. */
static void onnx_file_node(struct onnx_file *f, const struct onnx_value *v)
{
    struct protobuf *m = &f->message;
    int count = v->input_count;
    while (count > 0 && v->inputs[count - 1] == ONNX_NONE) count--;
    protobuf_begin(m, GRAPH_NODE);
    for (int i = 0; i < count; i++)
        protobuf_text(m, NODE_INPUT, v->inputs[i] == ONNX_NONE ? "" : f->graph->values[v->inputs[i]]->name);
    protobuf_text(m, NODE_OUTPUT, v->name);
    protobuf_text(m, NODE_NAME, v->name);
    protobuf_text(m, NODE_OP, v->op);
    for (int i = 0; i < v->attribute_count; i++) onnx_file_attribute(f, &v->attributes[i]);
    protobuf_end(m);
}

/* ---- tensors ---- */

/* Notes the place of a tensor in the other file, and writes it there. */
static void onnx_file_external(struct onnx_file *f, const struct onnx_value *v, int64_t bytes)
{
    static const char gap[EXTERNAL_ALIGN];
    size_t before = (size_t)(-f->data_bytes & (EXTERNAL_ALIGN - 1));
    f->data_bytes += (int64_t)before;
    onnx_file_entry(f, TENSOR_EXTERNAL, "location", f->location);
    onnx_file_number(f, "offset", f->data_bytes);
    onnx_file_number(f, "length", bytes);
    protobuf_int(&f->message, TENSOR_LOCATION, 1);
    f->data_bytes += bytes;
    if (!f->data) return;
    fwrite(gap, 1, before, f->data); /* outfile_close reports failures */
    fwrite(v->data, 1, (size_t)bytes, f->data);
}

static void onnx_file_tensor(struct onnx_file *f, const struct onnx_value *v)
{
    struct protobuf *m = &f->message;
    int64_t bytes = v->type == ONNX_I64 ? sizeof(int64_t) : sizeof(float);
    protobuf_begin(m, GRAPH_INITIALIZER);
    for (int i = 0; i < v->rank; i++) {
        protobuf_int(m, TENSOR_DIMS, v->dims[i]);
        bytes *= v->dims[i];
    }
    protobuf_int(m, TENSOR_TYPE, v->type);
    protobuf_text(m, TENSOR_NAME_FIELD, v->name);
    if (f->location && bytes >= EXTERNAL_BYTES)
        onnx_file_external(f, v, bytes);
    else
        protobuf_bytes(m, TENSOR_RAW, v->data, bytes);
    protobuf_end(m);
}

/* An input or output; its first axis is N. */
static void onnx_file_end(struct onnx_file *f, int field, const struct onnx_value *v)
{
    struct protobuf *m = &f->message;
    protobuf_begin(m, field);
    protobuf_text(m, VALUE_NAME, v->name);
    protobuf_begin(m, VALUE_TYPE);
    protobuf_begin(m, TYPE_TENSOR);
    protobuf_int(m, TYPE_ELEMENT, v->type);
    protobuf_begin(m, TYPE_SHAPE);
    for (int i = 0; i < v->rank; i++) {
        protobuf_begin(m, SHAPE_DIM);
        if (i == 0)
            protobuf_text(m, DIM_PARAM, ONNX_BATCH);
        else
            protobuf_int(m, DIM_VALUE, v->dims[i]);
        protobuf_end(m);
    }
    for (int i = 0; i < 4; i++) protobuf_end(m);
}

/* ---- the file ---- */

static void onnx_file_graph(struct onnx_file *f)
{
    const struct onnx *g = f->graph;
    protobuf_begin(&f->message, MODEL_GRAPH);
    for (int i = 0; i < g->count; i++)
        if (g->values[i]->kind == ONNX_NODE) onnx_file_node(f, g->values[i]);
    protobuf_text(&f->message, GRAPH_NAME, f->source->config->run_name);
    for (int i = 0; i < g->count; i++)
        if (g->values[i]->kind == ONNX_TENSOR) onnx_file_tensor(f, g->values[i]);
    for (int i = 0; i < g->count; i++)
        if (g->values[i]->kind == ONNX_INPUT) onnx_file_end(f, GRAPH_INPUT, g->values[i]);
    for (int i = 0; i < g->count; i++)
        if (g->values[i]->is_output) onnx_file_end(f, GRAPH_OUTPUT, g->values[i]);
    protobuf_end(&f->message);
}

static enum status onnx_file_add_fact(void *self, const char *key, const char *value)
{
    onnx_file_entry(self, MODEL_METADATA, key, value);
    return STATUS_OK;
}

static enum status onnx_file_model(struct onnx_file *f)
{
    struct protobuf *m = &f->message;
    f->data_bytes = 0;
    protobuf_int(m, MODEL_IR, ONNX_IR);
    protobuf_text(m, MODEL_PRODUCER, "ddp_train");
    protobuf_text(m, MODEL_VERSION, DDP_VERSION);
    onnx_file_graph(f);
    protobuf_begin(m, MODEL_OPSET);
    protobuf_int(m, OPSET_VERSION, ONNX_OPSET);
    protobuf_end(m);
    TRY(export_each_fact(f->source, onnx_file_add_fact, f));
    return m->status;
}

/* Measures the message, again with large tensors elsewhere where it is too large. */
static enum status onnx_file_measure(struct onnx_file *f, const char *location, int64_t limit)
{
    protobuf_init(&f->message);
    TRY(onnx_file_model(f));
    if (f->message.bytes <= limit) return STATUS_OK;
    protobuf_free(&f->message);
    protobuf_init(&f->message);
    f->location = location;
    TRY(onnx_file_model(f));
    if (f->message.bytes <= PROTOBUF_MAX) return STATUS_OK;
    return status_fail(STATUS_OTHER, "the graph alone would have %lld bytes, more than ONNX allows",
                       (long long)f->message.bytes);
}

/* Closes a file, or takes it away where something went wrong. */
static enum status onnx_file_close(enum status status, FILE *out, const char *path)
{
    if (!out || status == STATUS_OK) return out ? outfile_close(out, path) : status;
    outfile_discard(out, path);
    return status;
}

/* The message appears last: then its tensors are there. */
static enum status onnx_file_write(struct onnx_file *f, const char *path, const char *data_path)
{
    FILE *out = NULL;
    enum status status = f->location ? outfile_open(&f->data, data_path) : STATUS_OK;
    if (status == STATUS_OK) status = outfile_open(&out, path);
    if (status == STATUS_OK) {
        protobuf_write_to(&f->message, out);
        status = onnx_file_model(f);
    }
    status = onnx_file_close(status, f->data, data_path);
    return onnx_file_close(status, out, path);
}

enum status onnx_write_file(const struct onnx *g, const struct export_source *s, const char *path,
                            int64_t limit)
{
    struct onnx_file f = {.graph = g, .source = s};
    char *data_path = NULL;
    if (asprintf(&data_path, "%s.data", path) < 0)
        return status_fail(STATUS_OTHER, "%s: out of memory", path);
    const char *slash = strrchr(data_path, '/');
    enum status status = onnx_file_measure(&f, slash ? slash + 1 : data_path, limit);
    if (status == STATUS_OK && f.location) status = export_check_new(s, data_path);
    if (status == STATUS_OK) status = onnx_file_write(&f, path, data_path);
    protobuf_free(&f.message);
    free(data_path);
    return status == STATUS_OK ? STATUS_OK : status_at(status, "%s", path);
}
