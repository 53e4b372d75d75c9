/* predict_file.h - writes the file of predictions. Rows of outputs come in order; everything else is derived
 * from them. For rank 0; local functions. */
#ifndef TRAIN_EVALUATION_PREDICT_FILE_H
#define TRAIN_EVALUATION_PREDICT_FILE_H

#include "io/h5/h5.h"
#include "train/evaluation/predict.h"
#include "train/evaluation/examiner.h"

struct predict_file {
    struct h5_writer *writer;
    const struct examiner *x;
    int64_t outputs, positions, samples,
        rows_max; /* rows_max: maximum number of rows in one call of predict_file_add */
    struct h5_rows *logits, *probabilities, *predicted, *labels, *correct; /* NULL where there is none */
    float *probability_rows;                                               /* [rows_max][K][P] */
    void *predictions;     /* [rows_max][P] int64, [rows_max][K][P] uint8 or float */
    void *labels_out;      /* the same for labels */
    uint8_t *correct_rows; /* [rows_max][P] */
    bool has_correct;
    int64_t written, correct_count; /* samples; those that are correct */
    int64_t placed;                 /* rows, also those of samples that are left out */
    void *missing;                  /* a row of one of these, of the widest dataset */
};

/* Returns what the data call the outputs: one name for each, or two, off and on, where there is one label;
 * NULL if they have no names. */
const char *const *predict_file_names(const struct loss *loss, const struct dataset *d, int64_t *count);

/* Start the file. Call predict_file_close also after a failure; it discards what was not committed. */
enum status predict_file_open(struct predict_file *f, const struct predict_options *options);
enum status predict_file_begin(struct predict_file *f, const struct predict_options *options,
                               const struct config *config, const struct examiner *x, int64_t rows_max);

/* Adds the next `count` rows of outputs [count][K][P]. */
enum status predict_file_add(struct predict_file *f, const float *outputs, int64_t count);
enum status predict_file_commit(struct predict_file *f);
void predict_file_close(struct predict_file *f);

#endif
