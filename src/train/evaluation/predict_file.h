/* predict_file.h - the file of predictions: rows of outputs come in order, all else is derived from them. For rank 0; local
 * functions. */
#ifndef TRAIN_EVALUATION_PREDICT_FILE_H
#define TRAIN_EVALUATION_PREDICT_FILE_H

#include "io/h5/h5.h"
#include "train/evaluation/predict.h"
#include "train/evaluation/examiner.h"

struct predict_file {
    struct h5_writer *writer;
    const struct examiner *x;
    int64_t outputs, samples, room; /* rows that come at once, at most */
    struct h5_rows *logits, *probabilities, *predicted, *labels, *correct; /* NULL where there is none */
    float *chances;                                                        /* [room][K] */
    void *answers; /* [room] int64, [room][K] uint8 or float */
    void *given;   /* the same for labels */
    uint8_t *hits; /* [room] */
    bool has_correct;
    int64_t written, right; /* rows; those that are correct */
};

/* Starts the file; predict_file_close, which gives up what was not committed, also after a failure. */
enum status predict_file_open(struct predict_file *f, const struct predict_wish *wish);
enum status predict_file_begin(struct predict_file *f, const struct predict_wish *wish,
                               const struct config *config, const struct examiner *x, int64_t room);

/* The next `count` rows of outputs [count][K]. */
enum status predict_file_add(struct predict_file *f, const float *outputs, int64_t count);
enum status predict_file_commit(struct predict_file *f);
void predict_file_close(struct predict_file *f);

#endif
