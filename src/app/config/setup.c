/* setup.c - the configuration of a run, resolved on rank 0 and shared with all ranks. */
#include "app/config/setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/config/option_table.h"
#include "train/checkpoint/checkpoint.h"
#include "core/arg.h"
#include "core/log.h"
#include "core/mem.h"
#include "core/number.h"
#include "app/config/options.h"
#include "io/guard.h"

const char *setup_file(const struct setup_source *from)
{
    const char *path = from->file;
    return path || access(SETUP_DEFAULT_FILE, F_OK) != 0 ? path : SETUP_DEFAULT_FILE;
}

/* Adds `base`, without its data.allow_external: only the user who starts the program may allow external
 * files, because a checkpoint may come from someone else. */
static enum status setup_add_base(struct settings *s, const char *base, const char *name)
{
    TRY(settings_add_text(s, base, name));
    return settings_add_text(s, "data: {allow_external: false}\n", name);
}

static enum status setup_add_all(struct settings *s, const struct setup_source *from, const char *base,
                                 const char *name)
{
    const char *path = setup_file(from);
    if (path)
        TRY(settings_add_file(s, path));
    else if (base)
        TRY(setup_add_base(s, base, name));
    else
        TRY(settings_add_text(s, demo_config, "built-in demo"));
    TRY(settings_add_environment(s, environ));
    TRY(settings_add_all(s, from->flags));
    return from->allow_external ? settings_add_flag(s, "data.allow_external", "true") : STATUS_OK;
}

enum status setup_resolve(struct setup *s, const struct setup_source *from, const char *base,
                          const char *name)
{
    struct settings settings = {0};
    *s = (struct setup){0};
    if (!base && !setup_file(from) && !from->quiet)
        log_info(
            "no %s in this folder: running the built-in demo ('ddp_train init' writes its configuration)",
            SETUP_DEFAULT_FILE);
    enum status status = setup_add_all(&settings, from, base, name);
    if (status == STATUS_OK) status = options_resolve(&settings, &s->config);
    if (status == STATUS_OK) status = options_text(&s->config, false, &s->text);
    settings_free(&settings);
    return status;
}

enum status setup_run_name(const struct setup_source *from, char **name)
{
    struct settings settings = {0};
    enum status status = setup_add_all(&settings, from, NULL, NULL);
    const struct setting *setting = settings_find(&settings, "run.name");
    bool is_text = setting && setting->value->kind == YAML_SCALAR;
    if (status == STATUS_OK)
        status = mem_copy_text(name, is_text ? setting->value->text : option_find("run.name")->default_text);
    settings_free(&settings);
    return status;
}

enum status setup_create(struct setup *s, struct comm *comm, const struct setup_source *from)
{
    *s = (struct setup){0};
    enum status status = comm_rank(comm) == 0 ? setup_resolve(s, from, NULL, NULL) : STATUS_OK;
    if (comm_rank(comm) == 0 && status == STATUS_OK && !from->quiet)
        status = config_settle_virtual_ranks(&s->config, comm_size(comm), false);
    TRY(comm_agree(comm, status));
    TRY(setup_share(s, comm));
    guard_set_seconds((int)s->config.data.time_limit);
    return STATUS_OK;
}

enum status setup_limit_time(void)
{
    static const char variable[] = "DDP_TRAIN_DATA_TIME_LIMIT";
    const struct option *option = option_find("data.time_limit");
    const char *text = getenv(variable);
    int64_t seconds;
    if (!text) return STATUS_OK;
    if (number_parse_int(text, &seconds) != STATUS_OK || (double)seconds < option->min ||
        (double)seconds > option->max)
        return status_fail(STATUS_CONFIG, "environment: %s is '%s', not a whole number from %g to %g",
                           variable, text, option->min, option->max);
    guard_set_seconds((int)seconds);
    return STATUS_OK;
}

enum status setup_share(struct setup *s, struct comm *comm)
{
    int64_t virtual_ranks = s->config.virtual_ranks;
    options_free(&s->config);
    TRY(comm_share_text(comm, &s->text));
    comm_share_bytes(comm, &virtual_ranks, sizeof virtual_ranks);
    struct settings settings = {0};
    enum status status = settings_add_text(&settings, s->text, "resolved configuration");
    if (status == STATUS_OK) status = options_resolve(&settings, &s->config);
    settings_free(&settings);
    if (status == STATUS_OK && virtual_ranks > 0) s->config.virtual_ranks = virtual_ranks;
    return comm_agree(comm, status);
}

enum status setup_from_checkpoint(struct setup *s, struct comm *comm, const char *path, bool allow_external)
{
    enum status status = comm_rank(comm) == 0 ? checkpoint_read_config(path, &s->text) : STATUS_OK;
    TRY(comm_agree(comm, status));
    status = setup_share(s, comm);
    if (status != STATUS_OK) return status_at(status, "%s", path);
    s->config.data.allow_external = allow_external;
    TRY(comm_agree(comm, setup_limit_time()));
    return comm_split_nodes(comm, s->config.ranks_per_node);
}

enum status setup_expand(struct setup *s)
{
    mem_free(&s->text);
    return options_text(&s->config, true, &s->text);
}

void setup_complete_names(struct setup_names *names)
{
    static const char *const variables[] = {"DDP_TRAIN_DATA_X",       "DDP_TRAIN_DATA_Y",
                                            "DDP_TRAIN_DATA_WEIGHTS", "DDP_TRAIN_DATA_SAMPLES",
                                            "DDP_TRAIN_DATA_INDEX",   "DDP_TRAIN_DATA_ON_ERROR"};
    const char **const of[] = {&names->x,       &names->y,     &names->weights,
                               &names->samples, &names->index, &names->on_error};
    for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
        const char *value = getenv(variables[i]);
        if (!*of[i] && value && *value) *of[i] = value;
    }
}

enum status setup_read_choice(const char *key, const char *text, int *value)
{
    enum status status = text ? arg_parse_choice(option_find(key)->choices, text, value) : STATUS_OK;
    return status == STATUS_OK ? status : status_at(status, "%s", key);
}

static enum status setup_name_object(char **name, const char *wanted)
{
    if (!wanted) return STATUS_OK;
    mem_free(name);
    return mem_copy_text(name, wanted);
}

static enum status setup_set_names(struct config *config, struct setup_names names)
{
    struct data_config *d = &config->data;
    setup_complete_names(&names);
    TRY(setup_name_object(&d->x, names.x));
    TRY(setup_name_object(&d->y, names.y));
    TRY(setup_name_object(&d->weights, names.weights));
    if (names.weights)
        config->sampler = SAMPLER_ONCE; /* these weigh, whatever those of the training set did */
    TRY(setup_name_object(&d->index, names.index));
    TRY(setup_read_choice("data.samples", names.samples, &d->samples));
    return setup_read_choice("data.on_error", names.on_error, &d->on_error);
}

enum status setup_name_objects(struct setup *s, struct comm *comm, struct setup_names names)
{
    struct data_config *d = &s->config.data;
    char **const texts[] = {&d->x, &d->y, &d->weights, &d->index};
    TRY(comm_agree(comm, comm_rank(comm) == 0 ? setup_set_names(&s->config, names) : STATUS_OK));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (comm_rank(comm) != 0) mem_free(texts[i]);
        TRY(comm_share_text(comm, texts[i]));
    }
    comm_share_bytes(comm, &d->samples, sizeof d->samples);
    comm_share_bytes(comm, &d->on_error, sizeof d->on_error);
    comm_share_bytes(comm, &s->config.sampler, sizeof s->config.sampler);
    return STATUS_OK;
}

void setup_warn_unused(const char *command)
{
    static const char *const used[] = {"BIN=",          "DATA_X=",     "DATA_Y=",          "DATA_WEIGHTS=",
                                       "DATA_SAMPLES=", "DATA_INDEX=", "DATA_TIME_LIMIT=", "DATA_ON_ERROR="};
    for (char *const *variable = environ; *variable; variable++) {
        const char *name = strncmp(*variable, "DDP_TRAIN_", 10) == 0 ? *variable + 10 : NULL;
        for (size_t i = 0; name && i < sizeof used / sizeof *used; i++)
            if (strncmp(name, used[i], strlen(used[i])) == 0) name = NULL;
        if (name)
            log_warn("environment: %.*s is not used by %s", (int)strcspn(*variable, "="), *variable, command);
    }
}

enum status setup_keep_index(struct setup *s, const char *path, int levels)
{
    static const char name[] = "data-index";
    size_t length = strlen(path);
    for (; levels > 0 && length > 0; levels--) {
        while (length && path[length - 1] == '/') length--;
        while (length && path[length - 1] != '/') length--;
    }
    mem_free(&s->config.data.index_folder);
    TRY(mem_alloc(&s->config.data.index_folder, length + sizeof name + 2, 1, "folder"));
    snprintf(s->config.data.index_folder, length + sizeof name + 2, "%.*s%s", (int)length, path, name);
    return STATUS_OK;
}

void setup_free(struct setup *s)
{
    mem_free(&s->config.data.index_folder);
    options_free(&s->config);
    mem_free(&s->text);
}
