/* predict.h - runs a checkpoint on a data set, with or without labels, and writes the outputs of each sample.
 *
 * HDF5, rows in the order of the input, the same bytes at any number of ranks:
 *   logits         (N,K) float32   the outputs of the network
 *   probabilities  (N,K) float32   if the loss defines them: softmax, exp or sigmoid of the outputs, or these
 *   predicted      (N,) int64      the class: the first maximum
 *                  (N,K) uint8     predicted labels: probability above metrics.threshold, score above 0
 *                  (N,K) float32   values in original units
 *   labels                         if the data have any: classes int64, multi-labels uint8, others float32,
 *                                  as stored: (N,) or (N,K)
 *   correct        (N,) uint8      if the data have labels, except real values: class or all labels correct
 *   class_names    (K,) text       only if they do not fit into the attribute
 * A sample that is left out (data.on_error: skip) has a row of NaN; integers are -1, bytes 255, correct is 0.
 * Where labels have positions, their axes stand behind N and K: (N,K,H,W), and (N,H,W) in place of (N,).
 * Attributes: checkpoint, data, task (classes, labels, values), class_names (of classes, labels or targets),
 * threshold (of labels with probabilities).
 *
 * Ranks compute chunks of blocks in turns, and rank 0 writes one chunk after the other while the others
 * compute the next. Besides data and model, a rank holds one chunk of outputs (about 1 MB), rank 0 up to
 * eight times that, at any number of samples and ranks. The time of the model is shared by the ranks; writing
 * (about 8 K bytes per sample) is done by rank 0 alone. */
#ifndef TRAIN_EVALUATION_PREDICT_H
#define TRAIN_EVALUATION_PREDICT_H

#include "comm/comm.h"
#include "train/config.h"

struct predict_options {
    const char *checkpoint, *data, *out;
    bool overwrite;
    bool plain; /* the weights of training, although there are averaged ones */
};

/* What was written; valid on rank 0. */
struct predict_facts {
    int64_t samples, outputs;
    int64_t left_out; /* further samples, that could not be read */
    bool has_correct;
    int64_t correct; /* samples */
};

/* `config` is what config_text in the checkpoint resolves to (checkpoint_read_config). Collective; all ranks
 * return the same status. The file appears when it is complete. Errors: STATUS_CONFIG if `out` exists and is
 * not to be overwritten; data that do not go with the checkpoint; STATUS_OTHER if it cannot be written. */
enum status predict_run(struct comm *comm, const struct config *config, const struct predict_options *options,
                        struct predict_facts *facts);

#endif
