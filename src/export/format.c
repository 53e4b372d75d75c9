/* format.c - the table of formats, and the choice of one. */
#include <string.h>
#include <sys/stat.h>

#include "export/export.h"

#define FORMAT(name) extern const struct export_format format_##name;
#include "export/list.h"
#undef FORMAT

#define FORMAT(name) &format_##name,
static const struct export_format *const registry[] = {
#include "export/list.h"
    NULL};
#undef FORMAT

#define NAMES_SIZE 128

const struct export_format *const *export_registry(void)
{
    return registry;
}

const struct export_format *export_find(const char *name)
{
    for (int i = 0; registry[i]; i++)
        if (strcmp(registry[i]->name, name) == 0) return registry[i];
    return NULL;
}

/* Writes "safetensors, pytorch". */
static void format_list_names(char text[NAMES_SIZE])
{
    size_t used = 0;
    for (int i = 0; registry[i]; i++)
        used += (size_t)snprintf(text + used, NAMES_SIZE - used, "%s%s", i ? ", " : "", registry[i]->name);
}

/* A folder is what has no ending. */
static bool format_fits(const struct export_format *format, const char *path)
{
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    size_t length = strlen(last), end = strlen(format->ending);
    if (end == 0) return !strchr(last, '.') || strspn(last, ".") == length;
    return length > end && strcmp(last + length - end, format->ending) == 0;
}

enum status export_choose(const struct export_format **format, const char *name, const char *path)
{
    char names[NAMES_SIZE];
    format_list_names(names);
    *format = name ? export_find(name) : NULL;
    if (*format) return STATUS_OK;
    if (name) return status_fail(STATUS_CONFIG, "--format: '%s' is none of %s", name, names);
    for (int i = 0; registry[i]; i++)
        if (format_fits(registry[i], path)) *format = registry[i];
    if (*format) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "%s: its ending tells no format; set --format to one of %s", path,
                       names);
}

enum status export_check_new(const struct export_source *s, const char *path)
{
    struct stat facts;
    if (s->options.overwrite || stat(path, &facts) != 0) return STATUS_OK;
    if (!S_ISDIR(facts.st_mode) && !S_ISREG(facts.st_mode)) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "%s: exists already; choose another name, or --force to replace it",
                       path);
}

enum status export_write(const struct export_source *s, const struct export_format *format, const char *path)
{
    struct stat facts;
    bool options = s->options.probabilities || s->options.external_data;
    if (options && !format->takes_options)
        return status_fail(STATUS_CONFIG, "%s has no %s; leave it out", format->name,
                           s->options.probabilities ? "--probabilities" : "--external-data");
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode) && *format->ending)
        return status_fail(STATUS_CONFIG, "%s: is a folder, but %s is a file", path, format->name);
    TRY(export_check_new(s, path));
    return format->write(s, path);
}
