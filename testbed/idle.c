/* Loaded into every rank: a rank that waits for a message sleeps for a moment instead of burning its CPU quota.
 *
 * Open MPI polls while it waits. On a real core that costs nothing but heat; under a CPU quota it uses up the time, and
 * the message that arrives then waits for the next period, many milliseconds. With mpi_yield_when_idle Open MPI
 * calls sched_yield() after each poll that found nothing, and this library turns that call into a short sleep.
 *
 * The longer a rank has waited, the longer it sleeps: one part in 64 of the wait so far, at most LONGEST_NS. The hosts share
 * real cores, and seven waiting ranks that poll every 100 us make a computing one up to a tenth slower. A message is
 * noticed late by at most 1.6 % of the time that it was waited for. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static long pause_ns = 100000;

__attribute__((constructor)) static void start(void)
{
    const char *text = getenv("TESTBED_IDLE_NS");
    if (text != NULL && atol(text) > 0)
        pause_ns = atol(text);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* otherwise 50 us are added to every sleep */
}

#define LONGEST_NS 2000000L
/* More than this between two calls: the rank was not waiting, it computed or copied. */
#define NOT_WAITING_NS 50000L

static long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static __thread int has_received;

/* How Open MPI takes bytes off a TCP connection. */
ssize_t readv(int fd, const struct iovec *parts, int n)
{
    ssize_t got = syscall(SYS_readv, fd, parts, n);
    if (got > 0)
        has_received = 1;
    return got;
}

int sched_yield(void)
{
    static __thread long since_ns, left_ns;
    long now = now_ns();
    if (has_received || now - left_ns > NOT_WAITING_NS)
        since_ns = now;
    has_received = 0;
    long pause = (now - since_ns) / 64;
    if (pause > LONGEST_NS)
        pause = LONGEST_NS;
    if (pause < pause_ns)
        pause = pause_ns;
    struct timespec rest = {0, pause};
    nanosleep(&rest, NULL);
    left_ns = now_ns();
    return 0;
}
