/* config.h - all options of a run, as plain values.
 *
 * The app layer fills it from defaults, file, environment and flags; train only reads it. The config owns
 * its strings. */
#ifndef TRAIN_CONFIG_H
#define TRAIN_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/pattern.h"
#include "data/config.h"
#include "nn/losses/sum.h"
#include "nn/model.h"
#include "optim/optim.h"
#include "optim/schedule.h"

enum config_sync {
    SYNC_TREE,      /* fixed summation tree over virtual ranks, update of slices in shared memory */
    SYNC_ALLREDUCE, /* MPI_Allreduce and a replicated update: the reference, equal to rounding only */
};

/* Of the inputs of products. */
enum config_precision { PRECISION_FLOAT32, PRECISION_BF16 };

enum config_anneal { ANNEAL_COSINE, ANNEAL_LINEAR };

/* Machines that would not produce bit-identical results. */
enum config_mixed { MIXED_REFUSE, MIXED_ALLOW };

/* Factors of the learning rate and the weight decay of the parameters that match. */
#define CONFIG_GROUPS_MAX 64
struct config_group {
    char match[PATTERN_SIZE];
    double lr, weight_decay;
};
struct config_groups {
    int count;
    struct config_group of[CONFIG_GROUPS_MAX];
};

struct config {
    char *run_name;
    int64_t seed;

    struct data_config data;

    struct model_spec model;
    char *blocks_text, *layers_text; /* as the user wrote them, if the layers use blocks; otherwise NULL */
    const struct loss_ops *loss;
    struct arg_values loss_args;
    struct loss_list loss_list; /* if `loss` is sum_of_losses: its parts */

    int64_t epochs;
    int64_t batch;         /* global */
    int64_t virtual_ranks; /* V; settled for the number of ranks by config_settle_virtual_ranks */
    bool shuffle;
    int sampler;                  /* enum data_sampler */
    int64_t accumulate;           /* passes of a virtual rank per step */
    double clip_norm, clip_value; /* of the gradient; 0 = not */
    double clip_logits;           /* 0 = not */
    int64_t max_bad_steps;
    char *early_stop; /* metric such as "val.loss", "" = never */
    int64_t patience;
    double min_delta;
    double ema; /* decay of the average of the weights; 0 = none */
    bool ema_warmup;
    int64_t ema_every;         /* updates */
    int64_t swa;               /* first epoch of an equal average, from 1; 0 = none */
    double swa_lr;             /* 0 = the schedule's */
    int64_t swa_anneal_epochs; /* from the schedule's rate to swa_lr */
    int swa_anneal;            /* enum config_anneal */
    char *max_time;            /* as clock_parse_duration takes it, "" = no limit */
    bool decay_biases;
    double max_norm;                /* of the rows of the weights that match; 0 = not */
    struct patterns max_norm_match; /* none = all */
    struct config_groups groups;
    char *schedule_metric; /* what the schedule observes */

    const struct optim_ops *optim;
    struct arg_values optim_args;
    const struct schedule_ops *schedule;
    struct arg_values schedule_args;

    int sync_method; /* enum config_sync */
    int64_t ranks_per_node;
    double sync_timeout, death_timeout; /* seconds; 0 = never */
    int mixed;                          /* enum config_mixed */
    int64_t check_every;                /* steps between comparisons of the nodes; 0 = never */

    int64_t checkpoint_every_epochs; /* 0 = only the final one */
    int64_t checkpoint_every_steps;  /* 0 = none between epochs */
    double checkpoint_every_minutes; /* 0 = whatever the time */
    int64_t checkpoint_keep;
    char *checkpoint_best; /* metric such as "val.accuracy", "auto", or "" */

    int64_t metrics_top_k;
    double metrics_threshold; /* probability above which a label is on */

    int64_t log_every_steps; /* a step line in metrics.jsonl; 0 = only epochs */
    int64_t report_every;    /* epochs between two writings of report.html; 0 = only at the end */
    bool tensorboard;        /* write event files */
    int products;            /* enum products, without regard to the precision: see config_products */
    int precision;           /* enum config_precision */
    char *isa;               /* "auto", "v2", "v3", "v4" or "base" (kernels.h) */
};

/* Whether the run keeps an average of the weights, in a vector behind the optimizer's slots. */
static inline bool config_averages(const struct config *c)
{
    return c->ema > 0 || c->swa > 0;
}

/* Whether samples are drawn by data.weights, which the loss then does not see. */
static inline bool config_draws_by_weight(const struct config *c)
{
    return c->sampler == SAMPLER_WEIGHTED && *c->data.weights;
}

static inline enum products config_products(const struct config *c)
{
    return c->precision == PRECISION_BF16 ? PRODUCTS_BF16 : (enum products)c->products;
}

/* Settles the number of virtual ranks of a run, once per start, on rank 0, before the configuration is
 * shared: at least one for each rank, with a warning. `fixed`: the run is resumed, and its number cannot
 * change. Local. Errors: STATUS_CONFIG. */
enum status config_settle_virtual_ranks(struct config *c, int ranks, bool fixed);

#endif
