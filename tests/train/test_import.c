/* test_import.c - which tensor of a file becomes which of the model: by name, by order, by the user's renames. */
#include <inttypes.h>
#include <math.h>
#include <unistd.h>

#include "check.h"
#include "core/mem.h"
#include "spec.h"
#include "train/import/import.h"

#define TENSORS_MAX 16
#define LAYERS      3

static char path[64], table[65536];

/* A tensor of a file: "NAME AxB", all of whose values are its place in the list plus 1. */
struct file {
    const char *tensors[TENSORS_MAX];
};

static int64_t count_of(const char *shape)
{
    int64_t count = 1;
    for (char *end; *shape; shape = *end ? end + 1 : end) count *= strtoll(shape, &end, 10);
    return count;
}

/* Writes safetensors; `last` is the value of the last tensor, 0 = as of all others. */
static void write_file(const struct file *f, float last)
{
    char header[8192];
    size_t used = 0;
    int64_t offset = 0;
    FILE *out = fopen(path, "wb");
    CHECK(out != NULL);
    for (int i = 0; f->tensors[i]; i++) {
        const char *shape = strchr(f->tensors[i], ' ') + 1;
        int64_t bytes = 4 * count_of(shape);
        used +=
            (size_t)snprintf(header + used, sizeof header - used, "%c\"%.*s\":{\"dtype\":\"F32\",\"shape\":[",
                             i ? ',' : '{', (int)(shape - f->tensors[i]) - 1, f->tensors[i]);
        for (; *shape; shape++) header[used++] = *shape == 'x' ? ',' : *shape;
        used += (size_t)snprintf(header + used, sizeof header - used,
                                 "],\"data_offsets\":[%" PRId64 ",%" PRId64 "]}", offset, offset + bytes);
        offset += bytes;
    }
    header[used++] = '}';
    fwrite(&(uint64_t){used}, 8, 1, out);
    fwrite(header, 1, used, out);
    for (int i = 0; f->tensors[i]; i++)
        for (int64_t n = count_of(strchr(f->tensors[i], ' ') + 1); n > 0; n--)
            fwrite(&(float){f->tensors[i + 1] || last == 0 ? (float)(i + 1) : last}, 4, 1, out);
    CHECK(fclose(out) == 0);
}

/* Three linear layers 4 -> 4 -> 4 -> 2 with these names, NULL = none. */
static struct model *make_model(const char *const names[LAYERS])
{
    static struct model_spec spec;
    struct model *m = NULL;
    spec = (struct model_spec){.input = shape_flat(4)};
    for (int i = 0; i < LAYERS; i++) {
        spec_add(&spec, "linear", i < LAYERS - 1 ? 4 : 2, 0);
        if (names[i]) snprintf(spec.layers[i].name, LAYER_NAME, "%s", names[i]);
    }
    CHECK_STATUS(spec_model(&m, &spec, 4, 1), STATUS_OK);
    return m;
}

static const char *const usual[LAYERS] = {"enc.0", "enc.1", "head"};

/* Loads a file into the model; found[2 * i] is what the weight of layer i is now, [2 * i + 1] its bias; 0: as before. */
static enum status load(const struct file *f, const char *const names[LAYERS],
                        const struct import_renames *renames, bool strict, int found[2 * LAYERS])
{
    struct model *m = make_model(names);
    float *params;
    write_file(f, 0);
    CHECK_STATUS(mem_alloc(&params, (size_t)model_param_floats(m), sizeof *params, "parameters"), STATUS_OK);
    FILE *list = fmemopen(table, sizeof table, "w");
    enum status status = import_weights(m, path, renames, strict, params, list);
    fclose(list);
    for (int i = 0; i < 2 * LAYERS; i++) {
        const struct tensor *t = &model_layer(m, i / 2)->tensors[i % 2];
        found[i] = (int)params[t->offset];
        for (int64_t k = 0; k < tensor_count(t); k++) CHECK(params[t->offset + k] == (float)found[i]);
    }
    mem_free(&params);
    model_destroy(&m);
    CHECK(mem_alive() == 0);
    return status;
}

static void check_loaded(const struct file *f, const char *const names[LAYERS],
                         const int expected[2 * LAYERS])
{
    int found[2 * LAYERS];
    CHECK_STATUS(load(f, names, NULL, true, found), STATUS_OK);
    CHECK(memcmp(found, expected, sizeof found) == 0);
}

static void test_names(void)
{
    static const struct file plain = {{"head.bias 2", "head.weight 2x4", "enc.1.weight 4x4", "enc.1.bias 4",
                                       "enc.0.weight 4x4", "enc.0.bias 4", "last 1"}},
                             wrapped = {{"module.model.head.bias 2", "module.model.head.weight 2x4",
                                         "module.model.enc.1.weight 4x4", "module.model.enc.1.bias 4",
                                         "module.model.enc.0.weight 4x4", "module.model.enc.0.bias 4"}},
                             prefixed = {{"my.own.head.bias 2", "my.own.head.weight 2x4",
                                          "my.own.enc.1.weight 4x4", "my.own.enc.1.bias 4",
                                          "my.own.enc.0.weight 4x4", "my.own.enc.0.bias 4"}};
    int found[2 * LAYERS];
    CHECK_STATUS(load(&plain, usual, NULL, false, found), STATUS_OK);
    CHECK(memcmp(found, (const int[]){5, 6, 3, 4, 2, 1}, sizeof found) == 0);
    CHECK(strstr(table, "last") && strstr(table, "not used: not in this model"));
    CHECK_STATUS(load(&plain, usual, NULL, true, found), STATUS_DATA);
    CHECK(says("0 tensors of the model are not loaded and 1 of the file not used; the first is last"));
    check_loaded(&wrapped, usual, (const int[]){5, 6, 3, 4, 2, 1});
    check_loaded(&prefixed, usual, (const int[]){5, 6, 3, 4, 2, 1});
}

static void test_order(void)
{
    static const char *const unnamed[LAYERS] = {NULL, NULL, NULL}, *const numbers[LAYERS] = {"0", "1", "2"};
    static const struct file listed = {{"z.weight 4x4", "z.bias 4", "y.bias 4", "y.weight 4x4",
                                        "x.weight 2x4", "x.bias 2"}},
                             sorted = {{"n.10.bias 2", "n.10.weight 2x4", "n.2.bias 4", "n.2.weight 4x4",
                                        "n.9.bias 4", "n.9.weight 4x4"}},
                             flat = {{"arr_0 4x4", "arr_1 4", "arr_2 4x4", "arr_3 4", "arr_4 2x4",
                                      "arr_5 2"}},
                             moved = {{"1.weight 4x4", "1.bias 4", "2.weight 4x4", "2.bias 4", "3.weight 2x4",
                                       "3.bias 2"}};
    check_loaded(&listed, unnamed, (const int[]){1, 2, 4, 3, 5, 6});
    check_loaded(&sorted, usual, (const int[]){4, 3, 6, 5, 2, 1});
    check_loaded(&flat, usual, (const int[]){1, 2, 3, 4, 5, 6});
    check_loaded(&moved, numbers,
                 (const int[]){1, 2, 3, 4, 5, 6}); /* two names match, but the order fits them all */
}

/* Names with a word keep their pairs; the order fills what is left. */
static void test_names_before_order(void)
{
    static const struct file swapped = {{"enc.1.weight 4x4", "enc.1.bias 4", "enc.0.weight 4x4",
                                         "enc.0.bias 4", "top.weight 2x4", "top.bias 2"}},
                             hostile = {{"enc.0.weight 4x4", "\x1b[31m.bias 4"}};
    static const char *const numbers[LAYERS] = {"0", "1", "2"};
    static const struct file some = {{"0.weight 4x4", "0.bias 4"}};
    int found[2 * LAYERS];
    check_loaded(&swapped, usual, (const int[]){3, 4, 1, 2, 5, 6});
    CHECK_STATUS(load(&some, numbers, NULL, false, found), STATUS_OK);
    CHECK(memcmp(found, (const int[]){1, 2, 0, 0, 0, 0}, sizeof found) == 0);
    (void)load(&hostile, usual, NULL, false, found);
    CHECK(!strchr(table, 0x1b));
}

/* A head of another size; a file with more layers; one with hardly anything in common. */
static void test_partial(void)
{
    static const struct file head = {{"a.weight 4x4", "a.bias 4", "b.weight 4x4", "b.bias 4", "c.weight 9x4",
                                      "c.bias 9"}},
                             named = {{"enc.0.weight 4x4", "enc.1.bias 7", "other.weight 4x4",
                                       "other.bias 4"}},
                             longer = {{"a.weight 4x4", "a.bias 4", "b.weight 4x4", "b.bias 4",
                                        "c.weight 4x4", "c.bias 4", "d.weight 2x4", "d.bias 2"}},
                             strange = {{"a.weight 4x4", "a.bias 4", "b.weight 5x4", "b.bias 5",
                                         "c.weight 5x5", "c.bias 5"}};
    int found[2 * LAYERS];
    CHECK_STATUS(load(&head, usual, NULL, false, found), STATUS_OK);
    CHECK(memcmp(found, (const int[]){1, 2, 3, 4, 0, 0}, sizeof found) == 0);
    CHECK(strstr(table, "c.weight in the file has shape (9, 4)"));
    CHECK_STATUS(load(&named, usual, NULL, false, found), STATUS_OK);
    CHECK(memcmp(found, (const int[]){1, 0, 0, 0, 0, 0}, sizeof found) == 0);
    CHECK(strstr(table, "enc.1.bias in the file has shape (7,)") && strstr(table, "missing in the file"));
    CHECK_STATUS(load(&longer, usual, NULL, false, found), STATUS_OK);
    CHECK(memcmp(found, (const int[]){1, 2, 3, 4, 0, 0}, sizeof found) == 0);
    CHECK_STATUS(load(&strange, usual, NULL, false, found), STATUS_CONFIG);
    CHECK(says("none of its 6 tensors matches"));
}

static void test_renames(void)
{
    static const struct file f = {
        {"body.1.w 4x4", "body.1.b 4", "body.2.w 4x4", "body.2.b 4", "top.w 2x4", "top.b 2", "left 3"}};
    struct import_rename rules[] = {{"body.1.w", "enc.0.weight"}, {"body.1.b", "enc.0.bias"},
                                    {"body.2.w", "enc.1.weight"}, {"body.2.b", "enc.1.bias"},
                                    {"top.w", "head.weight"},     {"top.b", "head.bias"},
                                    {"left", IMPORT_NOTHING}};
    struct import_renames renames = {.path = "map", .count = 7, .rules = rules};
    int found[2 * LAYERS];
    CHECK_STATUS(load(&f, usual, &renames, true, found), STATUS_OK);
    CHECK(memcmp(found, (const int[]){1, 2, 3, 4, 5, 6}, sizeof found) == 0);
    strcpy(rules[6].theirs, "lift");
    CHECK_STATUS(load(&f, usual, &renames, false, found), STATUS_CONFIG);
    CHECK(says("map: 'lift' matches no tensor"));
    struct import_rename patterns[] = {{"body.1.?", "elsewhere"}, {"*.2.w", "enc.1.weight"}};
    renames = (struct import_renames){.path = "map", .count = 2, .rules = patterns};
    CHECK_STATUS(load(&f, usual, &renames, false, found), STATUS_OK);
    CHECK(memcmp(found, (const int[]){0, 0, 3, 0, 0, 0}, sizeof found) == 0);
    CHECK(strstr(table, "renamed to elsewhere, which is not in this model"));
    struct import_rename twice[] = {{"body.?.w", "enc.1.weight"}};
    renames = (struct import_renames){.path = "map", .count = 1, .rules = twice};
    CHECK_STATUS(load(&f, usual, &renames, false, found), STATUS_OK);
    CHECK(strstr(table, "renamed to enc.1.weight, which another tensor of the file is taken for"));
}

static void test_finite(void)
{
    static const struct file f = {{"enc.0.weight 4x4", "enc.0.bias 4"}};
    struct model *m = make_model(usual);
    float params[256] = {0};
    FILE *list = fmemopen(table, sizeof table, "w");
    write_file(&f, NAN);
    CHECK_STATUS(import_weights(m, path, NULL, false, params, list), STATUS_DATA);
    CHECK(says("enc.0.bias: element 0 is nan"));
    fclose(list);
    model_destroy(&m);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    snprintf(path, sizeof path, "/tmp/ddp_train_import.%d", (int)getpid());
    CHECK_CASE(test_names());
    CHECK_CASE(test_order());
    CHECK_CASE(test_names_before_order());
    CHECK_CASE(test_partial());
    CHECK_CASE(test_renames());
    CHECK_CASE(test_finite());
    unlink(path);
    return check_result();
}
