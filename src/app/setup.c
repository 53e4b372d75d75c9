#include "app/setup.h"

#include <stdio.h>
#include <unistd.h>

#include "ddp/checkpoint.h"
#include "ddp/log.h"
#include "ddp/mem.h"
#include "ddp/options.h"

static enum status add_file(struct settings *s, const struct arguments *a)
{
    const char *path = a->word_count ? a->words[0] : a->config;
    if (!path && access(SETUP_DEFAULT_FILE, F_OK) == 0) path = SETUP_DEFAULT_FILE;
    if (path) return settings_add_file(s, path);
    if (!a->print_config)
        log_info(
            "no %s here: running the built-in demo ('ddp_train init' writes its configuration to start from)",
            SETUP_DEFAULT_FILE);
    return settings_add_text(s, demo_config, "built-in demo");
}

static enum status resolve(struct setup *setup, struct arguments *a)
{
    TRY(add_file(&a->settings, a));
    TRY(settings_add_environment(&a->settings, environ));
    TRY(options_resolve(&a->settings, &setup->config));
    return options_text(&setup->config, &setup->text);
}

enum status setup_create(struct setup *s, struct comm *comm, struct arguments *a)
{
    *s = (struct setup){0};
    enum status status = comm_rank(comm) == 0 ? resolve(s, a) : STATUS_OK;
    options_free(&s->config);
    TRY(comm_agree(comm, status));
    return setup_share(s, comm);
}

enum status setup_share(struct setup *s, struct comm *comm)
{
    TRY(comm_share_text(comm, &s->text));
    struct settings settings = {0};
    enum status status = settings_add_text(&settings, s->text, "resolved configuration");
    if (status == STATUS_OK) status = options_resolve(&settings, &s->config);
    settings_free(&settings);
    return comm_agree(comm, status);
}

enum status setup_from_checkpoint(struct setup *s, struct comm *comm, const char *path)
{
    enum status status = comm_rank(comm) == 0 ? checkpoint_read_config(path, &s->text) : STATUS_OK;
    TRY(comm_agree(comm, status));
    status = setup_share(s, comm);
    if (status != STATUS_OK) return status_at(status, "%s", path);
    return comm_split_nodes(comm, s->config.ranks_per_node);
}

enum status setup_print(const struct setup *s, struct comm *comm)
{
    bool first = comm_rank(comm) == 0;
    if (first) fputs(s->text, stdout);
    return comm_agree(comm, first ? command_flush() : STATUS_OK);
}

void setup_free(struct setup *s)
{
    options_free(&s->config);
    mem_free(&s->text);
}
