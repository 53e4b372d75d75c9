/* known.c - what an earlier run has found in many files. */
#include "data/source/files/known.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/mem.h"
#include "io/hash.h"

#define PATH_SIZE 4096
#define TEXT_MAX  (1L << 30)

static void known_hash_text(struct hash *h, const char *text)
{
    hash_add(h, text ? text : "", text ? strlen(text) + 1 : 1);
}

void known_head(char head[KNOWN_HEAD], const struct source_options *o)
{
    struct hash h;
    const int64_t numbers[] = {o->layout,         o->samples,   o->labels_optional, o->weights_optional,
                               o->allow_external, o->no_labels, o->missing,         o->shift};
    hash_begin(&h);
    known_hash_text(&h, o->x);
    known_hash_text(&h, o->y);
    known_hash_text(&h, o->weights);
    hash_add(&h, numbers, sizeof numbers);
    snprintf(head, KNOWN_HEAD, "ddp_train files 2 %016" PRIx64, hash_end(&h));
}

/* Of a locator and what else the notes depend on, so that commands with other options keep notes of their own. */
static bool known_path(const char *folder, const char *locator, const char *head, char path[PATH_SIZE])
{
    struct hash h;
    if (!folder || !*folder) return false;
    hash_begin(&h);
    known_hash_text(&h, locator);
    known_hash_text(&h, head);
    return snprintf(path, PATH_SIZE, "%s/files-%016" PRIx64 ".txt", folder, hash_end(&h)) < PATH_SIZE - 16;
}

static char *known_read_file(const char *folder, const char *locator, const char *head)
{
    char path[PATH_SIZE], *text = NULL;
    struct stat facts;
    if (!known_path(folder, locator, head, path)) return NULL;
    FILE *file = fopen(path, "r");
    if (!file) return NULL;
    if (fstat(fileno(file), &facts) == 0 && facts.st_size < TEXT_MAX &&
        mem_alloc(&text, (size_t)facts.st_size + 1, 1, "list of files") == STATUS_OK &&
        fread(text, 1, (size_t)facts.st_size, file) != (size_t)facts.st_size)
        mem_free(&text);
    fclose(file);
    return text;
}

static uint64_t known_hash_of(const char *text)
{
    struct hash h;
    hash_begin(&h);
    known_hash_text(&h, text);
    return hash_end(&h);
}

/* Returns the text behind the first line, which is the hash of it; NULL if the file was cut or damaged. */
static char *known_whole_text(char *text)
{
    char *end = text;
    uint64_t hash = text ? strtoull(text, &end, 16) : 0;
    return text && *end == '\n' && hash == known_hash_of(end + 1) ? end + 1 : NULL;
}

static int known_compare(const void *a, const void *b)
{
    return strcmp(((const struct known_line *)a)->locator, ((const struct known_line *)b)->locator);
}

enum status known_load(struct known *k, const char *folder, const char *locator, const char *head)
{
    int64_t lines = 0;
    struct record r;
    *k = (struct known){.text = known_read_file(folder, locator, head)};
    char *next = known_whole_text(k->text);
    if (!next || strncmp(next, head, strlen(head)) != 0) return STATUS_OK;
    for (const char *c = next; *c; c++) lines += *c == '\n';
    TRY(mem_alloc(&k->lines, (size_t)lines + 1, sizeof *k->lines, "list of files"));
    (void)strsep(&next, "\n");
    for (char *line; next && (line = strsep(&next, "\n"));) {
        struct known_line *to = &k->lines[k->count];
        if (!record_read(line, &r, &to->locator)) continue;
        to->line = line;
        k->count++;
    }
    qsort(k->lines, (size_t)k->count, sizeof *k->lines, known_compare);
    return STATUS_OK;
}

void known_free(struct known *k)
{
    mem_free(&k->lines);
    mem_free(&k->text);
}

bool known_find(const struct known *k, const char *locator, struct record *r)
{
    const struct known_line key = {.locator = locator};
    const struct known_line *found =
        k->count ? bsearch(&key, k->lines, (size_t)k->count, sizeof key, known_compare) : NULL;
    struct record was;
    const char *name;
    if (!found || !record_read(found->line, &was, &name) || was.bytes != r->bytes ||
        was.changed != r->changed)
        return false;
    *r = was;
    return true;
}

void known_save(const char *folder, const char *locator, const char *head, const char *text)
{
    char path[PATH_SIZE], temporary[PATH_SIZE + 16];
    if (!known_path(folder, locator, head, path)) return;
    char parent[PATH_SIZE];
    snprintf(parent, sizeof parent, "%s", folder);
    char *slash = strrchr(parent, '/');
    if (slash && slash > parent) *slash = '\0', (void)mkdir(parent, 0777);
    (void)mkdir(folder, 0777);
    snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    FILE *file = fopen(temporary, "w");
    if (!file) return;
    bool written = fprintf(file, "%016" PRIx64 "\n%s", known_hash_of(text), text) >= 0;
    written = fclose(file) == 0 && written;
    if (!written || rename(temporary, path) != 0) unlink(temporary);
}
