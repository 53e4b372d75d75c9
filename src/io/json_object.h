/* json_object.h - reads JSON objects, by jansson. Local functions. */
#ifndef IO_JSON_OBJECT_H
#define IO_JSON_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

struct json_object;

/* Returns the version of jansson that the program was built with. */
const char *json_object_version(void);

/* Reads one object; released with json_object_free. Errors: STATUS_DATA, with what is wrong. */
enum status json_object_read(struct json_object **o, const char *text);
void json_object_free(struct json_object **o);

/* Returns the text of a member, valid as long as the object; NULL if there is none. */
const char *json_object_text(const struct json_object *o, const char *key);

/* Returns the number of a member, NaN if there is none. */
double json_object_number(const struct json_object *o, const char *key);

/* Calls `each` for every member that is a number, in their order. */
void json_object_each_number(const struct json_object *o,
                             void (*each)(void *self, const char *key, double value), void *self);

/* Returns how many whole numbers the list of a member has, and the numbers; -1 if it is no list of at most `max` of them.
 */
int json_object_integers(const struct json_object *o, const char *key, int max, int64_t *values);

/* Calls `each` for every member in their order, until one fails. One that is no object has no members. */
enum status json_object_each_member(const struct json_object *o,
                                    enum status (*each)(void *self, const char *key,
                                                        const struct json_object *member),
                                    void *self);

#endif
