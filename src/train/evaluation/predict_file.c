/* predict_file.c - writes the file of predictions. */
#include "train/evaluation/predict_file.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "core/mem.h"
#include "train/evaluation/predictions.h"

static const char *const tasks[] = {
    [TASK_CLASSES] = "classes", [TASK_LABELS] = "labels", [TASK_VALUES] = "values"};

enum status predict_file_open(struct predict_file *f, const struct predict_options *options)
{
    *f = (struct predict_file){0};
    return h5_create(&f->writer, options->out, options->overwrite);
}

const char *const *predict_file_names(const struct loss *loss, const struct dataset *d, int64_t *count)
{
    bool may_be_off = loss_task(loss) == TASK_LABELS && loss->outputs == 1;
    const char *const *names = dataset_class_names(d, *count = loss->outputs);
    return names || !may_be_off ? names : dataset_class_names(d, *count = 2);
}

static enum status predict_file_write_attributes(struct predict_file *f,
                                                 const struct predict_options *options,
                                                 const struct config *config)
{
    const struct loss *loss = &f->x->loss;
    int64_t count;
    const char *const *names = predict_file_names(loss, f->x->data, &count);
    TRY(h5_write_attr_text(f->writer, "/", "checkpoint", options->checkpoint));
    TRY(h5_write_attr_text(f->writer, "/", "data", options->data));
    TRY(h5_write_attr_text(f->writer, "/", "task", tasks[loss_task(loss)]));
    if (loss_task(loss) == TASK_LABELS && predictions_have_probabilities(loss))
        TRY(h5_write_attr_double(f->writer, "/", "threshold", config->metrics_threshold));
    if (!names) return STATUS_OK;
    if (count > H5_ATTR_TEXTS_MAX) return h5_write_texts(f->writer, "class_names", names, count);
    return h5_write_attr_texts(f->writer, "/", "class_names", names, count);
}

/* Adds a dataset with one row for each sample: (N,), (N,K), or these with the positions behind; width 0 = without
 * K. */
static enum status predict_file_add_rows(struct predict_file *f, struct h5_rows **rows, const char *name,
                                         enum h5_type type, int64_t width)
{
    int64_t dims[2 + SHAPE_AXES] = {f->samples};
    int rank = 1;
    struct shape outputs = model_output_shape(f->x->model);
    if (width) dims[rank++] = width;
    for (int i = 0; f->positions > 1 && i < outputs.rank; i++)
        dims[rank++] = outputs.d[SHAPE_AXES - outputs.rank + i];
    return h5_rows_create(rows, f->writer, name, type, rank, dims, 0, 0);
}

static enum h5_type predict_file_type(const struct predict_file *f)
{
    static const enum h5_type types[] = {
        [TASK_CLASSES] = H5_TYPE_I64, [TASK_LABELS] = H5_TYPE_U8, [TASK_VALUES] = H5_TYPE_F32};
    return types[loss_task(&f->x->loss)];
}

static enum h5_type predict_file_label_type(enum target_kind kind)
{
    if (kind == TARGET_INDEX) return H5_TYPE_I64;
    return kind == TARGET_MULTILABEL ? H5_TYPE_U8 : H5_TYPE_F32;
}

static enum status predict_file_add_labels(struct predict_file *f)
{
    const struct source_info *info = dataset_info(f->x->data);
    if (!info->has_labels) return STATUS_OK;
    int64_t width = f->positions > 1 ? dataset_width(f->x->data) : info->label_width;
    TRY(predict_file_add_rows(f, &f->labels, "labels", predict_file_label_type(dataset_kind(f->x->data)),
                              width));
    f->has_correct = loss_task(&f->x->loss) != TASK_VALUES;
    if (!f->has_correct) return STATUS_OK;
    return predict_file_add_rows(f, &f->correct, "correct", H5_TYPE_U8, 0);
}

static enum status predict_file_allocate(struct predict_file *f)
{
    size_t rows = (size_t)(f->rows_max * f->positions), cells = rows * (size_t)f->outputs;
    size_t bytes =
        cells * sizeof(float) > rows * sizeof(int64_t) ? cells * sizeof(float) : rows * sizeof(int64_t);
    TRY(mem_alloc(&f->probability_rows, cells, sizeof *f->probability_rows, "predictions"));
    TRY(mem_alloc(&f->predictions, bytes, 1, "predictions"));
    TRY(mem_alloc(&f->labels_out, bytes, 1, "predictions"));
    TRY(mem_alloc(&f->missing, (size_t)(f->positions * f->outputs), sizeof(int64_t), "predictions"));
    return mem_alloc(&f->correct_rows, rows, 1, "predictions");
}

enum status predict_file_begin(struct predict_file *f, const struct predict_options *options,
                               const struct config *config, const struct examiner *x, int64_t rows_max)
{
    f->x = x;
    f->outputs = x->loss.outputs;
    f->positions = x->loss.positions;
    f->samples = dataset_all_samples(x->data);
    f->rows_max = rows_max;
    TRY(predict_file_allocate(f));
    TRY(predict_file_write_attributes(f, options, config));
    TRY(predict_file_add_rows(f, &f->logits, "logits", H5_TYPE_F32, f->outputs));
    if (predictions_have_probabilities(&x->loss))
        TRY(predict_file_add_rows(f, &f->probabilities, "probabilities", H5_TYPE_F32, f->outputs));
    TRY(predict_file_add_rows(f, &f->predicted, "predicted", predict_file_type(f),
                              loss_task(&x->loss) == TASK_CLASSES ? 0 : f->outputs));
    return predict_file_add_labels(f);
}

/* Fills the labels of the next rows, and whether the predictions are correct. */
static void predict_file_compare_classes(const struct predict_file *f, int64_t count)
{
    const struct dataset *d = f->x->data;
    const int64_t *predictions = f->predictions;
    bool is_index = dataset_kind(d) == TARGET_INDEX;
    int64_t *classes = f->labels_out, cells = f->positions;
    for (int64_t at = 0; at < count * cells; at++) {
        int64_t sample = f->written + at / cells, p = at % cells;
        int64_t class = is_index ? batch_find_classes(&f->x->batch, d, sample)[p]
                                 : predictions_find_maximum(batch_find_targets(&f->x->batch, d, sample) + p,
                                                            f->outputs, cells);
        if (is_index) classes[at] = class;
        f->correct_rows[at] = class == predictions[at] && class != f->x->loss.ignored;
    }
}

/* At each position all labels have to be right. */
static void predict_file_compare_labels(const struct predict_file *f, int64_t count)
{
    const uint8_t *predictions = f->predictions;
    uint8_t *labels_out = f->labels_out;
    int64_t cells = f->positions, width = f->outputs * cells;
    for (int64_t i = 0; i < count; i++) {
        const float *row = batch_find_targets(&f->x->batch, f->x->data, f->written + i);
        for (int64_t p = 0; p < cells; p++) f->correct_rows[i * cells + p] = 1;
        for (int64_t k = 0; k < width; k++) {
            labels_out[i * width + k] = row[k] > 0.5f;
            f->correct_rows[i * cells + k % cells] &= labels_out[i * width + k] == predictions[i * width + k];
        }
    }
}

static void predict_file_copy_targets(const struct predict_file *f, int64_t count)
{
    float *labels_out = f->labels_out;
    int64_t width = f->outputs * f->positions;
    for (int64_t i = 0; i < count; i++)
        memcpy(labels_out + i * width, batch_find_targets(&f->x->batch, f->x->data, f->written + i),
               (size_t)width * sizeof *labels_out);
}

/* Fills probabilities and predictions of the next rows, and whether they are correct. */
static void predict_file_derive(struct predict_file *f, const float *outputs, int64_t count)
{
    const struct loss *loss = &f->x->loss;
    if (f->probabilities) predictions_find_probabilities(loss, outputs, count, f->probability_rows);
    switch (loss_task(loss)) {
    case TASK_CLASSES:
        predictions_find_classes(loss, outputs, count, f->predictions);
        if (f->labels && dataset_kind(f->x->data) != TARGET_INDEX) predict_file_copy_targets(f, count);
        if (f->labels) predict_file_compare_classes(f, count);
        break;
    case TASK_LABELS:
        predictions_find_labels(loss, outputs, count, f->predictions);
        if (f->labels) predict_file_compare_labels(f, count);
        break;
    case TASK_VALUES:
        predictions_find_values(loss, &f->x->targets, outputs, count, f->predictions);
        if (f->labels) predict_file_copy_targets(f, count);
        break;
    }
    for (int64_t i = 0; f->has_correct && i < count * f->positions; i++)
        f->correct_count += f->correct_rows[i];
}

static const void *predict_file_row(const void *rows, int64_t row, int64_t bytes)
{
    return (const char *)rows + row * bytes;
}

static int64_t predict_file_bytes(enum h5_type type)
{
    return type == H5_TYPE_U8 ? 1 : type == H5_TYPE_F32 ? 4 : 8;
}

/* Writes rows first .. first+count-1 of what was derived from `outputs`. */
static enum status predict_file_write(struct predict_file *f, const float *outputs, int64_t first,
                                      int64_t count)
{
    int64_t cells = f->positions, width = cells * f->outputs, numbers = width * (int64_t)sizeof(float);
    int64_t predicted = predict_file_bytes(predict_file_type(f)), labels = 0;
    enum target_kind kind = dataset_kind(f->x->data);
    predicted *= predict_file_type(f) == H5_TYPE_I64 ? cells : width;
    if (f->labels)
        labels = predict_file_bytes(predict_file_label_type(kind)) * (kind == TARGET_INDEX ? cells : width);
    f->placed += count;
    TRY(h5_rows_write(f->logits, count, predict_file_row(outputs, first, numbers)));
    if (f->probabilities)
        TRY(h5_rows_write(f->probabilities, count, predict_file_row(f->probability_rows, first, numbers)));
    TRY(h5_rows_write(f->predicted, count, predict_file_row(f->predictions, first, predicted)));
    if (f->labels) TRY(h5_rows_write(f->labels, count, predict_file_row(f->labels_out, first, labels)));
    if (!f->has_correct) return STATUS_OK;
    return h5_rows_write(f->correct, count, predict_file_row(f->correct_rows, first, cells));
}

/* Writes the row of a sample that is left out: NaN, or -1 as an integer, and 255 as a byte. */
static enum status predict_file_write_missing(struct predict_file *f, struct h5_rows *rows, enum h5_type type)
{
    int64_t count = f->positions * f->outputs;
    if (!rows) return STATUS_OK;
    memset(f->missing, 0xff, (size_t)count * sizeof(int64_t));
    for (int64_t i = 0; type == H5_TYPE_F32 && i < count; i++) ((float *)f->missing)[i] = NAN;
    return h5_rows_write(rows, 1, f->missing);
}

/* Writes the rows of the samples before the place `end` that are left out. */
static enum status predict_file_fill(struct predict_file *f, int64_t end)
{
    for (; f->placed < end; f->placed++) {
        TRY(predict_file_write_missing(f, f->logits, H5_TYPE_F32));
        TRY(predict_file_write_missing(f, f->probabilities, H5_TYPE_F32));
        TRY(predict_file_write_missing(f, f->predicted, predict_file_type(f)));
        TRY(predict_file_write_missing(f, f->labels, predict_file_label_type(dataset_kind(f->x->data))));
        memset(f->missing, 0, (size_t)f->positions);
        if (f->correct) TRY(h5_rows_write(f->correct, 1, f->missing));
    }
    return STATUS_OK;
}

enum status predict_file_add(struct predict_file *f, const float *outputs, int64_t count)
{
    const struct dataset *d = f->x->data;
    assert(count <= f->rows_max && f->written + count <= f->samples);
    if (count == 0) return STATUS_OK;
    predict_file_derive(f, outputs, count);
    for (int64_t first = 0, n; first < count; first += n) {
        int64_t place = dataset_place(d, f->written + first);
        for (n = 1; first + n < count && dataset_place(d, f->written + first + n) == place + n;) n++;
        TRY(predict_file_fill(f, place));
        TRY(predict_file_write(f, outputs, first, n));
    }
    f->written += count;
    return STATUS_OK;
}

static void predict_file_close_rows(struct predict_file *f)
{
    struct h5_rows **all[] = {&f->logits, &f->probabilities, &f->predicted, &f->labels, &f->correct};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) h5_rows_close(all[i]);
}

enum status predict_file_commit(struct predict_file *f)
{
    TRY(predict_file_fill(f, f->samples));
    predict_file_close_rows(f);
    return h5_commit(&f->writer);
}

void predict_file_close(struct predict_file *f)
{
    predict_file_close_rows(f);
    h5_discard(&f->writer);
    void *all[] = {&f->probability_rows, &f->predictions, &f->labels_out, &f->correct_rows, &f->missing};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
}
