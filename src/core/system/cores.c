/* cores.c - the cores that threads beside the main thread may use. */
#include "core/system/cores.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

static cpu_set_t allowed; /* none = not said */

int cores_count(int *machine)
{
    cpu_set_t mine;
    CPU_ZERO(&mine);
    *machine = (int)sysconf(_SC_NPROCESSORS_ONLN);
    return sched_getaffinity(0, sizeof mine, &mine) == 0 ? CPU_COUNT(&mine) : *machine;
}

void cores_allow(const void *mask, size_t bytes)
{
    CPU_ZERO(&allowed);
    memcpy(&allowed, mask, bytes < sizeof allowed ? bytes : sizeof allowed);
}

void cores_take_all(void)
{
    if (CPU_COUNT(&allowed) > 0) sched_setaffinity(0, sizeof allowed, &allowed);
}
