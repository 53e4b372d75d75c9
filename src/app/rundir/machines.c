/* machines.c - compares what results depend on across all ranks. */
#include "app/rundir/machines.h"

#include <gnu/libc-version.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "math/blas.h"
#include "io/hash.h"
#include "math/kernels.h"
#include "core/system/process.h"

#define GROUPS     4  /* maximum number of different values in a message */
#define HOSTS_SIZE 96 /* text with the hosts of a group */

static const struct {
    const char *name, *key, *remedy;
} kinds[MACHINES_FACTS] = {
    [FACT_PROGRAM] = {"program", "program", "start the same executable on all machines"},
    [FACT_KERNELS] = {"kernels", "isa", "set run.isa to a level that all machines support"},
    [FACT_CORE] =
        {"OpenBLAS core", "blas_core",
         "set OPENBLAS_CORETYPE to one that all machines support (mpirun -x OPENBLAS_CORETYPE=Haswell)"},
    [FACT_BLAS] = {"OpenBLAS", "blas_build", "install the same OpenBLAS on all machines"},
    [FACT_LIBC] = {"C library", "libc", "install the same C library on all machines"},
    [FACT_FMA] = {"FMA", "fma", "exclude the machines without FMA"},
    [FACT_BYTES] = {"byte order", "byte_order", "exclude the other machines"},
};

/* Writes the version and a hash of the executable. */
static void machines_find_program(char value[MACHINES_VALUE])
{
    static char block[1 << 16];
    struct hash hash;
    hash_begin(&hash);
    FILE *file = fopen("/proc/self/exe", "rb");
    for (size_t got; file && (got = fread(block, 1, sizeof block, file)) > 0;) hash_add(&hash, block, got);
    if (file) fclose(file);
    snprintf(value, MACHINES_VALUE, "%s-%016" PRIx64, DDP_VERSION, hash_end(&hash));
}

static bool machines_has_fma(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("fma");
#else
    return true;
#endif
}

/* Collects the facts of this rank. The build text of OpenBLAS also names the core it has chosen, which is a
 * fact of its own. */
static void machines_find_facts(struct machines *m, const struct kernels *kernels)
{
    const uint16_t two_bytes = 1;
    machines_find_program(m->facts[FACT_PROGRAM]);
    snprintf(m->facts[FACT_KERNELS], MACHINES_VALUE, "%s", kernels->level);
    snprintf(m->facts[FACT_CORE], MACHINES_VALUE, "%s", blas_core());
    snprintf(m->facts[FACT_BLAS], MACHINES_VALUE, "%s", blas_build());
    char *core = strstr(m->facts[FACT_BLAS], blas_core());
    if (core) *core = '\0';
    for (size_t end = strlen(m->facts[FACT_BLAS]); end > 0 && m->facts[FACT_BLAS][end - 1] == ' '; end--)
        m->facts[FACT_BLAS][end - 1] = '\0';
    snprintf(m->facts[FACT_LIBC], MACHINES_VALUE, "%s", gnu_get_libc_version());
    snprintf(m->facts[FACT_FMA], MACHINES_VALUE, "%s", machines_has_fma() ? "yes" : "no");
    snprintf(m->facts[FACT_BYTES], MACHINES_VALUE, "%s", *(const char *)&two_bytes ? "little" : "big");
}

/* The ranks with one value of a fact. */
struct group {
    char value[MACHINES_VALUE];
    char hosts[HOSTS_SIZE];       /* "a, b, ..." */
    char last[PROCESS_HOST_SIZE]; /* the host added last: ranks are ordered by host */
};

struct comparison {
    int count[MACHINES_FACTS]; /* different values, of which the first GROUPS are kept */
    struct group groups[MACHINES_FACTS][GROUPS];
};

static void machines_add_host(struct group *g, const char *host)
{
    size_t used = strlen(g->hosts), left = HOSTS_SIZE - used;
    if (strcmp(g->last, host) == 0) return;
    snprintf(g->last, sizeof g->last, "%s", host);
    if (strlen(host) + sizeof ", , ..." < left)
        snprintf(g->hosts + used, left, "%s%s", used ? ", " : "", host);
    else if (!strstr(g->hosts, ", ..."))
        snprintf(g->hosts + used, left, ", ...");
}

static void machines_add_value(struct comparison *c, int fact, const char *value, const char *host)
{
    int at = 0;
    while (at < c->count[fact] && at < GROUPS && strcmp(c->groups[fact][at].value, value) != 0) at++;
    if (at == GROUPS) return;
    struct group *g = &c->groups[fact][at];
    if (at == c->count[fact]) {
        c->count[fact]++;
        snprintf(g->value, sizeof g->value, "%s", value);
    }
    machines_add_host(g, host);
}

/* Adds the text of one rank: "HOST\nFACT\nFACT\n..." */
static void machines_take_rank(void *self, const char *text)
{
    struct comparison *c = self;
    char host[PROCESS_HOST_SIZE], value[MACHINES_VALUE];
    int length = (int)strcspn(text, "\n");
    snprintf(host, sizeof host, "%.*s", length, text);
    for (int fact = 0; fact < MACHINES_FACTS; fact++) {
        text += length + 1;
        length = (int)strcspn(text, "\n");
        snprintf(value, sizeof value, "%.*s", length, text);
        machines_add_value(c, fact, value, host);
    }
}

static void machines_append(char text[MACHINES_TEXT], const char *format, const char *a, const char *b)
{
    size_t used = strlen(text);
    snprintf(text + used, MACHINES_TEXT - used, format, a, b);
}

/* "kernels v4 (hosta, hostb) and v3 (hostc): set ...; ..." */
static void machines_describe(const struct comparison *c, char text[MACHINES_TEXT])
{
    *text = '\0';
    for (int fact = 0; fact < MACHINES_FACTS; fact++) {
        if (c->count[fact] < 2) continue;
        machines_append(text, "%s%s ", *text ? "; " : "", kinds[fact].name);
        for (int g = 0; g < c->count[fact]; g++) {
            machines_append(text, "%s%s ", g ? " and " : "", c->groups[fact][g].value);
            machines_append(text, "(%s)%s", c->groups[fact][g].hosts, "");
        }
        machines_append(text, ": %s%s", kinds[fact].remedy, "");
    }
}

enum status machines_compare(struct machines *m, struct comm *comm, const struct config *config)
{
    char mine[PROCESS_HOST_SIZE + MACHINES_FACTS * MACHINES_VALUE + MACHINES_FACTS];
    struct comparison c = {0};
    *m = (struct machines){0};
    const struct kernels *kernels;
    TRY(comm_agree(comm, kernels_select(&kernels, config->isa)));
    machines_find_facts(m, kernels);
    process_host(mine);
    for (int fact = 0; fact < MACHINES_FACTS; fact++) {
        size_t used = strlen(mine);
        snprintf(mine + used, sizeof mine - used, "\n%s", m->facts[fact]);
    }
    TRY(comm_gather_text(comm, mine, machines_take_rank, &c));
    if (comm_rank(comm) == 0) machines_describe(&c, m->text);
    m->differ = *m->text != '\0';
    comm_share_bytes(comm, &m->differ, sizeof m->differ);
    if (!m->differ || config->mixed == MIXED_ALLOW) return STATUS_OK;
    enum status status = STATUS_OK;
    if (comm_rank(comm) == 0)
        status = status_fail(
            STATUS_CONFIG,
            "the machines would not produce bit-identical results: %s; or give up that guarantee with "
            "sync.mixed: allow",
            m->text);
    return comm_agree(comm, status);
}

void machines_write(struct json *j, const struct machines *m)
{
    for (int fact = 0; fact < MACHINES_FACTS; fact++) json_text(j, kinds[fact].key, m->facts[fact]);
    json_bool(j, "mixed", m->differ);
    if (m->differ) json_text(j, "differences", m->text);
}
