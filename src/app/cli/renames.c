/* renames.c - reads the file of --init-map: a YAML mapping, or two columns. */
#include "app/cli/renames.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/config/yaml.h"
#include "core/mem.h"
#include "core/system/filestate.h"

#define RENAMES_MAX 10000
#define LINE_MAX    1024

static enum status renames_add(struct import_renames *r, const char *theirs, const char *ours, int line)
{
    if (!*theirs || strlen(theirs) >= IMPORT_NAME || strlen(ours) >= IMPORT_NAME || r->count == RENAMES_MAX)
        return status_fail(STATUS_CONFIG,
                           "%s:%d: a name is empty or has more than %d bytes, or there are more than %d",
                           r->path, line, IMPORT_NAME - 1, RENAMES_MAX);
    struct import_rename *rule = &r->rules[r->count++];
    strcpy(rule->theirs, theirs);
    strcpy(rule->ours, *ours ? ours : IMPORT_NOTHING);
    return STATUS_OK;
}

static enum status renames_read_yaml(struct import_renames *r, const struct yaml_node *root)
{
    if (root->kind != YAML_MAP)
        return status_fail(STATUS_CONFIG, "%s: is neither a mapping nor of two columns", r->path);
    for (const struct yaml_node *n = root->child; n; n = n->next) {
        if (n->kind != YAML_SCALAR)
            return status_fail(STATUS_CONFIG, "%s:%d: '%s': expects one name", r->path, n->key_line, n->key);
        TRY(renames_add(r, n->key, yaml_is_null(n) ? "" : n->text, n->key_line));
    }
    return STATUS_OK;
}

/* Reads a line of two words; '#' begins a comment. *is_yaml: a word ends with a colon. */
static enum status renames_read_line(struct import_renames *r, char *line, int number, bool *is_yaml)
{
    static const char blanks[] = " \t\r\n";
    char *rest, *theirs = strtok_r(line, blanks, &rest);
    if (!theirs || *theirs == '#') return STATUS_OK;
    char *ours = strtok_r(NULL, blanks, &rest), *more = ours ? strtok_r(NULL, blanks, &rest) : NULL;
    *is_yaml = theirs[strlen(theirs) - 1] == ':' || *theirs == '{' || strcmp(theirs, "---") == 0;
    if (*is_yaml) return STATUS_OK;
    if (!ours || *ours == '#' || (more && *more != '#'))
        return status_fail(STATUS_CONFIG,
                           "%s:%d: expects two words: the name in the file and the name in the model",
                           r->path, number);
    return renames_add(r, theirs, ours, number);
}

static enum status renames_read_lines(struct import_renames *r, FILE *file, bool *is_yaml)
{
    char line[LINE_MAX];
    for (int number = 1; !*is_yaml && fgets(line, sizeof line, file); number++) {
        if (strlen(line) == LINE_MAX - 1)
            return status_fail(STATUS_CONFIG, "%s:%d: is longer than %d bytes", r->path, number,
                               LINE_MAX - 2);
        TRY(renames_read_line(r, line, number, is_yaml));
    }
    return STATUS_OK;
}

static enum status renames_read(struct import_renames *r)
{
    struct filestate state;
    struct yaml_node *root = NULL;
    bool is_yaml = false;
    if (filestate_take(&state, r->path) != STATUS_OK) return STATUS_CONFIG;
    FILE *file = fopen(r->path, "r");
    if (!file) return status_fail(STATUS_CONFIG, "%s: cannot be read: %s", r->path, strerror(errno));
    enum status status = renames_read_lines(r, file, &is_yaml);
    fclose(file);
    if (status != STATUS_OK || !is_yaml) return status;
    r->count = 0;
    status = yaml_load(&root, r->path);
    if (status == STATUS_OK) status = renames_read_yaml(r, root);
    yaml_destroy(&root);
    return status;
}

enum status renames_load(struct import_renames *r, const char *path)
{
    *r = (struct import_renames){.path = path};
    TRY(mem_alloc(&r->rules, RENAMES_MAX, sizeof *r->rules, "names of --init-map"));
    return renames_read(r);
}

void renames_free(struct import_renames *r)
{
    mem_free(&r->rules);
}
