/* facts.c - what stands beside the weights: classes, normalisation, program, as texts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/export.h"
#include "io/json.h"

/* Where facts go; `value` is a stream in memory that holds one of them at a time. */
struct facts {
    const struct export_source *source;
    enum status (*add)(void *self, const char *key, const char *value);
    void *self;
};

typedef void facts_write(struct json *j, const struct export_source *s);

static void facts_write_reals(struct json *j, const char *key, int64_t count, const float *values)
{
    json_open(j, key, '[');
    for (int64_t i = 0; i < count; i++) json_real(j, NULL, (double)values[i]);
    json_close(j, ']');
}

static void facts_write_shape(struct json *j, const char *key, struct shape shape)
{
    int64_t dims[1 + SHAPE_AXES];
    int count = shape_dims(shape, dims);
    json_open(j, key, '[');
    for (int i = 0; i < count; i++) json_int(j, NULL, dims[i]);
    json_close(j, ']');
}

static void facts_write_classes(struct json *j, const struct export_source *s)
{
    json_open(j, NULL, '[');
    for (int64_t i = 0; i < s->name_count; i++) json_text(j, NULL, s->names[i]);
    json_close(j, ']');
}

static void facts_write_transform(struct json *j, const struct transform *t)
{
    json_open(j, NULL, '{');
    json_text(j, "kind", t->step->kind->name);
    if (t->ops->reshape) {
        facts_write_shape(j, "shape", t->out);
    } else {
        facts_write_reals(j, "a", t->runs, t->a);
        facts_write_reals(j, "b", t->runs, t->b);
    }
    json_close(j, '}');
}

/* The features of a sample are as many equal runs as there are means; y = (x - mean) / std. */
static void facts_write_normalization(struct json *j, const struct export_source *s)
{
    const struct normal *n = &s->normal;
    json_open(j, NULL, '{');
    json_text(j, "features", feature_type_name(n->type));
    facts_write_shape(j, "stored_shape", s->shapes.stored);
    facts_write_shape(j, "input_shape", model_input_shape(s->model));
    facts_write_reals(j, "mean", n->channels, n->mean);
    facts_write_reals(j, "std", n->channels, n->std);
    if (n->missing) facts_write_reals(j, "missing", n->channels, n->missing);
    json_open(j, "transforms", '[');
    for (int i = 0; i < n->transforms.count; i++) facts_write_transform(j, &n->transforms.of[i]);
    json_close(j, ']');
    json_close(j, '}');
}

/* Values in original units are outputs * std + mean. */
static void facts_write_targets(struct json *j, const struct export_source *s)
{
    json_open(j, NULL, '{');
    facts_write_reals(j, "mean", s->targets.channels, s->targets.mean);
    facts_write_reals(j, "std", s->targets.channels, s->targets.std);
    json_close(j, '}');
}

/* Adds a fact that is JSON text. */
static enum status facts_add_json(const struct facts *f, const char *key, facts_write *write)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out) return status_fail(STATUS_OTHER, "out of memory for the facts of the model");
    write(&(struct json){.out = out}, f->source);
    enum status status = fclose(out) == 0 ? f->add(f->self, key, text)
                                          : status_fail(STATUS_OTHER, "out of memory for the facts");
    free(text);
    return status;
}

enum status export_each_fact(const struct export_source *s,
                             enum status (*add)(void *self, const char *key, const char *value), void *self)
{
    static const char *const tasks[] = {
        [TASK_CLASSES] = "classes", [TASK_LABELS] = "labels", [TASK_VALUES] = "values"};
    const struct facts f = {s, add, self};
    char hash[24], step[24];
    snprintf(hash, sizeof hash, "%016" PRIx64, s->weights_hash);
    snprintf(step, sizeof step, "%" PRId64, s->step);
    TRY(add(self, "program", "ddp_train " DDP_VERSION));
    TRY(add(self, "name", s->config->run_name));
    TRY(add(self, "step", step));
    TRY(add(self, "weights", s->averaged ? "averaged" : "plain"));
    TRY(add(self, "weights_hash", hash));
    TRY(add(self, "task", tasks[loss_task(&s->loss)]));
    TRY(add(self, "loss", s->loss.ops->name));
    if (s->names) TRY(facts_add_json(&f, "class_names", facts_write_classes));
    TRY(facts_add_json(&f, "normalization", facts_write_normalization));
    return s->targets.channels > 0 ? facts_add_json(&f, "targets", facts_write_targets) : STATUS_OK;
}
