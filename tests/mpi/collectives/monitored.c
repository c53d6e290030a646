/* Calls collectives, and writes which messages each call made.
 *
 * usage: monitored CALLS OUTPUT
 *
 * CALLS has a line for each call, as in calls.h. Each rank writes OUTPUT.RANK: a line `call to bytes` for each message that it
 * sent, in the order of its sends.
 *
 * Open MPI has to be started with its monitoring on, and MPICH (of its device ch4:ucx) so that ranks are taken for those of
 * different hosts. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#include "calls.h"

static FILE *output;
static int number, is_counting, n_messages;

static void record(int to, size_t bytes)
{
    n_messages++;
    if (is_counting)
        fprintf(output, "%d %d %zu\n", number, to, bytes);
}

#ifdef OPEN_MPI
/* Open MPI's monitoring calls this for each message that is sent. This one takes the place of the library's own, whose counts
 * 4.1 cannot give out between calls: it forgets the MPI_T variables for them when it starts. */
void mca_common_monitoring_record_pml(int to, size_t bytes, int tag)
{
    (void)tag;
    record(to, bytes);
}

static void prepare(void)
{
}
#else
/* MPICH sends messages between hosts by this function of UCX (1.13, ucp.h), whose place this one takes. */
typedef void *send_function(void *endpoint, const void *data, size_t bytes, uint64_t tag, const void *parameters);

static void *latest, **endpoints;

void *ucp_tag_send_nbx(void *endpoint, const void *data, size_t bytes, uint64_t tag, const void *parameters)
{
    static send_function *send;
    int to = 0;

    if (send == NULL)
        *(void **)&send = dlsym(RTLD_NEXT, "ucp_tag_send_nbx");
    latest = endpoint;
    if (is_counting) {
        while (to < n_ranks && endpoints[to] != endpoint)
            to++;
        check(to < n_ranks, "a message to nobody");
    }
    record(to, bytes);
    return send(endpoint, data, bytes, tag, parameters);
}

/* Learns by a message to each rank which rank is behind an endpoint. */
static void prepare(void)
{
    MPI_Request request;

    endpoints = calloc(n_ranks, sizeof *endpoints);
    check(endpoints != NULL, "out of memory");
    for (int distance = 1; distance < n_ranks; distance++) {
        int to = (rank + distance) % n_ranks, from = (rank + n_ranks - distance) % n_ranks;
        MPI_Irecv(received, 0, MPI_BYTE, from, 0, MPI_COMM_WORLD, &request);
        MPI_Send(sent, 0, MPI_BYTE, to, 0, MPI_COMM_WORLD);
        endpoints[to] = latest;
        MPI_Wait(&request, MPI_STATUS_IGNORE);
    }
}
#endif

int main(int argc, char **argv)
{
    struct call what;
    FILE *calls = start(&argc, &argv);
    output = output_of_rank(argv[2]);

    prepare();
    MPI_Barrier(MPI_COMM_WORLD);
    check(n_ranks == 1 || n_messages > 0, "the library does not say what it sends");
    for (; next(calls, &what); number++) {
        is_counting = 1;
        call(&what);
        is_counting = 0;
    }
    check(fclose(output) == 0, "the output could not be written");
    MPI_Finalize();
    return 0;
}
