#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "core/system/trace.h"

static int64_t recorded(void)
{
    int64_t count;
    trace_events(&count);
    return count;
}

static void test_off(void)
{
    CHECK(trace_begin() <= 0);
    trace_end(trace_begin(), TRACE_PHASE, "data", 0);
    CHECK(recorded() == 0);
}

static void test_events(void)
{
    uint64_t before = mem_allocations();
    double early = trace_begin();
    trace_start();
    trace_end(early, TRACE_PHASE, "began before", 0);
    double start = trace_begin();
    double next = trace_end(start, TRACE_FORWARD, "relu", 3);
    bool was_on = trace_pause();
    trace_end(trace_begin(), TRACE_FORWARD, "relu", 4);
    trace_resume(was_on);
    trace_end(next, TRACE_FORWARD, "linear", 5);
    trace_stop();
    trace_end(next, TRACE_FORWARD, "too late", 6);

    int64_t count;
    const struct trace_event *e = trace_events(&count);
    CHECK(count == 2 && trace_lost() == 0);
    CHECK(e[0].kind == TRACE_FORWARD && e[0].index == 3 && strcmp(e[0].name, "relu") == 0);
    CHECK(e[0].start <= e[0].end && e[1].index == 5);
    CHECK_NEAR(e[1].start, e[0].end, 0);
    CHECK(mem_allocations() == before);
}

static void test_full(void)
{
    trace_start(); /* forgets */
    CHECK(recorded() == 0);
    for (int i = 0; i < 7; i++) trace_end(trace_begin(), TRACE_STEP, "step", i);
    CHECK(recorded() == 4 && trace_lost() == 3);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_STATUS(trace_create(4), STATUS_OK);
    CHECK_CASE(test_off());
    CHECK_CASE(test_events());
    CHECK_CASE(test_full());
    trace_destroy();
    CHECK(recorded() == 0 && mem_alive() == 0);
    return check_result();
}
