/* statistics.c - running statistics of averaged weights. */
#include "data/order.h"
#include "train/trainer/private.h"

/* The statistics that training left are those of other weights than the averaged ones; an exponential average
 * stays near the weights and copies them. */
static bool statistics_are_needed(const struct trainer *t)
{
    return t->config->swa > 0 && trainer_averages(t) && update_has_statistics(&t->update);
}

static enum status statistics_measure(struct trainer *t, const struct order *order, int64_t epoch)
{
    struct step_result result;
    int64_t batches = 0;
    for (int64_t at = 0; at < t->info.train_samples; at += t->config->batch) {
        t->measured = trainer_share_weights(t);
        t->measured_share = 1 / (double)++batches;
        TRY(trainer_step(t, order, epoch, at, 0, &result));
        if (result.requests.bits & REQUEST_DATA) return comm_agree(t->comm, dataset_status(t->train));
    }
    return STATUS_OK;
}

enum status trainer_renew_statistics(struct trainer *t, int64_t epoch)
{
    if (!statistics_are_needed(t)) return STATUS_OK;
    struct order order =
        dataset_order(t->train, (uint64_t)t->config->seed, (uint64_t)epoch, t->config->shuffle);
    enum status status = statistics_measure(t, &order, epoch);
    t->measured = NULL;
    return status;
}
