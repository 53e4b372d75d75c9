/* predict.h - runs a checkpoint over a data set, with labels or without, and writes what the network says of each sample.
 *
 * HDF5, rows in the order of the input, the same bytes at any number of ranks:
 *   logits         (N,K) float32   the outputs of the network
 *   probabilities  (N,K) float32   where the loss makes outputs mean some: softmax, exp, sigmoid, or the outputs themselves
 *   predicted      (N,) int64      the class: the first maximum
 *                  (N,K) uint8     labels that are on: probability above metrics.threshold, score above 0
 *                  (N,K) float32   values in original units
 *   labels                         where there are any: classes int64, labels uint8, other rows float32; (N,) or (N,K) as given
 *   correct        (N,) uint8      where there are labels, but not of real values: the class, or all labels, right
 *   class_names    (K,) text       only if there are too many for the attribute
 * Attributes: checkpoint, data, task (classes, labels, values), class_names (of classes, labels or targets), threshold (of
 * labels with probabilities).
 *
 * Ranks compute runs of blocks in turns, and rank 0 writes one run after the other while the others compute the next: beside
 * data and network every rank holds one run of outputs, about a megabyte, rank 0 up to eight times that, however many samples and
 * ranks there are. The network's time is shared by the ranks; that of rank 0, which writes some 8 K bytes a sample, is not. */
#ifndef TRAIN_EVALUATION_PREDICT_H
#define TRAIN_EVALUATION_PREDICT_H

#include "comm/comm.h"
#include "train/config.h"

struct predict_wish {
    const char *checkpoint, *data, *out;
    bool overwrite;
};

/* What was written, on rank 0. */
struct predict_facts {
    int64_t samples, outputs;
    bool has_correct;
    int64_t correct; /* samples */
};

/* `config` is what config_text in the checkpoint resolves to (checkpoint_read_config). Collective; all ranks return the same
 * status. The file appears when it is complete. Errors: STATUS_CONFIG if `out` exists and is not to be overwritten; data that do
 * not go with the checkpoint; STATUS_OTHER if it cannot be written. */
enum status predict_run(struct comm *comm, const struct config *config, const struct predict_wish *wish,
                        struct predict_facts *facts);

#endif
