/* ddp_train.h - use a model that ddp_train has trained inside another program.
 *
 *     struct ddp_model *model;
 *     if (ddp_open(&model, "runs/mine/checkpoints/best.h5") != DDP_OK) return complain(ddp_error_text());
 *     int64_t classes[2];
 *     struct ddp_results results = {0};
 *     results.classes = classes;
 *     if (ddp_run_uint8(model, 2, ddp_get_feature_count(model), images, &results) != DDP_OK) ...
 *     printf("%s\n", ddp_get_name(model, classes[0]));
 *     ddp_close(&model);
 *
 * Build: cc program.c $(pkg-config --cflags --libs ddp_train), for the static library --static --libs; with
 * CMake find_package(ddp_train) and the target ddp_train::ddp_train. C99 and later, C++11 and later.
 *
 * Data. A row is one sample as it is stored in a data file, before any preprocessing: F features side by
 * side, in C order (channels, height, width); n rows are n * F features without gaps. They have the type of
 * the training set's features, uint8 or float32. The library normalises them with the checkpoint's
 * statistics. K is the number of outputs.
 * Where a model has outputs at each of P positions of a sample, such as pixels, a result is K numbers, or one class,
 * at each position: [n][K][P] and [n][P]. P is 1 for all other models.
 *
 * Same bits. Results are those of `ddp_train predict` to the last bit, however rows are grouped into calls,
 * in every thread. One exception: a model that was trained with more than 256 samples in a virtual rank's
 * slice multiplies with OpenBLAS, where the last bits of a row may depend on its place in a block of
 * ddp_get_block_rows() rows; so does one with `run.products: blas`. Its results are those of `predict` if all calls but
 * the last hand over whole blocks, in the order of the file.
 *
 * Errors. Functions that can fail return an enum ddp_status; ddp_error_text() is the reason in one line. On
 * failure nothing has to be released, and results are undefined. Queries of a model that is NULL return 0 or
 * NULL.
 *
 * Threads. All functions may be called from any thread at any time, also with the same model; only ddp_close
 * must be the last call with its model. Calls that run at the same time have a workspace each, made when
 * first needed and kept until ddp_close. A call computes in the thread that makes it; more cores are used by
 * calling from more threads.
 *
 * Unknown CPUs. OpenBLAS chooses its kernels when it is loaded; 0.3.21 chooses slow ones, with other last
 * bits, for a CPU that it does not know. There the program ddp_train starts itself again with
 * OPENBLAS_CORETYPE set, which a library cannot do. For the same bits and speed with models that multiply
 * with OpenBLAS, set that variable before your program starts, to the name that `ddp_train check` prints
 * behind "OpenBLAS" on such a machine, such as SkylakeX or Haswell.
 *
 * The process. The library prints nothing, never exits, calls no MPI function (the host may use MPI or not),
 * and changes neither signals nor environment nor locale. With a model that multiplies with OpenBLAS,
 * ddp_open sets OpenBLAS to one thread for the whole process, because its bits depend on that. Checkpoints
 * may come from strangers: ddp_open forks a child process that reads the file with HDF5, with limits of time
 * and memory, and ends before ddp_open returns (the host sees a SIGCHLD unless it ignores it). As after every
 * fork in a program with threads, no other thread may be inside the HDF5 library meanwhile.
 */
#ifndef DDP_TRAIN_H
#define DDP_TRAIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DDP_API __attribute__((visibility("default")))

enum ddp_status {
    DDP_OK = 0,
    DDP_ERROR_ARGUMENT = 1, /* NULL, another row size or feature type, a result this model does not have */
    DDP_ERROR_FILE = 2, /* the checkpoint is missing, damaged, or of another version; or it is another file */
    DDP_ERROR_DATA =
        3, /* a feature is NaN or Inf; NaN is fine for a model that was trained with data.missing:
                           mean or zero, which then stands for it */
    DDP_ERROR_SYSTEM =
        4 /* out of memory or processes, or the CPU lacks the instruction set the run asked for */
};

enum ddp_feature_type { DDP_UINT8 = 1, DDP_FLOAT32 = 2 };

enum ddp_task {
    DDP_CLASSES = 1, /* one of K classes: the first maximum of the outputs */
    DDP_LABELS = 2, /* K labels, each on or off: on where its probability is above the threshold, or its score
                       above 0 */
    DDP_VALUES = 3  /* K real values, in the units of the training set's targets */
};

struct ddp_model;

/* Why the last call of this thread failed, in one line; "" if none did. Valid until the next failure in this
 * thread. */
DDP_API const char *ddp_error_text(void);

/* The library's version, such as "0.1.0". */
DDP_API const char *ddp_version(void);

/* Opens a checkpoint; *model is NULL on failure. ddp_close releases it and sets *model to NULL, which it may
 * be already. */
DDP_API enum ddp_status ddp_open(struct ddp_model **model, const char *path);

/* The same with the weights of training, although the checkpoint has averaged ones (train.ema, train.swa), which
 * ddp_open takes. */
DDP_API enum ddp_status ddp_open_plain(struct ddp_model **model, const char *path);
DDP_API void ddp_close(struct ddp_model **model);

/* ---- what the model takes ---- */

DDP_API enum ddp_feature_type ddp_get_feature_type(const struct ddp_model *model);
DDP_API int64_t ddp_get_feature_count(const struct ddp_model *model); /* F */

/* The shape of a sample as ddp_run takes it: (F), (C,L), (C,H,W) or (C,D,H,W). Where data.transforms change it, or
 * data.augment takes parts, this is the shape before. Writes the sides and returns how many there are. */
#define DDP_MAX_RANK 4
DDP_API int ddp_get_shape(const struct ddp_model *model, int64_t shape[DDP_MAX_RANK]);

/* Preprocessing: a row is cut into equal parts, one per channel; features x of channel c become (x - mean[c])
 * / std[c]. Both vectors have ddp_get_channel_count elements, in the units of the rows. They belong to the
 * model. */
DDP_API int64_t ddp_get_channel_count(const struct ddp_model *model);
DDP_API const float *ddp_get_mean(const struct ddp_model *model);
DDP_API const float *ddp_get_std(const struct ddp_model *model);

/* Rows that are computed together. Calls are fastest with a multiple of it, or much more. */
DDP_API int64_t ddp_get_block_rows(const struct ddp_model *model);

/* ---- what it gives ---- */

DDP_API enum ddp_task ddp_get_task(const struct ddp_model *model);
DDP_API int64_t ddp_get_output_count(const struct ddp_model *model);   /* K */
DDP_API int64_t ddp_get_position_count(const struct ddp_model *model); /* P */

/* The shape of a row's outputs: (K), or (K,L), (K,H,W) or (K,D,H,W) where they have positions. Writes the sides and
 * returns how many there are. */
DDP_API int ddp_get_output_shape(const struct ddp_model *model, int64_t shape[DDP_MAX_RANK]);
DDP_API int ddp_has_probabilities(const struct ddp_model *model); /* 1 or 0 */
DDP_API double ddp_get_threshold(const struct ddp_model *model);  /* of probabilities, for DDP_LABELS */
DDP_API int64_t ddp_get_parameter_count(const struct ddp_model *model);

/* Names of classes, labels or values, if the training set had any: K, or of a single label two, those of off
 * and on. The name is UTF-8 and belongs to the model; NULL if there is none for `index`. */
DDP_API int64_t ddp_get_name_count(const struct ddp_model *model);
DDP_API const char *ddp_get_name(const struct ddp_model *model, int64_t index);

/* Where results go; each pointer may be NULL. Asking for what the model does not have is DDP_ERROR_ARGUMENT.
 */
struct ddp_results {
    float *outputs;       /* [n][K][P]: of the last layer */
    float *probabilities; /* [n][K][P]: where ddp_has_probabilities */
    int64_t *classes;     /* [n][P]: for DDP_CLASSES */
    uint8_t *labels;      /* [n][K][P]: 1 = on, for DDP_LABELS */
    float *values;        /* [n][K][P]: for DDP_VALUES */
};

/* Runs the model on `rows` [n][features]; n may be 0. The function has to be the one of the model's feature
 * type, and `features` its ddp_get_feature_count. Errors: DDP_ERROR_ARGUMENT, DDP_ERROR_DATA (nothing is
 * computed), DDP_ERROR_SYSTEM (memory). */
DDP_API enum ddp_status ddp_run_uint8(struct ddp_model *model, int64_t n, int64_t features,
                                      const uint8_t *rows, const struct ddp_results *results);
DDP_API enum ddp_status ddp_run_float32(struct ddp_model *model, int64_t n, int64_t features,
                                        const float *rows, const struct ddp_results *results);

#ifdef __cplusplus
}
#endif

#endif
