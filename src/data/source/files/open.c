/* open.c - the few of many files that are open. */
#include "data/source/files/many.h"

void many_close_files(struct many *m)
{
    for (int i = 0; i < OPEN_MAX_FILES; i++) source_close(&m->open[i].source);
}

enum status many_check_read(const struct many *m, struct many_open *o)
{
    const struct many_file *f = &m->files[o->file];
    if (!o->source || !o->read) return STATUS_OK;
    TRY(record_check_state(f->bytes, f->changed, f->locator));
    TRY(source_check(o->source));
    o->read = false;
    return STATUS_OK;
}

enum status many_open_file(struct many *m, int64_t file, struct many_open **out)
{
    struct many_open *place = &m->open[0];
    for (int i = 0; i < OPEN_MAX_FILES; i++) {
        struct many_open *o = &m->open[i];
        if (o->source && o->file == file) {
            o->used = ++m->uses;
            *out = o;
            return STATUS_OK;
        }
        if (place->source && (!o->source || o->used < place->used)) place = o;
    }
    TRY(many_check_read(m, place));
    source_close(&place->source);
    *place = (struct many_open){.file = file, .used = ++m->uses};
    TRY(source_open(&place->source, m->files[file].locator, &m->options));
    m->options.quiet = true;
    *out = place;
    return STATUS_OK;
}
