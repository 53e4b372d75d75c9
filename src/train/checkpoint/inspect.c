/* inspect.c - prints the contents of a checkpoint. */
#include <inttypes.h>
#include <string.h>

#include "io/h5/h5.h"
#include "io/hash.h"
#include "core/mem.h"
#include "core/utf8.h"
#include "train/checkpoint/private.h"

struct listing {
    struct h5 *file;
    FILE *out;
    struct hash weights;
    int64_t parameters;
    enum status status;
};

/* Opens first: that refuses a dataset that declares more than the file holds. */
static enum status inspect_add_to_hash(struct listing *l, const char *name, const struct h5_info *info)
{
    struct h5_data *data = NULL;
    TRY(h5_data_open(&data, l->file, name));
    h5_data_close(&data);
    float *values = NULL;
    TRY(mem_alloc(&values, (size_t)info->elements, sizeof *values, name));
    enum status status = h5_read(l->file, name, H5_TYPE_F32, info->elements, values);
    if (status == STATUS_OK) hash_add(&l->weights, values, (size_t)info->elements * sizeof *values);
    mem_free(&values);
    l->parameters += info->elements;
    return status;
}

/* Datasets are visited in the order of their paths, which is the order of the hash. */
static void checkpoint_list_dataset(void *self, const char *name, const struct h5_info *info)
{
    struct listing *l = self;
    if (!info || l->status != STATUS_OK) return;
    char shape[H5_TEXT_SIZE], type[H5_TEXT_SIZE], shown[CHECKPOINT_PATH];
    h5_shape_text(info->rank, info->dims, shape);
    h5_type_text(info, type);
    snprintf(shown, sizeof shown, "%s", name);
    utf8_mask_controls(shown);
    fprintf(l->out, "  %-44s %-18s %s\n", shown, shape, type);
    if (strncmp(name, "model/", 6) == 0) l->status = inspect_add_to_hash(l, name, info);
}

static enum status inspect_print_texts(struct h5 *f, FILE *out)
{
    static const char *const names[] = {"program", "kernels", "blas", "features", "labels"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *text = NULL;
        TRY(h5_attr_text(f, "/", names[i], &text));
        utf8_mask_controls(text);
        fprintf(out, "%-14s %s\n", names[i], text);
        mem_free(&text);
    }
    return STATUS_OK;
}

/* Prints the shape of samples, in their file and as the model gets them. */
static enum status inspect_print_shapes(struct h5 *f, FILE *out)
{
    char stored[SHAPE_TEXT], input[SHAPE_TEXT];
    struct checkpoint_facts facts;
    TRY(checkpoint_facts_of(f, &facts));
    shape_text(facts.stored, stored);
    shape_text(facts.input, input);
    bool same = shape_equal(facts.stored, facts.input);
    fprintf(out, "%-14s %s%s%s\n", "samples", stored, same ? "" : ", in the model ", same ? "" : input);
    return STATUS_OK;
}

/* Prints step, epoch and best metric. */
static enum status inspect_print_place(struct h5 *f, FILE *out)
{
    struct progress p = {0};
    TRY(progress_load(&p, f));
    fprintf(out, "%-14s %" PRId64 " (%" PRId64 " changed the weights)\n", "step", p.step, p.updates);
    fprintf(out, "%-14s %" PRId64 " finished", "epoch", p.epoch);
    if (p.position > 0) fprintf(out, ", %" PRId64 " samples of the next one seen", p.position);
    fprintf(out, "%s\n", p.stopped ? ", stopped early" : "");
    const char *group;
    int64_t averaged;
    TRY(checkpoint_find_weights(f, false, &group));
    if (strcmp(group, "average") == 0) {
        TRY(h5_attr_int64(f, "/", "averaged", &averaged));
        fprintf(out, "%-14s %" PRId64 " times the weights, in /average\n", "averaged", averaged);
    }
    if (p.best.has_best)
        fprintf(out, "%-14s %g, %" PRId64 " epochs ago\n", "best", p.best.best, p.best.stale);
    return STATUS_OK;
}

static enum status inspect_print_attributes(struct h5 *f, FILE *out)
{
    static const char *const names[] = {"virtual_ranks", "seed"};
    TRY(inspect_print_texts(f, out));
    TRY(inspect_print_shapes(f, out));
    TRY(inspect_print_place(f, out));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        int64_t value;
        TRY(h5_attr_int64(f, "/", names[i], &value));
        fprintf(out, "%-14s %" PRId64 "\n", names[i], value);
    }
    static const char *const hashes[] = {"model_hash", "data_hash", "val_hash", "optim_hash"};
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        uint64_t value;
        TRY(h5_attr_uint64(f, "/", hashes[i], &value));
        fprintf(out, "%-14s %016" PRIx64 "\n", hashes[i], value);
    }
    return STATUS_OK;
}

static void inspect_print_lines(char *text, FILE *out)
{
    for (char *line; (line = strsep(&text, "\n"));) {
        utf8_mask_controls(line);
        fprintf(out, text ? "%s\n" : "%s", line);
    }
}

static enum status inspect_print_all(struct h5 *f, const char *path, char *config, FILE *out)
{
    uint64_t stated;
    int64_t version;
    struct listing l = {.file = f, .out = out};
    hash_begin(&l.weights);
    TRY(h5_attr_int64(f, "/", "version", &version));
    fprintf(out, "%s: checkpoint of ddp_train, version %" PRId64 "; checksum is correct\n", path, version);
    TRY(inspect_print_attributes(f, out));
    fprintf(out, "\ntensors\n");
    TRY(h5_visit(f, "/", checkpoint_list_dataset, &l));
    TRY(l.status);
    TRY(h5_attr_uint64(f, "/", "weights_hash", &stated));
    fprintf(out, "\nparameters     %" PRId64 "\n", l.parameters);
    fprintf(out, "weights_hash   %016" PRIx64 "\n", stated);
    fprintf(out, "\nconfiguration\n");
    inspect_print_lines(config, out);
    if (hash_end(&l.weights) != stated)
        return status_fail(STATUS_DATA,
                           "the hash of the weights is %016" PRIx64 ", not the stored one; the file was "
                           "changed or damaged",
                           hash_end(&l.weights));
    return STATUS_OK;
}

enum status checkpoint_inspect(const char *path, FILE *out)
{
    struct h5 *f = NULL;
    char *config = NULL;
    TRY(checkpoint_open(&f, path));
    enum status status = checkpoint_config(f, &config);
    if (status == STATUS_OK) status = inspect_print_all(f, path, config, out);
    h5_close(&f);
    mem_free(&config);
    return status == STATUS_OK ? status : status_at(status, "%s", path);
}
