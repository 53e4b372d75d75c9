/* options_check.c - rules about several keys together. */
#include "app/config/options_check.h"

#include <stdio.h>
#include <string.h>

#include "app/config/family.h"
#include "app/config/option_table.h"
#include "core/system/clock.h"
#include "data/augment/augment.h"
#include "data/transform/transform.h"

#define RUN_NAME_BYTES 200 /* a file name may have 255; time and job id are appended */

/* Writes where a key was set, for errors about several keys together. */
static void options_locate(const struct settings *s, const char *key, char where[SETTINGS_WHERE_SIZE])
{
    const struct setting *setting = settings_find(s, key);
    if (setting)
        settings_where(setting, setting->value, where);
    else
        snprintf(where, SETTINGS_WHERE_SIZE, "%s (default)", key);
}

static enum status options_check_families(const struct config *config)
{
    for (const struct family *f = family_table(); f->section; f++) {
        struct family_entry entry = family_chosen(f, config);
        char owner[256];
        snprintf(owner, sizeof owner, "%s '%s'", f->section, entry.name);
        const double *values = family_values(f, config)->of;
        TRY(arg_complete(entry.args, values, owner));
        enum status status = entry.check ? entry.check(values) : STATUS_OK;
        if (status != STATUS_OK) return status_at(status, "%s", owner);
    }
    return STATUS_OK;
}

/* A schedule can only move a momentum that the optimizer has. */
static enum status options_check_momentum(const struct settings *s, const struct config *config)
{
    if (config->optim->momentum_arg > 0 ||
        !schedule_cycles_momentum(config->schedule, &config->schedule_args))
        return STATUS_OK;
    char where[SETTINGS_WHERE_SIZE];
    options_locate(s, "schedule.cycle_momentum", where);
    return status_fail(STATUS_CONFIG,
                       "%s: optim '%s' has no momentum that a schedule can move; set it to false, or choose "
                       "another optimizer, such as sgd or adam",
                       where, config->optim->name);
}

static enum status options_check_averages(const struct settings *s, const struct config *config)
{
    if (config->ema == 0 || config->swa == 0) return STATUS_OK;
    char where[SETTINGS_WHERE_SIZE];
    options_locate(s, "train.swa", where);
    return status_fail(STATUS_CONFIG,
                       "%s: there is already an average of the weights, train.ema; leave one out", where);
}

static enum status options_check_precision(const struct settings *s, const struct config *config)
{
    if (config->precision == PRECISION_FLOAT32 || config->products != PRODUCTS_BLAS) return STATUS_OK;
    char where[SETTINGS_WHERE_SIZE];
    options_locate(s, "train.precision", where);
    return status_fail(STATUS_CONFIG, "%s: run.products: blas multiplies float32 only; leave one out", where);
}

static enum status options_check_data(const struct settings *s, const struct config *config)
{
    if (!*config->data.train) return status_fail(STATUS_CONFIG, "data.train is empty; name a training set");
    if (config->data.transforms.count > 0 && config->data.normalize != NORMALIZE_AUTO) {
        char where[SETTINGS_WHERE_SIZE];
        options_locate(s, "data.normalize", where);
        return status_fail(STATUS_CONFIG, "%s: data.transforms takes its place; leave it out", where);
    }
    if (config->data.label_map.count > 0 && config->data.label_offset != 0) {
        char where[SETTINGS_WHERE_SIZE];
        options_locate(s, "data.label_map", where);
        return status_fail(STATUS_CONFIG, "%s: maps the numbers in the file, so leave out data.label_offset",
                           where);
    }
    if ((*config->data.index || *config->data.val_index) && config->data.samples == SAMPLES_AXIS) {
        char where[SETTINGS_WHERE_SIZE];
        options_locate(s, *config->data.index ? "data.index" : "data.val_index", where);
        return status_fail(STATUS_CONFIG, "%s: names files or objects; set data.samples to files or objects",
                           where);
    }
    if (config->data.val_fraction == 0 || !*config->data.val) return STATUS_OK;
    char where[SETTINGS_WHERE_SIZE];
    options_locate(s, "data.val_fraction", where);
    return status_fail(STATUS_CONFIG, "%s: is %g, but data.val is %s; leave one of them out", where,
                       config->data.val_fraction, config->data.val);
}

/* Numbers for each feature belong to a position, so they do not fit what was moved there from another one. */
static enum status options_check_moves(const struct settings *s, const struct config *config)
{
    const struct data_config *d = &config->data;
    const struct data_kind *move = augment_find_move(&d->augment);
    int step = transforms_find_features(&d->transforms);
    char where[SETTINGS_WHERE_SIZE];
    if (!move || (step < 0 && d->normalize != NORMALIZE_STANDARD)) return STATUS_OK;
    options_locate(s, "data.augment", where);
    if (step < 0)
        return status_fail(
            STATUS_CONFIG,
            "%s: %s moves positions, but data.normalize: standard has a mean for each of them; use auto "
            "(per channel)",
            where, move->name);
    return status_fail(
        STATUS_CONFIG,
        "%s: %s moves positions, but data.transforms[%d]: %s has numbers for each of them; use per: "
        "channel",
        where, move->name, step, d->transforms.of[step].kind->name);
}

/* Draws have no order of the file. */
static enum status options_check_sampler(const struct settings *s, const struct config *config)
{
    char where[SETTINGS_WHERE_SIZE];
    bool in_file = config->data.store == STORE_WINDOW;
    if (config->sampler == SAMPLER_ONCE || (config->shuffle && !in_file)) return STATUS_OK;
    options_locate(s, "train.sampler", where);
    return status_fail(STATUS_CONFIG, "%s: draws samples at random from all; %s", where,
                       in_file ? "use data.store: node, cluster or scratch" : "leave out train.shuffle");
}

static enum status options_check_time(const struct settings *s, const struct config *config)
{
    int64_t seconds;
    enum status status = *config->max_time ? clock_parse_duration(config->max_time, &seconds) : STATUS_OK;
    if (status == STATUS_OK) return status;
    char where[SETTINGS_WHERE_SIZE];
    options_locate(s, "train.max_time", where);
    return status_at(status, "%s", where);
}

enum status options_check(const struct settings *s, const struct config *config)
{
    for (const struct option *o = option_table(); o->key; o++)
        if (!o->default_text && !settings_find(s, o->key))
            return status_fail(STATUS_CONFIG, "%s is missing: %s", o->key, o->help);
    TRY(options_check_data(s, config));
    TRY(options_check_moves(s, config));
    TRY(options_check_families(config));
    TRY(options_check_momentum(s, config));
    TRY(options_check_averages(s, config));
    TRY(options_check_precision(s, config));
    TRY(options_check_sampler(s, config));
    TRY(options_check_time(s, config));
    if (strlen(config->run_name) > RUN_NAME_BYTES) {
        char where[SETTINGS_WHERE_SIZE];
        options_locate(s, "run.name", where);
        return status_fail(STATUS_CONFIG, "%s: is longer than %d bytes", where, RUN_NAME_BYTES);
    }
    if (!*config->run_name || *config->run_name == '.' || strchr(config->run_name, '/')) {
        char where[SETTINGS_WHERE_SIZE];
        options_locate(s, "run.name", where);
        return status_fail(STATUS_CONFIG, "%s: '%s' is not a valid folder name", where, config->run_name);
    }
    return STATUS_OK;
}
