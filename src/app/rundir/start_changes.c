/* start_changes.c - compares the configuration of a resumed run with that of its checkpoint. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/rundir/start.h"
#include "core/log.h"
#include "app/config/options.h"

struct changes {
    FILE *list; /* of differences that would change the results */
    int count;
    unsigned bits;
};

static bool changes_has_prefix(const char *key, const char *prefix)
{
    return strncmp(key, prefix, strlen(prefix)) == 0;
}

static void changes_add(void *self, const char *key, const char *was, const char *is, bool may_change)
{
    struct changes *c = self;
    if (strcmp(key, "checkpoint.best") == 0) c->bits |= TRAINER_NEW_BEST;
    if (may_change) return;
    if (strcmp(key, "optim.name") == 0) c->bits |= TRAINER_NEW_OPTIM;
    if (strcmp(key, "train.early_stop") == 0) c->bits |= TRAINER_NEW_STOP;
    if (changes_has_prefix(key, "schedule.")) c->bits |= TRAINER_NEW_SCHEDULE;
    if (changes_has_prefix(key, "train.ema") || changes_has_prefix(key, "train.swa"))
        c->bits |= TRAINER_NEW_AVERAGE;
    fprintf(c->list, "%s%s: was %s, is %s", c->count++ ? "; " : "", key, was, is);
}

/* A run that was started with more ranks than train.virtual_ranks has one virtual rank for each rank. It
 * keeps them, although its configuration has the smaller number. */
static void changes_adopt_virtual_ranks(struct config *was, struct config *is, int64_t v)
{
    if (is->virtual_ranks == was->virtual_ranks) is->virtual_ranks = v;
    was->virtual_ranks = v;
}

static enum status changes_judge(const struct changes *c, const char *list, const char *path, bool override)
{
    if (c->count == 0) return STATUS_OK;
    if (override) {
        log_warn("results will differ from those of the saved run: %s", list);
        return STATUS_OK;
    }
    return status_fail(
        STATUS_CONFIG,
        "%s: the configuration would change the results: %s (undo these changes, or continue anyway with "
        "--resume-override)",
        path, list);
}

static enum status changes_compare(struct start *s, const struct config *was, const struct config *is,
                                   bool override)
{
    struct changes c = {.list = NULL};
    char *list = NULL;
    size_t bytes;
    c.list = open_memstream(&list, &bytes);
    if (!c.list) return status_fail(STATUS_OTHER, "comparison of configurations: out of memory");
    enum status status = options_compare(was, is, changes_add, &c);
    if (fclose(c.list) != 0 && status == STATUS_OK)
        status = status_fail(STATUS_OTHER, "comparison of configurations: out of memory");
    if (status == STATUS_OK) status = changes_judge(&c, list, s->saved.path, override);
    s->changes = c.bits | (override ? TRAINER_OVERRIDE : 0);
    free(list);
    return status;
}

enum status start_compare(struct start *s, struct setup *setup, bool override)
{
    struct config *was = &s->saved.config;
    changes_adopt_virtual_ranks(was, &setup->config, s->saved.point.virtual_ranks);
    return changes_compare(s, was, &setup->config, override);
}

/* Returns whether the learning rates depend on the number of epochs. */
static bool changes_rates_differ(const struct config *was, const struct config *is, int64_t per_epoch)
{
    const struct schedule_state state = {0};
    struct schedule_point a = {0, per_epoch, per_epoch * was->epochs},
                          b = {0, per_epoch, per_epoch * is->epochs};
    int64_t steps = a.total_steps < b.total_steps ? a.total_steps : b.total_steps;
    double base = is->optim_args.of[0];
    for (int64_t step = 0; step < steps; step += steps / 64 + 1) {
        a.step = b.step = step;
        if (schedule_rate(is->schedule, &is->schedule_args, &state, base, &a) !=
            schedule_rate(is->schedule, &is->schedule_args, &state, base, &b))
            return true;
    }
    return false;
}

void start_report_epochs(const struct start *s, const struct config *config, const struct trainer_info *info)
{
    const struct config *was = &s->saved.config;
    if (was->epochs != config->epochs && changes_rates_differ(was, config, info->steps_per_epoch))
        log_info(
            "train.epochs was %lld and is %lld: schedule %s depends on it; from here on the learning rates "
            "are those of a run "
            "of %lld epochs, before they were not",
            (long long)was->epochs, (long long)config->epochs, config->schedule->name,
            (long long)config->epochs);
}
