/* convert.c - converts files of other formats to a data set. */
#include <string.h>

#include "app/cli/commands/commands.h"
#include "data/convert/idx.h"
#include "core/log.h"
#include "app/config/suggest.h"

static enum status convert_idx(struct arguments *a)
{
    TRY(idx_convert(a->words[1], a->words[2], a->words[3], a->class_names, a->force));
    log_info("wrote %s", a->words[3]);
    return STATUS_OK;
}

struct format {
    const char *name, *command, *words;
    int word_count;
    unsigned flags;
    enum status (*run)(struct arguments *a);
};

static const struct format formats[] = {
    {"idx", "convert idx", "IMAGES LABELS OUT.h5", 4, FLAGS_IDX | FLAGS_FORCE, convert_idx},
    {"csv", "convert csv", "IN.csv OUT.h5", 3, FLAGS_TABLE | FLAGS_CSV | FLAGS_FORCE, convert_table},
    {"arff", "convert arff", "IN.arff OUT.h5", 3, FLAGS_TABLE | FLAGS_ARFF | FLAGS_FORCE, convert_table},
    {.name = NULL},
};

enum status cmd_convert(struct comm *comm, struct arguments *a)
{
    (void)comm;
    struct suggest s;
    suggest_start(&s, a->words[0]);
    for (const struct format *f = formats; f->name; f++) {
        suggest_offer(&s, f->name);
        if (strcmp(a->words[0], f->name) != 0) continue;
        if (a->word_count != f->word_count)
            return status_fail(STATUS_CONFIG, "usage: ddp_train %s %s (see 'ddp_train help convert')",
                               f->command, f->words);
        TRY(arguments_check_flags(a, f->command, f->flags));
        return f->run(a);
    }
    return status_fail(STATUS_CONFIG, "convert: unknown format '%s'; choose idx, csv or arff%s", a->words[0],
                       suggest_hint(&s));
}
