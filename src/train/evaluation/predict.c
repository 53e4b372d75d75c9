/* predict.c - runs a checkpoint on a data set, chunk by chunk. */
#include "train/evaluation/predict.h"

#include "core/log.h"
#include "core/mem.h"
#include "train/evaluation/predict_file.h"

#define CHUNK_FLOATS (1 << 18) /* of outputs in the chunk of a rank, about */

struct predictor {
    struct comm *comm;
    struct examiner x;
    int64_t width;             /* outputs of a sample, K * P */
    int64_t samples, blocks;   /* a block is `lanes` samples */
    int64_t passes;            /* blocks in one pass, at most */
    int64_t chunk;             /* blocks that a rank computes before they are written */
    float *outputs, *received; /* [chunk * lanes][K][P]; received on rank 0 only */
    struct predict_file file;
    enum status status; /* of the file, on rank 0 */
};

static enum status predict_prepare(struct predictor *p, const struct predict_options *options,
                                   const struct config *config)
{
    const struct batch *b = &p->x.batch;
    bool first = comm_rank(p->comm) == 0;
    p->width = p->x.loss.outputs * p->x.loss.positions;
    p->samples = dataset_info(p->x.data)->samples;
    int64_t row = b->lanes * p->width, ranks = comm_size(p->comm);
    p->blocks = (p->samples + b->lanes - 1) / b->lanes;
    p->passes = b->leaves;
    p->chunk = CHUNK_FLOATS / row / p->passes * p->passes;
    if (p->chunk == 0) p->chunk = p->passes;
    int64_t share = (p->blocks + ranks - 1) / ranks; /* of a small set, every rank gets some */
    if (p->chunk > share) p->chunk = share;
    TRY(mem_alloc(&p->outputs, (size_t)p->chunk, (size_t)row * sizeof(float), "predictions"));
    TRY(mem_alloc(&p->received, first ? (size_t)p->chunk : 0, (size_t)row * sizeof(float), "predictions"));
    return first ? predict_file_begin(&p->file, options, config, &p->x, p->chunk * b->lanes) : STATUS_OK;
}

/* Outputs of a pass [K][P][stride], lanes side by side, become rows behind `to`; returns their number. */
static int64_t predict_store_rows(const struct predictor *p, const float *outputs, float *to)
{
    const struct batch *b = &p->x.batch;
    int64_t k_count = p->width, stride = batch_lanes(b), lanes = batch_own_lanes(b), rows = 0;
    for (int64_t leaf = 0; leaf < b->leaves; leaf++)
        for (int64_t n = 0; n < b->live[leaf]; n++, rows++)
            for (int64_t k = 0; k < k_count; k++)
                to[rows * k_count + k] = outputs[k * stride + leaf * lanes + n];
    return rows;
}

/* Blocks first .. end-1; returns the number of floats. A pass takes a power of two of blocks, as in
 * training. */
static int64_t predict_compute(struct predictor *p, int64_t first, int64_t end)
{
    struct batch *b = &p->x.batch;
    int64_t rows = 0;
    for (int64_t count = p->passes; first < end; first += count) {
        while (count > end - first) count /= 2;
        batch_take_blocks(b, p->samples, first, count);
        batch_load(b, p->x.data, &p->x.normal, model_input(p->x.model));
        struct pass pass = {.params = p->x.params, .live = b->live, .lanes = batch_lanes(b), .leaves = count};
        rows += predict_store_rows(p, model_forward(p->x.model, &pass), p->outputs + rows * p->width);
    }
    return rows * p->width;
}

static void predict_write(void *self, const float *outputs, int64_t count)
{
    struct predictor *p = self;
    if (p->status == STATUS_OK) p->status = predict_file_add(&p->file, outputs, count / p->width);
}

static int64_t predict_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The chunk of this rank in the round that begins with a block; empty behind the last one. */
static void predict_find_chunk(const struct predictor *p, int64_t round, int64_t *first, int64_t *end)
{
    *first = predict_min(round + comm_rank(p->comm) * p->chunk, p->blocks);
    *end = predict_min(*first + p->chunk, p->blocks);
}

/* Begins to read the samples of this rank's chunk of a round. */
static enum status predict_expect(const struct predictor *p, int64_t round)
{
    int64_t first, end, lanes = p->x.batch.lanes;
    predict_find_chunk(p, round, &first, &end);
    return dataset_stream(p->x.data, predict_min(first * lanes, p->samples),
                          predict_min(end * lanes, p->samples), p->passes * lanes);
}

/* In every round the ranks compute one chunk each, in rank order one behind the other. The samples of the
 * next chunk are read while rank 0 writes. What went wrong in reading or writing is known to all in the
 * next round. */
static enum status predict_compute_all(struct predictor *p)
{
    int64_t all = comm_size(p->comm) * p->chunk;
    enum status status = predict_expect(p, 0);
    for (int64_t round = 0; round < p->blocks; round += all) {
        int64_t first, end;
        predict_find_chunk(p, round, &first, &end);
        int64_t count = status == STATUS_OK ? predict_compute(p, first, end) : 0;
        if (status == STATUS_OK) status = dataset_status(p->x.data);
        if (status == STATUS_OK) status = predict_expect(p, round + all);
        if (p->status == STATUS_OK) p->status = status;
        TRY(comm_agree(p->comm, p->status));
        comm_gather_floats(p->comm, p->outputs, count, p->received, predict_write, p);
    }
    if (comm_rank(p->comm) == 0 && p->status == STATUS_OK) p->status = predict_file_commit(&p->file);
    return comm_agree(p->comm, p->status);
}

static enum status predict_all(struct predictor *p, const struct config *config,
                               const struct predict_options *options, struct predict_facts *facts)
{
    bool first = comm_rank(p->comm) == 0;
    if (first && config->data.missing == MISSING_DROP)
        log_info(
            "data.missing is drop_sample, but a prediction has a row for every sample: a missing value is an "
            "error here, or a row of NaN with --on-error skip");
    TRY(comm_agree(p->comm, first ? predict_file_open(&p->file, options) : STATUS_OK));
    TRY(examiner_init(&p->x, p->comm,
                      &(struct examiner_spec){.config = config,
                                              .checkpoint = options->checkpoint,
                                              .data = options->data,
                                              .plain = options->plain,
                                              .for_prediction = true}));
    TRY(comm_agree(p->comm, predict_prepare(p, options, config)));
    TRY(predict_compute_all(p));
    *facts = (struct predict_facts){.samples = p->samples,
                                    .outputs = p->x.loss.outputs,
                                    .left_out = dataset_left_out(p->x.data),
                                    .has_correct = first && p->file.has_correct,
                                    .correct = p->file.correct_count};
    return STATUS_OK;
}

enum status predict_run(struct comm *comm, const struct config *config, const struct predict_options *options,
                        struct predict_facts *facts)
{
    struct predictor p = {.comm = comm};
    enum status status = predict_all(&p, config, options, facts);
    predict_file_close(&p.file);
    mem_free(&p.outputs);
    mem_free(&p.received);
    examiner_free(&p.x);
    return status;
}
