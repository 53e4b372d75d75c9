/* tensorboard.c - writes event files for TensorBoard. */
#include "app/tensorboard/tensorboard.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/tensorboard/picture.h"
#include "app/tensorboard/records.h"
#include "core/log.h"
#include "io/protobuf.h"

#define HOST_SIZE 256
#define TAG_SIZE  128

/* Numbers of fields (event.proto, summary.proto). */
enum { EVENT_TIME = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION = 7 };
enum { SESSION_STATUS = 1, SESSION_START = 1 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_REAL = 2, VALUE_IMAGE = 4 };
enum { IMAGE_HEIGHT = 1, IMAGE_WIDTH = 2, IMAGE_COLOURS = 3, IMAGE_BYTES = 4, COLOURS_RGB = 3 };

/* Writes the fields of an event behind time and step; called twice, see protobuf.h. */
typedef void put_fields(struct protobuf *p, const void *event);

static void tensorboard_put_event(struct protobuf *p, double seconds, int64_t step, put_fields *put,
                                  const void *event)
{
    protobuf_double(p, EVENT_TIME, seconds);
    protobuf_int(p, EVENT_STEP, step);
    put(p, event);
}

/* Returns the bytes of an event, released with free; NULL if memory is short. */
static char *tensorboard_pack(int64_t step, put_fields *put, const void *event, size_t *bytes)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    double seconds = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
    char *text = NULL;
    struct protobuf p;
    protobuf_init(&p);
    tensorboard_put_event(&p, seconds, step, put, event);
    FILE *memory = p.status == STATUS_OK ? open_memstream(&text, bytes) : NULL;
    bool whole = memory != NULL;
    if (memory) {
        protobuf_write_to(&p, memory);
        tensorboard_put_event(&p, seconds, step, put, event);
        whole = fclose(memory) == 0 && p.status == STATUS_OK;
    }
    protobuf_free(&p);
    if (whole) return text;
    free(text);
    errno = ENOMEM;
    return NULL;
}

static void tensorboard_write(struct tensorboard *t, int64_t step, put_fields *put, const void *event)
{
    size_t bytes = 0;
    char *text = tensorboard_pack(step, put, event, &bytes);
    if (!text || !records_write(t->out, text, bytes)) {
        log_warn("%s: cannot be written: %s; this file ends here", t->path, strerror(errno));
        tensorboard_close(t);
    }
    free(text);
}

static void tensorboard_put_version(struct protobuf *p, const void *event)
{
    (void)event;
    protobuf_text(p, EVENT_VERSION, "brain.Event:2");
}

static void tensorboard_put_start(struct protobuf *p, const void *event)
{
    (void)event;
    protobuf_begin(p, EVENT_SESSION);
    protobuf_int(p, SESSION_STATUS, SESSION_START);
    protobuf_end(p);
}

/* TensorBoard reads the files of a folder in the order of their names, and drops what it has read from the step of a
 * start on. Starts within one second get different names. */
enum status tensorboard_open(struct tensorboard *t, const char *folder, int64_t every_steps, int64_t step)
{
    char host[HOST_SIZE] = "host", name[HOST_SIZE + 64];
    gethostname(host, sizeof host - 1);
    *t = (struct tensorboard){.every_steps = every_steps};
    long long second = (long long)time(NULL);
    do {
        snprintf(name, sizeof name, RUNDIR_EVENTS "%010lld.%s" RUNDIR_EVENTS_END, second++, host);
        TRY(rundir_file(folder, name, t->path));
        t->out = fopen(t->path, "wxe");
    } while (!t->out && errno == EEXIST);
    if (!t->out) return status_fail(STATUS_OTHER, "%s: cannot be written: %s", t->path, strerror(errno));
    tensorboard_write(t, 0, tensorboard_put_version, NULL);
    if (t->out) tensorboard_write(t, step + 1, tensorboard_put_start, NULL);
    return STATUS_OK;
}

void tensorboard_close(struct tensorboard *t)
{
    if (t->out) fclose(t->out);
    t->out = NULL;
}

static void tensorboard_begin_value(struct protobuf *p, const char *group, const char *name)
{
    char tag[TAG_SIZE];
    snprintf(tag, sizeof tag, "%s/%s", group, name);
    protobuf_begin(p, SUMMARY_VALUE);
    protobuf_text(p, VALUE_TAG, tag);
}

static void tensorboard_put_real(struct protobuf *p, const char *group, const char *name, double value)
{
    if (!isfinite(value)) return;
    tensorboard_begin_value(p, group, name);
    protobuf_real(p, VALUE_REAL, (float)value);
    protobuf_end(p);
}

static void tensorboard_put_step(struct protobuf *p, const void *event)
{
    const struct step_event *e = event;
    protobuf_begin(p, EVENT_SUMMARY);
    tensorboard_put_real(p, "step", "loss", e->loss);
    tensorboard_put_real(p, "step", "accuracy", e->accuracy);
    tensorboard_put_real(p, "step", "lr", e->lr);
    protobuf_end(p);
}

static void tensorboard_put_epoch(struct protobuf *p, const void *event)
{
    const struct epoch_event *e = event;
    protobuf_begin(p, EVENT_SUMMARY);
    tensorboard_put_real(p, "train", "loss", e->loss);
    tensorboard_put_real(p, "train", "accuracy", e->accuracy);
    tensorboard_put_real(p, "train", "lr", e->lr);
    tensorboard_put_real(p, "time", "seconds", e->seconds);
    tensorboard_put_real(p, "time", "samples_per_second", e->samples_per_second);
    protobuf_end(p);
}

struct evaluation_view {
    const struct eval_event *event;
    struct png picture;
};

static void tensorboard_put_picture(struct protobuf *p, const struct png *picture)
{
    if (!picture->data) return;
    tensorboard_begin_value(p, "val", "confusion_matrix");
    protobuf_begin(p, VALUE_IMAGE);
    protobuf_int(p, IMAGE_HEIGHT, picture->side);
    protobuf_int(p, IMAGE_WIDTH, picture->side);
    protobuf_int(p, IMAGE_COLOURS, COLOURS_RGB);
    protobuf_bytes(p, IMAGE_BYTES, picture->data, picture->bytes);
    protobuf_end(p);
    protobuf_end(p);
}

static void tensorboard_put_eval(struct protobuf *p, const void *event)
{
    const struct evaluation_view *v = event;
    const struct eval_event *e = v->event;
    protobuf_begin(p, EVENT_SUMMARY);
    tensorboard_put_real(p, "val", "loss", e->loss);
    for (int64_t i = 0; i < e->metric_count; i++)
        tensorboard_put_real(p, "val", e->metric_names[i], e->metrics[i]);
    tensorboard_put_picture(p, &v->picture);
    protobuf_end(p);
}

void tensorboard_step(struct tensorboard *t, const struct step_event *e)
{
    if (t->out && t->every_steps > 0 && e->step % t->every_steps == 0)
        tensorboard_write(t, e->step, tensorboard_put_step, e);
}

void tensorboard_epoch(struct tensorboard *t, const struct epoch_event *e)
{
    if (t->out) tensorboard_write(t, e->step, tensorboard_put_epoch, e);
}

void tensorboard_eval(struct tensorboard *t, const struct eval_event *e)
{
    struct evaluation_view v = {.event = e};
    if (!t->out) return;
    if (picture_create(&v.picture, e->classes, e->confusion) != STATUS_OK) log_warn("%s", status_text());
    tensorboard_write(t, e->step, tensorboard_put_eval, &v);
    png_free(&v.picture);
}
