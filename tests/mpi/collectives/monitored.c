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
/* MPICH sends messages between hosts by a function of UCX (1.13, ucp.h), whose place the one below takes. What it needs to know of
 * UCX's types: a datatype that is no array of bytes says itself how much it packs. */
typedef void *send_function(void *endpoint, const void *data, size_t count, uint64_t tag, const void *parameters);
struct packing;
typedef int create_function(const struct packing *packing, void *context, uint64_t *type);

struct packing {
    void *(*start_pack)(void *context, const void *data, size_t count);
    void *start_unpack;
    size_t (*packed_size)(void *state);
    void *pack, *unpack, *finish;
};

struct parameters {
    uint32_t fields, flags;
    void *request, *callback;
    uint64_t type;
};

enum { HAS_TYPE = 1 << 3, TYPES_MAX = 64 };

/* Types that are no arrays, the latest of those that are alike last. */
static struct {
    uint64_t type;
    struct packing packing;
    void *context;
} types[TYPES_MAX];
static int n_types;

static void *latest, **endpoints;

int ucp_dt_create_generic(const struct packing *packing, void *context, uint64_t *type)
{
    static create_function *create;

    if (create == NULL)
        create = (create_function *)dlsym(RTLD_NEXT, "ucp_dt_create_generic");
    int status = create(packing, context, type);
    int at = n_types++ % TYPES_MAX;
    types[at].type = *type, types[at].packing = *packing, types[at].context = context;
    return status;
}

static size_t bytes_of(const void *data, size_t count, const struct parameters *parameters)
{
    enum { CLASS = 7, GENERIC = 7 };

    if (!(parameters->fields & HAS_TYPE) || (parameters->type & CLASS) != GENERIC)
        return count;
    for (int i = n_types - 1; i >= 0 && i > n_types - 1 - TYPES_MAX; i--) {
        int at = i % TYPES_MAX;
        if (types[at].type == parameters->type) {
            void *state = types[at].packing.start_pack(types[at].context, data, count);
            /* It is not finished: that would let go of a type that is still in use. */
            return types[at].packing.packed_size(state);
        }
    }
    check(0, "a message of an unknown type");
    return 0;
}

void *ucp_tag_send_nbx(void *endpoint, const void *data, size_t count, uint64_t tag, const void *parameters)
{
    static send_function *send;
    int to = 0;

    if (send == NULL)
        send = (send_function *)dlsym(RTLD_NEXT, "ucp_tag_send_nbx");
    latest = endpoint;
    if (is_counting) {
        while (to < n_ranks && endpoints[to] != endpoint)
            to++;
        check(to < n_ranks, "a message to nobody");
    }
    if (!is_counting || to != rank)
        record(to, bytes_of(data, count, parameters));
    return send(endpoint, data, count, tag, parameters);
}

/* Learns by a message to each rank which rank is behind an endpoint. */
static void prepare(void)
{
    MPI_Request request;

    endpoints = calloc(n_ranks, sizeof *endpoints);
    check(endpoints != NULL, "out of memory");
    for (int distance = 0; distance < n_ranks; distance++) {
        int to = (rank + distance) % n_ranks, from = (rank + n_ranks - distance) % n_ranks;
        latest = NULL;
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
        say(&what);
    }
    check(fclose(output) == 0, "the output could not be written");
    MPI_Finalize();
    return 0;
}
