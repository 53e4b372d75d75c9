/* json_object.c - reads JSON objects. */
#include "io/json_object.h"

#include <jansson.h>
#include <math.h>

/* The type of our own name is never defined: a pointer to it is one to jansson's value. */
static const json_t *json_object_value(const struct json_object *o)
{
    return (const json_t *)(const void *)o;
}

enum status json_object_read(struct json_object **o, const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    *o = NULL;
    if (!value) return status_fail(STATUS_DATA, "%s, at byte %d", error.text, error.position);
    if (!json_is_object(value)) {
        json_decref(value);
        return status_fail(STATUS_DATA, "holds no JSON object");
    }
    *o = (struct json_object *)(void *)value;
    return STATUS_OK;
}

void json_object_free(struct json_object **o)
{
    json_decref((json_t *)(void *)*o);
    *o = NULL;
}

const char *json_object_text(const struct json_object *o, const char *key)
{
    return json_string_value(json_object_get(json_object_value(o), key));
}

double json_object_number(const struct json_object *o, const char *key)
{
    const json_t *value = json_object_get(json_object_value(o), key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

void json_object_each_number(const struct json_object *o,
                             void (*each)(void *self, const char *key, double value), void *self)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(void *)json_object_value(o), key, value)
    {
        if (json_is_number(value)) each(self, key, json_number_value(value));
    }
}

int json_object_integers(const struct json_object *o, const char *key, int max, int64_t *values)
{
    const json_t *list = json_object_get(json_object_value(o), key);
    if (!json_is_array(list) || json_array_size(list) > (size_t)max) return -1;
    int count = (int)json_array_size(list);
    for (int i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        if (!json_is_integer(value)) return -1;
        values[i] = json_integer_value(value);
    }
    return count;
}

enum status json_object_each_member(const struct json_object *o,
                                    enum status (*each)(void *self, const char *key,
                                                        const struct json_object *member),
                                    void *self)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(void *)json_object_value(o), key, value)
    {
        TRY(each(self, key, (const struct json_object *)(const void *)value));
    }
    return STATUS_OK;
}

const char *json_object_version(void)
{
    return JANSSON_VERSION; /* jansson_version_str() is of 2.13 and newer */
}
