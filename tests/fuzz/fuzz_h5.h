/* fuzz_h5.h - what the targets of HDF5 files share: they look into the child process that reads the file
 * (src/io/guard.h).
 *
 * HDF5 is not compiled with the sanitizers and is known to crash on such files; in the child that is a
 * refusal like any other. But a report of a sanitizer about our own code there is a finding. Therefore
 * reports are told apart by the code they are about, and the counters of covered edges come back from the
 * child, or what it does would not guide the fuzzer. */
#ifndef TESTS_FUZZ_H5_H
#define TESTS_FUZZ_H5_H

#include <signal.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "io/guard.h"

/* counters.c: the counters of covered edges of this program. */
uint8_t *fuzz_covered(size_t *count);
void __asan_set_error_report_callback(void (*callback)(const char *report));

static pid_t fuzz_parent;
static uint8_t *fuzz_counters; /* of the child, in memory that both see */

static inline void fuzz_raise(uint8_t *to, const uint8_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (from[i] > to[i]) to[i] = from[i];
}

/* Stands in for guard_next (the linker is told so): the child counts before it hands over an answer. */
bool __real_guard_next(struct guard *g);
bool __wrap_guard_next(struct guard *g);
bool __wrap_guard_next(struct guard *g)
{
    size_t count;
    const uint8_t *covered = fuzz_covered(&count);
    fuzz_raise(fuzz_counters, covered, count);
    return __real_guard_next(g);
}

/* What the children of this input have covered counts as covered. */
static inline void fuzz_h5_end(void)
{
    size_t count;
    uint8_t *covered = fuzz_covered(&count);
    fuzz_raise(covered, fuzz_counters, count);
    memset(fuzz_counters, 0, count);
    fuzz_end();
}

/* In the child: what the first frame that is no function of the sanitizer belongs to decides. A report about
 * a library becomes the crash it would have been; one about us ends the child with an exit code, which is
 * none of the answers (fuzz.h). */
static inline void fuzz_judge(const char *report)
{
    if (getpid() == fuzz_parent) return;
    for (const char *frame = strstr(report, "\n    #"); frame; frame = strstr(frame + 1, "\n    #")) {
        char line[512];
        snprintf(line, sizeof line, "%.*s", (int)strcspn(frame + 1, "\n"), frame + 1);
        if (strstr(line, "libhdf5") || strstr(line, "libz.so") || strstr(line, "libsz") ||
            strstr(line, "libaec")) {
            signal(SIGSEGV, SIG_DFL);
            kill(getpid(), SIGSEGV);
        }
        if (strstr(line, "/src/")) return; /* ours; the sanitizer's own functions come from elsewhere */
    }
}

static inline void fuzz_h5_begin(void)
{
    fuzz_parent = getpid();
    size_t count;
    (void)fuzz_covered(&count);
    fuzz_counters = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    FUZZ_CHECK(fuzz_counters != MAP_FAILED);
    __asan_set_error_report_callback(fuzz_judge);
    guard_set_seconds(2);
}

#endif
