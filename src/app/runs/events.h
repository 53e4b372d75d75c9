/* events.h - reads metrics.jsonl (journal.h) line by line. Local function. Private to the app layer. */
#ifndef APP_RUNS_EVENTS_H
#define APP_RUNS_EVENTS_H

#include <stdint.h>

#include "io/json_object.h"

/* Calls `each` for every event of the run in `folder`. A last line without its end is being written, and left out.
 * Errors: STATUS_OTHER if the file cannot be read; STATUS_DATA for a line that is no JSON. */
enum status events_each(const char *folder, void (*each)(void *self, const struct json_object *event),
                        void *self);

/* Whether an event is the end of an epoch, or an evaluation of the validation set. */
bool events_is_epoch(const struct json_object *event);
bool events_is_val(const struct json_object *event);

/* A member that is a whole number; 0 if there is none. */
int64_t events_whole(const struct json_object *event, const char *key);

/* Takes the number of an event that begins or resumes a run, if it has it: a resumed run may go on for longer. */
void events_renew(const struct json_object *event, const char *key, int64_t *value);

#endif
