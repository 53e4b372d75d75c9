/* demo.c - draws the samples of the demo set and writes them to a file. */
#include "data/demo/demo.h"

#include "data/demo/glyph.h"
#include "io/h5/h5.h"
#include "core/mem.h"
#include "data/order.h"

#define DEMO_SEED  2025
#define BLOCK      500 /* samples drawn and written at a time; divides both splits */
#define CHUNK_ROWS 250 /* 196 000 bytes */

const char *demo_split_name(enum demo_split split)
{
    return split == DEMO_TRAIN ? "train" : "test";
}

int64_t demo_samples(enum demo_split split)
{
    return split == DEMO_TRAIN ? 60000 : 10000;
}

const char *const *demo_class_names(void)
{
    static const char *const names[DEMO_CLASSES] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    return names;
}

/* A permutation modulo 10 is balanced and in no visible order. Test samples are numbered after the training
 * samples. */
void demo_draw(enum demo_split split, int64_t first, int64_t count, uint8_t *images, int32_t *labels)
{
    struct order order = order_make(DEMO_SEED, (uint64_t)split, demo_samples(split), true);
    uint64_t before = split == DEMO_TRAIN ? 0 : (uint64_t)demo_samples(DEMO_TRAIN);
    for (int64_t i = 0; i < count; i++) {
        labels[i] = (int32_t)(order_at(&order, first + i) % DEMO_CLASSES);
        glyph_draw(labels[i], before + (uint64_t)(first + i), images + i * (int64_t)DEMO_PIXELS);
    }
}

struct block {
    uint8_t images[BLOCK * DEMO_PIXELS];
    int32_t labels[BLOCK];
    uint8_t narrow[BLOCK];
};

static enum status demo_write_blocks(enum demo_split split, struct block *b, struct h5_rows *images,
                                     struct h5_rows *labels)
{
    for (int64_t first = 0; first < demo_samples(split); first += BLOCK) {
        demo_draw(split, first, BLOCK, b->images, b->labels);
        for (int i = 0; i < BLOCK; i++) b->narrow[i] = (uint8_t)b->labels[i];
        TRY(h5_rows_write(images, BLOCK, b->images));
        TRY(h5_rows_write(labels, BLOCK, b->narrow));
    }
    return STATUS_OK;
}

static enum status demo_write_split(struct h5_writer *w, enum demo_split split, struct block *b)
{
    const int64_t dims[4] = {demo_samples(split), 1, DEMO_SIDE, DEMO_SIDE};
    const char *const image_names[] = {"train/images", "test/images"};
    const char *const label_names[] = {"train/labels", "test/labels"};
    struct h5_rows *images = NULL, *labels = NULL;
    enum status status = h5_rows_create(&images, w, image_names[split], H5_TYPE_U8, 4, dims, CHUNK_ROWS, 0);
    if (status == STATUS_OK)
        status = h5_rows_create(&labels, w, label_names[split], H5_TYPE_U8, 1, dims, 0, 0);
    if (status == STATUS_OK) status = demo_write_blocks(split, b, images, labels);
    h5_rows_close(&images);
    h5_rows_close(&labels);
    TRY(status);
    return h5_write_attr_texts(w, label_names[split], "class_names", demo_class_names(), DEMO_CLASSES);
}

enum status demo_write(const char *path, bool overwrite)
{
    struct h5_writer *w = NULL;
    struct block *b = NULL;
    TRY(h5_create(&w, path, overwrite));
    enum status status = mem_alloc(&b, 1, sizeof *b, "demo data");
    if (status == STATUS_OK) status = demo_write_split(w, DEMO_TRAIN, b);
    if (status == STATUS_OK) status = demo_write_split(w, DEMO_TEST, b);
    mem_free(&b);
    if (status == STATUS_OK) return h5_commit(&w);
    h5_discard(&w);
    return status;
}
