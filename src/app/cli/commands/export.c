/* export.c - writes a trained model in the format of other programs. */
#include "export/export.h"

#include "app/cli/commands/commands.h"
#include "app/config/setup.h"
#include "core/log.h"

static enum status export_checkpoint(const struct config *config, const struct arguments *a,
                                     const struct export_format *format)
{
    struct export_source source;
    enum status status = export_open(&source, config, a->words[0], a->plain_weights);
    source.options = (struct export_options){a->probabilities, a->external_data, a->force};
    if (status == STATUS_OK) status = export_write(&source, format, a->words[1]);
    if (status == STATUS_OK)
        log_info("wrote %s: %s, %s weights of step %lld, %lld parameters", a->words[1], format->name,
                 source.averaged ? "averaged" : "plain", (long long)source.step,
                 (long long)model_param_count(source.model));
    export_close(&source);
    return status;
}

static enum status export_run(struct setup *setup, struct comm *comm, const struct arguments *a)
{
    const struct export_format *format;
    bool first = comm_rank(comm) == 0;
    TRY(export_choose(&format, a->format, a->words[1]));
    TRY(setup_from_checkpoint(setup, comm, a->words[0], false));
    if (first) setup_warn_unused("export");
    return comm_agree(comm, first ? export_checkpoint(&setup->config, a, format) : STATUS_OK);
}

enum status cmd_export(struct comm *comm, struct arguments *a)
{
    struct setup setup = {0};
    enum status status = export_run(&setup, comm, a);
    setup_free(&setup);
    return status;
}
