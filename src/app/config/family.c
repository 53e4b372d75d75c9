/* family.c - which losses, optimizers and schedules a section of the configuration can name. */
#include "app/config/family.h"

#include <string.h>

#define AT(field) offsetof(struct config, field)

static bool family_get_loss(int index, struct family_entry *out)
{
    const struct loss_ops *ops = loss_registry()[index];
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops};
    return ops != NULL;
}

static bool family_get_optim(int index, struct family_entry *out)
{
    const struct optim_ops *ops = optim_registry()[index];
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops, ops->check};
    return ops != NULL;
}

static bool family_get_schedule(int index, struct family_entry *out)
{
    const struct schedule_ops *ops = schedule_registry()[index];
    if (ops) *out = (struct family_entry){ops->name, ops->help, ops->args, ops};
    return ops != NULL;
}

static const struct family families[] = {
    {.section = "loss",
     .default_name = "cross_entropy",
     .ops_offset = AT(loss),
     .args_offset = AT(loss_args),
     .entry = family_get_loss},
    {.section = "optim",
     .default_name = "sgd",
     .ops_offset = AT(optim),
     .args_offset = AT(optim_args),
     .entry = family_get_optim},
    {.section = "schedule",
     .default_name = "constant",
     .ops_offset = AT(schedule),
     .args_offset = AT(schedule_args),
     .entry = family_get_schedule},
    {.section = NULL},
};

const struct family *family_table(void)
{
    return families;
}

const struct family *family_find(const char *section, size_t length)
{
    for (const struct family *f = families; f->section; f++)
        if (strlen(f->section) == length && strncmp(f->section, section, length) == 0) return f;
    return NULL;
}

bool family_entry_find(const struct family *f, const char *name, struct family_entry *out)
{
    for (int i = 0; f->entry(i, out); i++)
        if (strcmp(out->name, name) == 0) return true;
    return false;
}

struct family_entry family_chosen(const struct family *f, const struct config *config)
{
    const void *ops;
    memcpy(&ops, (const char *)config + f->ops_offset, sizeof ops);
    struct family_entry entry;
    for (int i = 0; f->entry(i, &entry); i++)
        if (entry.ops == ops) return entry;
    return (struct family_entry){sum_of_losses.name, sum_of_losses.help, sum_of_losses.args, &sum_of_losses};
}
