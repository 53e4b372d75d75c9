/* A damaged checkpoint is never taken for a whole one: any byte changed anywhere, cut off at any length,
 * grown, empty, another file. A checkpoint that was changed and sealed again, as no accident does, gives an
 * error or values that are what they say, and no crash. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "kernels.h"
#include "core/mem.h"
#include "io/h5/private.h"
#include "train/checkpoint/private.h"
#include "train/configuration.h"

#define DAMAGES     600
#define TRUNCATIONS 60

static const char path[] = "test_damage.h5", copy[] = "test_damage_copy.h5";

struct file {
    unsigned char *bytes;
    size_t size;
};

/* A model with its state, to save and to load into. */
struct subject {
    struct model *model;
    float *vectors[3];
    struct normal normal, targets;
    struct progress progress;
    struct checkpoint_target target;
};

static void subject_create(struct subject *s)
{
    const struct shape input = shape_2d(2, 7, 6);
    struct config c = configuration(0);
    *s = (struct subject){0};
    c.model.input = input;
    CHECK_STATUS(spec_model(&s->model, &c.model, 16, 1), STATUS_OK);
    s->target =
        (struct checkpoint_target){.model = s->model, .optim = optim_find("adam"), .progress = &s->progress};
    for (int i = 0; i < 3; i++)
        CHECK_STATUS(mem_alloc(&s->vectors[i], (size_t)model_param_floats(s->model), sizeof(float), "test"),
                     STATUS_OK);
    s->target.params = s->vectors[0];
    s->target.slots[0] = s->vectors[1];
    s->target.slots[1] = s->vectors[2];
    for (int i = 0; i < 3; i++) model_init_params(s->model, (uint64_t)i + 1, s->vectors[i]);
    CHECK_STATUS(normal_init_empty(&s->normal, 2, FEATURE_F32), STATUS_OK);
    s->normal.std[0] = s->normal.std[1] = 1;
    s->progress =
        (struct progress){.step = 120, .updates = 119, .epoch = 3, .position = 64, .bad_in_a_row = 1};
}

static void subject_destroy(struct subject *s)
{
    for (int i = 0; i < 3; i++) mem_free(&s->vectors[i]);
    normal_free(&s->normal);
    model_destroy(&s->model);
}

static void subject_save(const struct subject *s)
{
    struct checkpoint_state state = {.config_text = "run: {name: test}\n",
                                     .isa = "v4",
                                     .blas = "SkylakeX",
                                     .model = s->model,
                                     .params = s->vectors[0],
                                     .optim = s->target.optim,
                                     .slots = {s->vectors[1], s->vectors[2]},
                                     .normal = &s->normal,
                                     .targets = &s->targets,
                                     .progress = &s->progress,
                                     .virtual_ranks = 8};
    CHECK_STATUS(checkpoint_save(path, &state), STATUS_OK);
}

static void file_read(struct file *f, const char *name)
{
    FILE *in = fopen(name, "rb");
    struct stat facts;
    CHECK(in && stat(name, &facts) == 0);
    f->size = (size_t)facts.st_size;
    CHECK_STATUS(mem_alloc(&f->bytes, f->size, 1, "test"), STATUS_OK);
    CHECK(fread(f->bytes, 1, f->size, in) == f->size);
    fclose(in);
}

static void file_write(const char *name, const unsigned char *bytes, size_t size)
{
    FILE *out = fopen(name, "wb");
    CHECK(out && fwrite(bytes, 1, size, out) == size);
    fclose(out);
}

/* The same on every machine: splitmix64 (Steele et al., "Fast splittable pseudorandom number generators",
 * 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static enum status load(struct subject *s, const char *name)
{
    struct checkpoint_facts facts;
    return checkpoint_load_state(name, &s->target, &facts);
}

/* One line that names the file. */
static void check_refused(struct subject *s)
{
    CHECK_STATUS(load(s, copy), STATUS_DATA);
    CHECK(strncmp(status_text(), copy, strlen(copy)) == 0 && !strchr(status_text(), '\n'));
}

/* One or a few bytes, in turn in every region of the file, the seal included. */
static void check_bytes(struct subject *s, struct file *f)
{
    uint64_t random = 1;
    for (int i = 0; i < DAMAGES; i++) {
        size_t first = f->size * (size_t)i / DAMAGES, length = 1 + next_random(&random) % 8;
        if (first + length > f->size) length = f->size - first;
        unsigned char kept[8];
        memcpy(kept, f->bytes + first, length);
        for (size_t b = 0; b < length; b++)
            f->bytes[first + b] ^= (unsigned char)(1 + next_random(&random) % 255);
        file_write(copy, f->bytes, f->size);
        check_refused(s);
        memcpy(f->bytes + first, kept, length);
    }
}

static void check_lengths(struct subject *s, const struct file *f)
{
    for (size_t i = 0; i < TRUNCATIONS; i++) {
        file_write(copy, f->bytes, f->size * i / TRUNCATIONS);
        check_refused(s);
    }
    file_write(copy, f->bytes, f->size - 1);
    check_refused(s);
    unsigned char *longer = NULL;
    CHECK_STATUS(mem_alloc(&longer, f->size + 1, 1, "test"), STATUS_OK);
    memcpy(longer, f->bytes, f->size);
    file_write(copy, longer, f->size + 1);
    check_refused(s);
    mem_free(&longer);
}

static void check_other_files(struct subject *s)
{
    struct h5_writer *w = NULL;
    unlink(copy);
    check_refused(s);
    CHECK(mkdir(copy, 0777) == 0);
    check_refused(s);
    CHECK(rmdir(copy) == 0 && mkfifo(copy, 0666) == 0);
    check_refused(s);
    unlink(copy);
    CHECK_STATUS(h5_create(&w, copy, true), STATUS_OK);
    CHECK_STATUS(h5_write(w, "x", H5_TYPE_F32, 1, (int64_t[]){3}, (float[]){1, 2, 3}), STATUS_OK);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    check_refused(s); /* not sealed */
    CHECK_STATUS(h5_create_sealed(&w, copy, CHECKPOINT_FORMAT ", version 2, step 120"), STATUS_OK);
    CHECK_STATUS(h5_write(w, "x", H5_TYPE_F32, 1, (int64_t[]){3}, (float[]){1, 2, 3}), STATUS_OK);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    check_refused(s); /* nothing in it */
    CHECK_STATUS(h5_create_sealed(&w, copy, CHECKPOINT_FORMAT ", version 4, step 120"), STATUS_OK);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
    check_refused(s);
    CHECK(strstr(status_text(), "version 4") != NULL);
}

/* Values that no healthy run saves. */
static void check_values(struct subject *s)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int v = 0; v < 3; v++) {
        float kept = s->vectors[v][5];
        s->vectors[v][5] = bad[v];
        subject_save(s);
        CHECK_STATUS(load(s, path), STATUS_DATA);
        s->vectors[v][5] = kept;
    }
    struct progress kept = s->progress;
    s->progress.updates = 121; /* of 120 steps */
    subject_save(s);
    CHECK_STATUS(load(s, path), STATUS_DATA);
    s->progress = kept;
    s->progress.position = -1;
    subject_save(s);
    CHECK_STATUS(load(s, path), STATUS_DATA);
    s->progress = kept;
    subject_save(s);
    CHECK_STATUS(load(s, path), STATUS_OK);
}

/* Bytes behind the seal, which is written again: HDF5 reads them. Whatever is taken has the hashes that the
 * file says. */
static void check_sealed_again(struct subject *s, const struct file *f)
{
    uint64_t random = 2;
    int refused = 0;
    for (int i = 0; i < DAMAGES; i++) {
        file_write(copy, f->bytes, f->size);
        int file = open(copy, O_RDWR);
        for (uint64_t b = next_random(&random) % 4 + 1; b > 0; b--) {
            unsigned char byte = (unsigned char)next_random(&random);
            off_t at = (off_t)(H5_SEAL_BYTES + next_random(&random) % (f->size - H5_SEAL_BYTES));
            CHECK(pwrite(file, &byte, 1, at) == 1);
        }
        close(file);
        CHECK_STATUS(h5_seal(copy, copy, CHECKPOINT_FORMAT ", version 2, step 120"), STATUS_OK);
        enum status status = load(s, copy);
        CHECK(status == STATUS_OK || status == STATUS_DATA || status == STATUS_OTHER); /* memory */
        refused += status != STATUS_OK;
        if (status != STATUS_OK) CHECK(strstr(status_text(), copy) != NULL && !strchr(status_text(), '\n'));
    }
    CHECK(refused > 0);
}

static bool same(const struct subject *a, const struct subject *b)
{
    size_t bytes = (size_t)model_param_floats(a->model) * sizeof(float);
    for (int i = 0; i < 3; i++)
        if (memcmp(a->vectors[i], b->vectors[i], bytes) != 0) return false;
    return a->progress.step == b->progress.step && a->progress.position == b->progress.position;
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    struct subject saved, loaded;
    struct file whole;
    CHECK_STATUS(select_kernels("auto"), STATUS_OK);
    subject_create(&saved);
    subject_create(&loaded);
    for (int i = 0; i < 3; i++) loaded.vectors[i][0] += 1;
    loaded.progress = (struct progress){0};
    subject_save(&saved);
    CHECK(!same(&saved, &loaded));
    CHECK_STATUS(load(&loaded, path), STATUS_OK);
    CHECK(same(&saved, &loaded));
    file_read(&whole, path);
    CHECK_CASE(check_bytes(&loaded, &whole));
    CHECK_CASE(check_lengths(&loaded, &whole));
    CHECK_CASE(check_other_files(&loaded));
    CHECK_CASE(check_sealed_again(&loaded, &whole));
    CHECK_CASE(check_values(&loaded));
    mem_free(&whole.bytes);
    subject_destroy(&saved);
    subject_destroy(&loaded);
    unlink(path);
    unlink(copy);
    CHECK(mem_alive() == 0);
    return check_result();
}
