/* progress.c - the counters of a run as attributes of a checkpoint. */
#include "train/checkpoint/progress.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum kind { COUNT, FLAG, REAL };

struct field {
    const char *name;
    enum kind kind;
    size_t offset;
};

#define FIELD(kind, member, name)                                                                            \
    {                                                                                                        \
        name, kind, offsetof(struct progress, member)                                                        \
    }

static const struct field fields[] = {
    FIELD(COUNT, step, "step"),
    FIELD(COUNT, updates, "updates"),
    FIELD(COUNT, epoch, "epoch"),
    FIELD(COUNT, position, "position"),
    FIELD(FLAG, stopped, "stopped"),
    FIELD(REAL, seen.loss, "epoch_loss_sum"),
    FIELD(REAL, seen.weight, "epoch_weight_sum"),
    FIELD(COUNT, seen.correct, "epoch_correct"),
    FIELD(COUNT, seen.valid, "epoch_valid"),
    FIELD(COUNT, seen.count, "epoch_count"),
    FIELD(COUNT, bad_steps, "epoch_bad_steps"),
    FIELD(COUNT, empty_steps, "epoch_empty_steps"),
    FIELD(REAL, lr, "epoch_lr"),
    FIELD(REAL, seconds, "epoch_seconds"),
    FIELD(COUNT, bad_in_a_row, "bad_in_a_row"),
    FIELD(COUNT, schedule.epochs, "schedule_epochs"),
    FIELD(COUNT, schedule.drops, "schedule_drops"),
    FIELD(COUNT, schedule.bad_epochs, "schedule_bad_epochs"),
    FIELD(COUNT, schedule.cooldown, "schedule_cooldown"),
    FIELD(REAL, schedule.best, "schedule_best"),
    FIELD(FLAG, best.has_best, "best_known"),
    FIELD(REAL, best.best, "best_value"),
    FIELD(COUNT, best.stale, "best_stale_epochs"),
    FIELD(FLAG, stop.has_best, "early_stop_known"),
    FIELD(REAL, stop.best, "early_stop_value"),
    FIELD(COUNT, stop.stale, "early_stop_stale_epochs"),
    FIELD(REAL, train_seconds, "train_seconds"),
    FIELD(COUNT, train_samples, "train_samples"),
    FIELD(COUNT, metrics_bytes, "metrics_bytes"),
};

#define FIELDS (sizeof fields / sizeof fields[0])

void progress_open_epoch(struct progress *p)
{
    if (p->position > 0) return;
    p->seen = (struct loss_sums){0};
    p->bad_steps = p->empty_steps = 0;
    p->lr = p->seconds = 0;
}

void progress_close_epoch(struct progress *p)
{
    p->train_seconds += p->seconds;
    p->train_samples += p->seen.count;
    p->epoch++;
    p->position = 0;
}

enum status progress_save(const struct progress *p, struct h5_writer *w)
{
    for (size_t i = 0; i < FIELDS; i++) {
        const void *at = (const char *)p + fields[i].offset;
        if (fields[i].kind == REAL)
            TRY(h5_write_attr_double(w, "/", fields[i].name, *(const double *)at));
        else
            TRY(h5_write_attr_int64(w, "/", fields[i].name,
                                    fields[i].kind == FLAG ? *(const bool *)at : *(const int64_t *)at));
    }
    return STATUS_OK;
}

static enum status progress_load_field(const struct field *field, void *at, struct h5 *f)
{
    int64_t value;
    if (field->kind == REAL) return h5_attr_doubles(f, "/", field->name, 1, at);
    TRY(h5_attr_int64(f, "/", field->name, &value));
    if (value < 0 || (field->kind == FLAG && value > 1))
        return status_fail(STATUS_DATA, "its attribute %s is %lld, which no run can have", field->name,
                           (long long)value);
    if (field->kind == FLAG)
        *(bool *)at = value != 0;
    else
        *(int64_t *)at = value;
    return STATUS_OK;
}

enum status progress_load(struct progress *p, struct h5 *f)
{
    for (size_t i = 0; i < FIELDS; i++) TRY(progress_load_field(&fields[i], (char *)p + fields[i].offset, f));
    if (p->updates <= p->step && p->bad_in_a_row <= p->step && isfinite(p->seen.loss)) return STATUS_OK;
    return status_fail(STATUS_DATA, "its attributes contradict each other, as no run's do");
}
