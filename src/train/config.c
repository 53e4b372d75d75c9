/* config.c - options that depend on the number of ranks. */
#include "train/config.h"

#include <inttypes.h>

#include "core/log.h"

enum status config_settle_virtual_ranks(struct config *c, int ranks, bool fixed)
{
    if (ranks <= c->virtual_ranks) return STATUS_OK;
    if (fixed)
        return status_fail(STATUS_CONFIG,
                           "the run was started with %" PRId64
                           " virtual ranks, which is fewer than %d ranks; start at most %" PRId64 " ranks",
                           c->virtual_ranks, ranks, c->virtual_ranks);
    log_warn(
        "%d ranks but train.virtual_ranks is %" PRId64
        ": using %d virtual ranks; set train.virtual_ranks to that to get the same bits with fewer ranks",
        ranks, c->virtual_ranks, ranks);
    c->virtual_ranks = ranks;
    return STATUS_OK;
}
