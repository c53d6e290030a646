/* Loaded into every rank: a rank that waits for a message sleeps for a moment instead of burning its CPU quota.
 *
 * Open MPI polls while it waits. On a real core that costs nothing but heat; under a CPU quota it uses up the time, and
 * the message that arrives then waits for the next period, many milliseconds. With mpi_yield_when_idle Open MPI
 * calls sched_yield() after each poll that found nothing, and this library turns that call into a short sleep. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

static long pause_ns = 100000;

__attribute__((constructor)) static void start(void)
{
    const char *text = getenv("TESTBED_IDLE_NS");
    if (text != NULL && atol(text) > 0)
        pause_ns = atol(text);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* otherwise 50 us are added to every sleep */
}

int sched_yield(void)
{
    struct timespec pause = {0, pause_ns};
    nanosleep(&pause, NULL);
    return 0;
}
