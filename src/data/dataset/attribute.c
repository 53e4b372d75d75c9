/* attribute.c - numbers that the file says of its features. */
#include <string.h>

#include "data/dataset/private.h"

enum status dataset_read_attribute(const struct dataset *d, struct comm *comm, const char *name,
                                   int64_t count, double *values, int64_t *found)
{
    enum status status = STATUS_OK;
    *found = 0;
    memset(values, 0, (size_t)count * sizeof *values);
    if (comm_rank(comm) == 0) status = source_read_attribute(d->pool->source, name, count, values, found);
    TRY(comm_agree(comm, status));
    comm_sum_int64(comm, found, 1);
    comm_merge_doubles(comm, values, count);
    return STATUS_OK;
}
