/* audit.c - checks that all copies of the parameters are equal.
 *
 * A copy that is wrong for a moment leaves no trace in the parameters: gradients are computed with it, then
 * the owner's new values (allreduce: rounding) overwrite it. So in each step, before the update, every rank
 * hashes the parts that it compares (those that its column, the ranks with one local rank on all nodes,
 * exchanges; allreduce: all of them) into one chain of hashes per part. A comparison takes the chains, and
 * the parameters as they are. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "comm/sync/private.h"
#include "math/loop.h"
#include "core/mem.h"
#include "core/system/process.h"

#define MAX_NAMED 4 /* holders in a message */
#define TEXT_SIZE 512
#define PART      ((int64_t)4096) /* floats; a difference of an earlier step is located to one such part */

struct audit {
    MPI_Comm
        holders; /* the ranks that hold what this one does; MPI_COMM_NULL for a rank that takes no part */
    int count;   /* holders */
    int part_count;
    struct sync_part *parts;          /* [part_count]: what this rank compares, in order */
    uint64_t *chains;                 /* [part_count] */
    uint64_t *hashes;                 /* [count]: what was compared last */
    char (*hosts)[PROCESS_HOST_SIZE]; /* [count] */
};

/* Four independent vectors: a single one would wait for its own multiplications. */
#define WIDTH  16
#define CHAINS 4
typedef uint32_t word_vector __attribute__((vector_size(WIDTH * 4)));

#define ODD_32 0x9e3779b1u
#define ODD_64 0x9e3779b97f4a7c15u

/* Adds a word to a state. Each operation is invertible, so a single changed word always changes the state. */
static uint64_t mix_word(uint64_t state, uint64_t word)
{
    return ((state << 29 | state >> 35) ^ word) * ODD_64;
}

/* Hashes the bits of `count` floats. */
LOOP_BODY void hash_floats_body(const float *floats, int64_t count, uint64_t *result)
{
    word_vector state[CHAINS] = {{0}}, words;
    int64_t at = 0;
    for (; at + WIDTH * CHAINS <= count; at += WIDTH * CHAINS)
        for (int c = 0; c < CHAINS; c++) {
            memcpy(&words, floats + at + c * WIDTH, sizeof words);
            state[c] = ((state[c] << 13 | state[c] >> 19) ^ words) * ODD_32;
        }
    uint64_t hash = (uint64_t)count;
    for (; at < count; at++) {
        uint32_t word;
        memcpy(&word, floats + at, sizeof word);
        hash = mix_word(hash, word);
    }
    for (int c = 0; c < CHAINS; c++)
        for (int l = 0; l < WIDTH; l++) hash = mix_word(hash, state[c][l]);
    *result = hash;
}
LOOP_VERSIONS(hash_floats, (const float *floats, int64_t count, uint64_t *result), (floats, count, result))

/* Returns the part of a bucket that this rank compares. */
static struct sync_part find_compared(const struct sync *s, int bucket)
{
    struct sync_part whole = sync_bucket(s, bucket);
    return s->tree ? sync_cut(whole, s->comm->columns, s->comm->local_rank) : whole;
}

/* Counts the parts, and lists them if there is room for them. */
static void list_parts(const struct sync *s, struct audit *a)
{
    a->part_count = 0;
    for (int b = s->bucket_count - 1; b >= 0; b--) {
        struct sync_part left = find_compared(s, b);
        for (; left.count > 0; left.first += PART, left.count -= PART, a->part_count++)
            if (a->parts)
                a->parts[a->part_count] =
                    (struct sync_part){left.first, left.count < PART ? left.count : PART};
    }
}

static enum status allocate_audit(const struct sync *s, struct audit *a)
{
    if (a->holders == MPI_COMM_NULL) return STATUS_OK;
    list_parts(s, a);
    TRY(mem_alloc(&a->parts, (size_t)a->part_count, sizeof *a->parts, "comparison of nodes"));
    TRY(mem_alloc(&a->chains, (size_t)a->part_count, sizeof *a->chains, "comparison of nodes"));
    TRY(mem_alloc(&a->hashes, (size_t)a->count, sizeof *a->hashes, "comparison of nodes"));
    TRY(mem_alloc(&a->hosts, (size_t)a->count, sizeof *a->hosts, "names of hosts"));
    list_parts(s, a);
    return STATUS_OK;
}

enum status sync_audit(struct sync *s)
{
    struct comm *c = s->comm;
    int copies = s->tree ? c->nodes : c->size;
    if (copies == 1) return STATUS_OK;
    enum status status = mem_alloc(&s->audit, 1, sizeof *s->audit, "comparison of nodes");
    if (status == STATUS_OK) {
        s->audit->holders = s->tree ? c->column : c->world;
        s->audit->count = copies;
        status = allocate_audit(s, s->audit);
    }
    TRY(comm_agree(c, status));
    struct audit *a = s->audit;
    char host[PROCESS_HOST_SIZE];
    process_host(host);
    if (a->holders != MPI_COMM_NULL)
        MPI_Allgather(host, PROCESS_HOST_SIZE, MPI_CHAR, a->hosts, PROCESS_HOST_SIZE, MPI_CHAR, a->holders);
    return STATUS_OK;
}

void audit_destroy(struct audit **audit)
{
    struct audit *a = *audit;
    if (!a) return;
    void *all[] = {&a->parts, &a->chains, &a->hashes, &a->hosts};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) mem_free(all[i]);
    mem_free(audit);
}

static uint64_t hash_part(const struct sync *s, struct sync_part part)
{
    uint64_t hash;
    hash_floats[s->kernels->number](s->params + part.first, part.count, &hash);
    return hash;
}

void audit_record_step(struct sync *s)
{
    struct audit *a = s->audit;
    for (int i = 0; a && i < a->part_count; i++)
        a->chains[i] = mix_word(a->chains[i], hash_part(s, a->parts[i]));
}

/* Whether the holders have different values; all are left in a->hashes. Collective over the holders. */
static bool compare_value(struct audit *a, uint64_t value)
{
    MPI_Allgather(&value, 1, MPI_UINT64_T, a->hashes, 1, MPI_UINT64_T, a->holders);
    for (int i = 1; i < a->count; i++)
        if (a->hashes[i] != a->hashes[0]) return true;
    return false;
}

/* The same with two numbers instead of all: the minimum of equal values is their maximum. */
static bool compare_quickly(struct audit *a, uint64_t value)
{
    uint64_t ends[2] = {value, ~value};
    MPI_Allreduce(MPI_IN_PLACE, ends, 2, MPI_UINT64_T, MPI_MIN, a->holders);
    return ends[0] != ~ends[1];
}

/* Returns the first parameter of the part that differs. */
static struct sync_part find_parameter(struct sync *s, struct sync_part part)
{
    while (part.count > 1) {
        struct sync_part left = {part.first, part.count / 2};
        if (compare_value(s->audit, hash_part(s, left)))
            part = left;
        else
            part = (struct sync_part){left.first + left.count, part.count - left.count};
    }
    compare_value(s->audit, hash_part(s, part));
    return part;
}

/* Returns where copies differ: one parameter if they still do, otherwise the part whose chains differ. */
static struct sync_part find_difference(struct sync *s)
{
    struct audit *a = s->audit;
    for (int i = 0; i < a->part_count; i++)
        if (compare_value(a, hash_part(s, a->parts[i]))) return find_parameter(s, a->parts[i]);
    int part = 0;
    while (part < a->part_count - 1 && !compare_value(a, a->chains[part])) part++;
    compare_value(a, a->chains[part]);
    return a->parts[part];
}

/* The value that more than half of the holders have; false if there is none. */
static bool find_majority(const struct audit *a, uint64_t *value)
{
    for (int i = 0; i < a->count; i++) {
        int equal = 0;
        for (int k = 0; k < a->count; k++) equal += a->hashes[k] == a->hashes[i];
        *value = a->hashes[i];
        if (2 * equal > a->count) return true;
    }
    return false;
}

/* "node 1 (hosta) held other weights than the other 2 nodes"; without a majority all holders are named. */
static void describe_holders(const struct sync *s, char text[TEXT_SIZE])
{
    const struct audit *a = s->audit;
    const char *kind = s->tree ? "node" : "rank";
    uint64_t good = 0;
    bool judged = find_majority(a, &good);
    int odd = 0, used = 0;
    for (int i = 0; i < a->count; i++) {
        if (judged && a->hashes[i] == good) continue;
        if (odd++ < MAX_NAMED)
            used += snprintf(text + used, (size_t)(TEXT_SIZE - used), "%s%s %d (%s)", odd > 1 ? ", " : "",
                             kind, i, a->hosts[i]);
    }
    if (odd > MAX_NAMED)
        used += snprintf(text + used, (size_t)(TEXT_SIZE - used), " and %d more", odd - MAX_NAMED);
    if (judged)
        snprintf(text + used, (size_t)(TEXT_SIZE - used), " held%s other weights than the other %d %ss",
                 odd > 1 ? " all" : "", a->count - odd, kind);
    else
        snprintf(text + used, (size_t)(TEXT_SIZE - used), " held different weights");
}

/* Returns the finding of a column, on every rank. */
static enum status fail_different(struct sync *s, int column, struct sync_difference *found)
{
    struct {
        struct sync_difference found;
        char text[TEXT_SIZE];
    } message = {.text = ""};
    if (!s->tree || s->comm->local_rank == column) {
        struct sync_part part = find_difference(s);
        message.found = (struct sync_difference){part.first, part.count};
        describe_holders(s, message.text);
    }
    int root = s->tree ? column : 0; /* of the first node, whose ranks come first */
    MPI_Bcast(&message, (int)sizeof message, MPI_BYTE, root, s->comm->world);
    *found = message.found;
    return status_fail(STATUS_DIFFERS, "%s", message.text);
}

enum status sync_compare(struct sync *s, struct sync_difference *found)
{
    struct audit *a = s->audit;
    if (!a) return STATUS_OK;
    if (s->tree) sync_wait_done(s);
    int column = INT_MAX;
    if (a->holders != MPI_COMM_NULL) {
        uint64_t all = 0;
        for (int i = 0; i < a->part_count; i++)
            all = mix_word(mix_word(all, a->chains[i]), hash_part(s, a->parts[i]));
        if (compare_quickly(a, all)) column = s->tree ? s->comm->local_rank : 0;
    }
    MPI_Allreduce(MPI_IN_PLACE, &column, 1, MPI_INT, MPI_MIN, s->comm->world);
    return column == INT_MAX ? STATUS_OK : fail_different(s, column, found);
}
