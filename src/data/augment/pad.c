/* pad.c - how an axis goes on outside. */
#include "data/augment/augment.h"

const char augment_axis_names[] = "dhw";
const char *const augment_pad_modes[] = {"constant", "reflect", "replicate", "circular", NULL};

int32_t augment_pad_place(enum pad_mode mode, int64_t at, int64_t length, int step)
{
    const struct pad p = {.in.d = {length}, .mode = {mode}};
    int64_t place = pad_source(&p, 0, at);
    return place < 0 ? geometry_outside(step) : (int32_t)place;
}

enum status augment_check_padding(enum pad_mode mode, int64_t padding, int64_t length)
{
    const struct pad p = {.in.d = {length}, .mode = {mode}, .before = {padding}, .after = {padding}};
    if (pad_fits(&p, 0)) return STATUS_OK;
    return status_fail(STATUS_CONFIG, "%lld positions beyond an axis of %lld are too many for mode %s",
                       (long long)padding, (long long)length, augment_pad_modes[mode]);
}
