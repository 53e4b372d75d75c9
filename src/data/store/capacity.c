/* capacity.c - measures which store has room for a set. */
#include "data/store/capacity.h"

#include <math.h>

#include "comm/shared.h"
#include "core/log.h"
#include "core/system/room.h"
#include "data/store/ops.h"
#include "data/store/scratch.h"

#define USABLE 0.9 /* of what is free: the rest is for the model, and for others */

static const char *const capacity_names[STORE_KINDS] = {"auto", "node", "cluster", "scratch", "window"};
static const enum data_store kinds[] = {STORE_NODE, STORE_CLUSTER, STORE_SCRATCH, STORE_WINDOW};
#define KINDS (sizeof kinds / sizeof *kinds)

/* The room of this node. */
static void capacity_find_room(struct capacity *f, const struct store_spec *spec)
{
    const char *limit, *folder;
    double memory = room_of_memory(&limit) / comm_nodes_here(spec->comm);
    double shared = shared_room(spec->comm, &folder);
    if (shared < memory) limit = folder;
    for (size_t i = 0; i < KINDS; i++) {
        f->room[kinds[i]] = fmin(memory, shared);
        f->limit[kinds[i]] = limit;
    }
    f->limit[STORE_SCRATCH] = scratch_folder(spec->options->scratch_dir);
    f->room[STORE_SCRATCH] = scratch_room(f->limit[STORE_SCRATCH]) / comm_nodes_here(spec->comm);
}

void capacity_measure(struct capacity *f, const struct store_spec *spec)
{
    const struct source_info *info = spec->info;
    double sample = (double)(shape_features(info->shape) * feature_bytes(info->type));
    double features = sample * (double)info->samples;
    int64_t block, window;
    *f = (struct capacity){.other = (double)spec->other_bytes};
    window_choose_sizes(spec, &block, &window);
    f->needs[STORE_NODE] = features + f->other;
    double share = (double)comm_local_size(spec->comm) / comm_size(spec->comm);
    f->needs[STORE_CLUSTER] = comm_max(spec->comm, features * share) + f->other;
    f->needs[STORE_SCRATCH] = features;
    f->needs[STORE_WINDOW] = fmin(2.0 * (double)window * (double)block * sample, features) + f->other;
    capacity_find_room(f, spec);
    for (size_t i = 0; i < KINDS; i++) {
        enum data_store kind = kinds[i];
        f->room[kind] = -comm_max(spec->comm, -f->room[kind]);
        f->fits[kind] = f->needs[kind] <= USABLE * f->room[kind];
    }
}

/* Says where a set is that is not in the memory of every node. */
static void capacity_say(const struct capacity *f, enum data_store kind, const struct store_spec *spec)
{
    if (kind == STORE_NODE || comm_rank(spec->comm) != 0) return;
    log_info(
        "data.store: %s for %s: node needs %.0f MB of memory on every node, and %s has %.0f MB free; %s needs "
        "%.0f MB of %.0f MB in %s",
        capacity_names[kind], spec->locator, f->needs[STORE_NODE] / 1e6, f->limit[STORE_NODE],
        f->room[STORE_NODE] / 1e6, capacity_names[kind], f->needs[kind] / 1e6, f->room[kind] / 1e6,
        f->limit[kind]);
}

static enum status capacity_refuse(const struct capacity *f, const struct store_spec *spec)
{
    return status_fail(
        STATUS_OTHER,
        "%s: has room nowhere: data.store: node needs %.0f MB on every node, cluster %.0f MB, and %s has %.0f MB "
        "free; scratch needs %.0f MB on a disk, and %s has %.0f MB free (0 if it is in memory): give the job more "
        "memory or nodes, or set data.scratch_dir, or data.store: window (%.0f MB, an order of its own)",
        spec->locator, f->needs[STORE_NODE] / 1e6, f->needs[STORE_CLUSTER] / 1e6, f->limit[STORE_NODE],
        f->room[STORE_NODE] / 1e6, f->needs[STORE_SCRATCH] / 1e6, f->limit[STORE_SCRATCH],
        f->room[STORE_SCRATCH] / 1e6, f->needs[STORE_WINDOW] / 1e6);
}

/* The kind that is wanted, or the first with room; STORE_AUTO = none has. What is only taken in order stays in its file
 * rather than nowhere. */
static enum data_store capacity_find(const struct capacity *f, const struct store_spec *spec)
{
    bool in_order = spec->options->in_order;
    enum data_store wanted = spec->options->kind;
    if (wanted != STORE_AUTO && !(wanted == STORE_CLUSTER && in_order)) return wanted;
    if (f->fits[STORE_NODE]) return STORE_NODE;
    if (f->fits[STORE_CLUSTER] && comm_nodes(spec->comm) > 1 && !in_order) return STORE_CLUSTER;
    if (f->fits[STORE_SCRATCH]) return STORE_SCRATCH;
    return in_order ? STORE_WINDOW : STORE_AUTO;
}

enum status capacity_choose(enum data_store *kind, const struct store_spec *spec)
{
    struct capacity f;
    capacity_measure(&f, spec);
    *kind = capacity_find(&f, spec);
    if (*kind == STORE_AUTO) return capacity_refuse(&f, spec);
    capacity_say(&f, *kind, spec);
    return STATUS_OK;
}

double capacity_report(const struct store_spec *spec)
{
    struct capacity f;
    capacity_measure(&f, spec);
    enum data_store chosen = capacity_find(&f, spec);
    double memory = chosen == STORE_SCRATCH ? f.other : f.needs[chosen == STORE_AUTO ? STORE_NODE : chosen];
    if (comm_rank(spec->comm) != 0) return memory;
    log_info("  %-44.44s %10s %10s", spec->locator, "needs MB", "free MB");
    for (size_t i = 0; i < KINDS; i++) {
        enum data_store kind = kinds[i];
        log_info("    data.store: %-30s %10.1f %10.0f  in %s%s", capacity_names[kind], f.needs[kind] / 1e6,
                 f.room[kind] / 1e6, f.limit[kind], f.fits[kind] ? "" : ": too large");
    }
    return memory;
}
