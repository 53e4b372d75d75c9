// ranks: 1
/* test_batch_lanes.c - a batch of any number of samples: each is what it is among 16 lanes, whatever its labels are
 * and whatever it goes through. Inputs are as long as they must be and no longer, for the address sanitizer. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "data/batch.h"
#include "folder.h"
#include "io/h5/h5.h"
#include "kernels.h"

#define SAMPLES   40
#define CHANNELS  2
#define HEIGHT    3
#define WIDTH     4
#define POSITIONS (HEIGHT * WIDTH)
#define FEATURES  (CHANNELS * POSITIONS)
#define OUTPUTS   3

static struct comm *comm;
static char folder[FOLDER_SIZE], path[FOLDER_SIZE + 16];

/* Numbers that look random, in 0 .. 63. */
static int mix(int64_t i, int purpose)
{
    uint32_t h = (uint32_t)(i * 2654435761 + purpose * 97);
    h ^= h >> 15, h *= 0x2c1b3c6d, h ^= h >> 12;
    return (int)(h % 64);
}

static void write_floats(struct h5_writer *w, const char *name, int rank, const int64_t *dims, int purpose)
{
    float x[SAMPLES * OUTPUTS * POSITIONS];
    int64_t count = 1;
    for (int i = 0; i < rank; i++) count *= dims[i];
    for (int64_t i = 0; i < count; i++) x[i] = (float)mix(i, purpose) / 7 - (purpose < 9 ? 3 : 0);
    if (strcmp(name, "gaps") == 0)
        for (int64_t i = 0; i < count; i += 11) x[i] = NAN;
    CHECK_STATUS(h5_write(w, name, H5_TYPE_F32, rank, dims, x), STATUS_OK);
}

/* Rows with a single 1 for each sample, at each position. */
static void write_onehot(struct h5_writer *w, const char *name, int rank, const int64_t *dims,
                         int64_t positions)
{
    float x[SAMPLES * OUTPUTS * POSITIONS] = {0};
    for (int64_t i = 0; i < SAMPLES * positions; i++)
        x[(i / positions * OUTPUTS + mix(i, 3) % OUTPUTS) * positions + i % positions] = 1;
    CHECK_STATUS(h5_write(w, name, H5_TYPE_F32, rank, dims, x), STATUS_OK);
}

static void write_set(void)
{
    static const int64_t of_features[] = {SAMPLES, CHANNELS, HEIGHT, WIDTH},
                         of_cells[] = {SAMPLES, OUTPUTS, HEIGHT, WIDTH},
                         of_places[] = {SAMPLES, HEIGHT, WIDTH};
    struct h5_writer *w;
    uint8_t bytes[SAMPLES * FEATURES];
    int64_t labels[SAMPLES * POSITIONS];
    for (int64_t i = 0; i < SAMPLES * FEATURES; i++) bytes[i] = (uint8_t)mix(i, 1);
    for (int64_t i = 0; i < SAMPLES * POSITIONS; i++) labels[i] = mix(i, 2) % OUTPUTS;
    CHECK_STATUS(h5_create(&w, path, true), STATUS_OK);
    CHECK_STATUS(h5_write(w, "bytes", H5_TYPE_U8, 4, of_features, bytes), STATUS_OK);
    write_floats(w, "x", 4, of_features, 4);
    write_floats(w, "gaps", 4, of_features, 5);
    CHECK_STATUS(h5_write(w, "y", H5_TYPE_I64, 1, of_cells, labels), STATUS_OK);
    CHECK_STATUS(h5_write(w, "cells", H5_TYPE_I64, 3, of_places, labels), STATUS_OK);
    write_onehot(w, "onehot", 2, of_cells, 1);
    write_onehot(w, "onehot_cells", 4, of_cells, POSITIONS);
    write_floats(w, "values", 2, of_cells, 6);
    write_floats(w, "value_cells", 4, of_cells, 7);
    write_floats(w, "w", 1, of_cells, 9);
    write_floats(w, "w_cells", 3, of_places, 10);
    CHECK_STATUS(h5_commit(&w), STATUS_OK);
}

/* What a batch is made of. */
struct scene {
    struct dataset *data;
    struct normal normal;
    struct data_steps augment, transforms;
    struct shape moved, input;
    bool still;        /* augmentation takes the middle only */
    int64_t positions; /* of labels in the batch */
};

static enum status find_outputs(const void *self, struct shape stored, struct dataset_outputs *outputs)
{
    (void)self;
    struct shape of = shape_2d(OUTPUTS, HEIGHT, WIDTH);
    *outputs = (struct dataset_outputs){.known = true, .input = stored, .of = of, .labels = of};
    return STATUS_OK;
}

static void load(struct scene *s, const char *x, const char *y, const char *weights)
{
    bool cells = strstr(y, "cells") != NULL;
    const struct source_options names = {
        .x = x, .y = y, .weights = weights, .missing = strcmp(x, "gaps") == 0 ? MISSING_MEAN : MISSING_ERROR};
    const struct dataset_labels labels = {.find_outputs = cells ? find_outputs : NULL};
    *s = (struct scene){0};
    CHECK_STATUS(dataset_load(&s->data, comm, path, &names, &labels), STATUS_OK);
    CHECK_STATUS(normal_init(&s->normal, comm, s->data, NORMALIZE_AUTO), STATUS_OK);
    s->moved = s->input = dataset_info(s->data)->shape;
    s->positions = dataset_positions(s->data);
}

/* Appends a step with its first arguments, others as by default. */
static void add(struct data_steps *steps, const struct data_kind *kind_at(int), const char *name, double a,
                double b, double c)
{
    struct data_step *s = &steps->of[steps->count++];
    int i = 0;
    while (strcmp(kind_at(i)->name, name) != 0) i++;
    s->kind = kind_at(i);
    arg_values_defaults(s->kind->args, &s->args);
    const double first[] = {a, b, c};
    for (int k = 0; k < 3; k++)
        if (!isnan(first[k])) s->args.of[k] = first[k];
}

static void prepare(struct scene *s)
{
    CHECK_STATUS(augment_find_shape(&s->augment, s->moved, &s->moved), STATUS_OK);
    CHECK_STATUS(transforms_init(&s->normal.transforms, comm, s->data, &s->transforms, NULL), STATUS_OK);
    CHECK_STATUS(transforms_set_shape(&s->normal.transforms, s->moved), STATUS_OK);
    CHECK_STATUS(transforms_find_shape(&s->transforms, s->moved, &s->input), STATUS_OK);
    if (s->positions > 1) s->positions = shape_positions(s->moved);
}

static void unload(struct scene *s)
{
    struct data_steps *lists[] = {&s->augment, &s->transforms};
    for (int l = 0; l < 2; l++)
        for (int i = 0; i < lists[l]->count; i++) arg_values_free(&lists[l]->of[i].args);
    normal_free(&s->normal);
    dataset_destroy(&s->data);
}

/* A batch in room for `lanes` samples, loaded. */
struct loaded {
    struct batch batch;
    struct augment augment;
    float *input;  /* [F][N] */
    int64_t lanes; /* N */
};

static void load_batch(struct loaded *l, const struct scene *s, int64_t lanes, int64_t live)
{
    const struct source_info *info = dataset_info(s->data);
    const struct augment_spec spec = {.kernels = kernels,
                                      .steps = &s->augment,
                                      .seed = 3,
                                      .still = s->still,
                                      .stored = info->shape,
                                      .input = s->input,
                                      .type = info->type,
                                      .kind = dataset_kind(s->data),
                                      .width = dataset_width(s->data),
                                      .positions = dataset_positions(s->data),
                                      .loss_positions = s->positions,
                                      .weight_width = info->has_weights ? dataset_weight_width(s->data) : 0,
                                      .lanes = lanes,
                                      .outputs = OUTPUTS,
                                      .ignored = LOSS_IGNORES_NONE};
    CHECK_STATUS(
        batch_init(&l->batch, &(struct batch_spec){.kernels = kernels,
                                                   .lanes = lanes,
                                                   .leaves = 1,
                                                   .width = OUTPUTS,
                                                   .positions = s->positions,
                                                   .room = transforms_room(&s->normal.transforms, lanes)}),
        STATUS_OK);
    CHECK_STATUS(augment_init(&l->augment, &spec), STATUS_OK);
    struct batch *b = &l->batch;
    b->live[0] = live, b->first[0] = 5;
    for (int64_t i = 0; i < live; i++) b->samples[i] = (i * 17 + 3) % SAMPLES;
    l->lanes = batch_lanes(b);
    size_t size = (size_t)(shape_features(s->input) * l->lanes) * sizeof *l->input;
    CHECK(posix_memalign((void **)&l->input, MEM_ALIGN, size) == 0);
    memset(l->input, 0xff, size);
    const struct batch_augment how = {.how = &l->augment, .epoch = 2};
    if (s->still) b->still = &l->augment;
    batch_load_augmented(b, s->data, &s->normal, s->augment.count && !s->still ? &how : NULL, l->input);
}

static void unload_batch(struct loaded *l)
{
    batch_free(&l->batch);
    augment_free(&l->augment);
    free(l->input);
}

/* Rows of words: the live lanes are the same, all others zero. */
static bool equal_rows(const void *a, int64_t a_lanes, const void *b, int64_t b_lanes, int64_t rows,
                       int64_t live)
{
    const uint32_t *of_a = a, *of_b = b;
    bool equal = true;
    for (int64_t r = 0; r < rows; r++, of_a += a_lanes, of_b += b_lanes) {
        equal = equal && memcmp(of_a, of_b, (size_t)live * sizeof *of_a) == 0;
        for (int64_t n = live; n < a_lanes; n++) equal = equal && of_a[n] == 0;
    }
    return equal;
}

static void check_view(const struct loaded *l, int64_t live)
{
    const struct batch *b = &l->batch;
    const struct loss loss = {.outputs = OUTPUTS, .positions = b->positions};
    struct loss_batch view = batch_view(b, &loss, l->input, NULL, 0);
    CHECK(view.lanes == l->lanes && view.live == live && view.row == l->lanes);
    CHECK(view.stride == b->positions * l->lanes && view.labels == b->labels);
}

static void check_lanes(const struct scene *s, int64_t lanes, int64_t live)
{
    struct loaded dense = {0}, padded = {0};
    load_batch(&dense, s, lanes, live);
    load_batch(&padded, s, mem_round_floats(lanes), live);
    enum target_kind kind = dataset_kind(s->data);
    const struct batch *a = &dense.batch, *b = &padded.batch;
    bool classes = kind == TARGET_INDEX || kind == TARGET_ONEHOT;
    int64_t width = dense.augment.blends ? OUTPUTS : dataset_width(s->data);
    CHECK(dense.lanes == (live ? live : 1) && padded.lanes == mem_round_floats(lanes));
    CHECK(a->weight_width == b->weight_width);
    CHECK(equal_rows(dense.input, dense.lanes, padded.input, padded.lanes, shape_features(s->input), live));
    CHECK(equal_rows(a->targets, dense.lanes, b->targets, padded.lanes, width * s->positions, live));
    CHECK(equal_rows(a->weights, dense.lanes, b->weights, padded.lanes, a->weight_width, live));
    if (classes) CHECK(equal_rows(a->labels, dense.lanes, b->labels, padded.lanes, s->positions, live));
    check_view(&dense, live);
    unload_batch(&dense);
    unload_batch(&padded);
}

static void check_scene(struct scene *s)
{
    static const int64_t lanes[] = {1, 2, 3, 4, 7, 12, 20, 35};
    prepare(s);
    for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++) {
        check_lanes(s, lanes[i], lanes[i]);
        check_lanes(s, lanes[i], lanes[i] / 2); /* of the last slice; none of 1 */
    }
    unload(s);
}

#define DEFAULT NAN

/* All kinds that move, and those that change values. */
static void add_changes(struct scene *s)
{
    add(&s->augment, augment_kind_at, "flip", 3, 0.5, DEFAULT);
    add(&s->augment, augment_kind_at, "crop", 0, 1, 1);
    add(&s->augment, augment_kind_at, "noise", 0.5, 0.7, DEFAULT);
    add(&s->augment, augment_kind_at, "scale", 0.5, 0.7, DEFAULT);
    add(&s->augment, augment_kind_at, "brightness", 0.5, 0.7, DEFAULT);
    add(&s->augment, augment_kind_at, "contrast", 0.5, 0.7, DEFAULT);
    add(&s->augment, augment_kind_at, "channel_dropout", 0.3, DEFAULT, DEFAULT);
    add(&s->augment, augment_kind_at, "cutout", DEFAULT, 2, 2);
}

static void test_plain(void)
{
    static const char *const sets[][3] = {{"x", "y", "w"},           {"bytes", "onehot", ""},
                                          {"gaps", "values", ""},    {"bytes", "cells", "w"},
                                          {"x", "cells", "w_cells"}, {"x", "onehot_cells", ""},
                                          {"x", "value_cells", ""}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        struct scene s;
        load(&s, sets[i][0], sets[i][1], sets[i][2]);
        check_scene(&s);
    }
}

static void test_changes(void)
{
    static const char *const sets[][3] = {
        {"x", "y", "w"}, {"bytes", "cells", "w_cells"}, {"x", "onehot_cells", ""}, {"x", "value_cells", ""}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        for (int mixing = 0; mixing < 3; mixing++) {
            struct scene s;
            load(&s, sets[i][0], sets[i][1], sets[i][2]);
            add_changes(&s);
            if (mixing)
                add(&s.augment, augment_kind_at, mixing == 1 ? "mixup" : "cutmix", DEFAULT, 0.8, DEFAULT);
            check_scene(&s);
        }
}

/* Evaluation takes the middle of samples, and of their labels. */
static void test_still(void)
{
    struct scene s;
    load(&s, "bytes", "cells", "w_cells");
    add(&s.augment, augment_kind_at, "window", DEFAULT, 2, 3);
    s.still = true;
    check_scene(&s);
}

static void add_transforms(struct scene *s)
{
    add(&s->transforms, transform_kind_at, "log1p", DEFAULT, DEFAULT, DEFAULT);
    add(&s->transforms, transform_kind_at, "standard", 1, DEFAULT, DEFAULT); /* per feature */
    add(&s->transforms, transform_kind_at, "minmax", DEFAULT, 2, DEFAULT);
}

static void test_transforms(void)
{
    struct scene s;
    load(&s, "x", "y", "");
    add_transforms(&s);
    check_scene(&s);
    load(&s, "bytes", "y", "");
    add(&s.transforms, transform_kind_at, "crop_center", DEFAULT, 2, 2);
    add_transforms(&s);
    check_scene(&s);
    for (int mode = 0; mode <= 3; mode += 3) { /* linear, nearest */
        load(&s, "x", "y", "");
        add(&s.transforms, transform_kind_at, "resize", DEFAULT, 5, 3);
        s.transforms.of[0].args.of[3] = mode;
        add_transforms(&s);
        check_scene(&s);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(comm_create(&comm, &argc, &argv), STATUS_OK);
    folder_make(comm, folder);
    snprintf(path, sizeof path, "%s/set.h5", folder);
    write_set();
    for (int i = 0; i < 4; i++) {
        static const char *const levels[] = {"v4", "v3", "v2", "base"};
        if (select_kernels(levels[i]) != STATUS_OK) continue;
        CHECK_CASE(test_plain());
        CHECK_CASE(test_changes());
        CHECK_CASE(test_still());
        CHECK_CASE(test_transforms());
    }
    folder_remove(comm, folder);
    comm_destroy(&comm);
    CHECK(mem_alive() == 0);
    return check_result();
}
