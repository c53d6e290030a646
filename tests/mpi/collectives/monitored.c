/* Calls collectives under Open MPI with its monitoring on, and writes which messages each call made.
 *
 * usage: monitored CALLS OUTPUT
 *
 * CALLS has a line for each call: its name, elements, bytes of an element, root, and whether the operation commutes.
 * Each rank writes OUTPUT.RANK: a line `call to bytes` for each message that it sent, in the order of its sends. */

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int n_ranks, rank;
static char *sent, *received;
static int *counts, *displacements;
static FILE *output;
static int number, is_counting, n_messages;

static void check(int is_well, const char *what)
{
    if (!is_well) {
        fprintf(stderr, "monitored: %s\n", what);
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
}

/* Open MPI's monitoring calls this for each message that is sent. This one takes the place of the library's own, whose counts
 * 4.1 cannot give out between calls: it forgets the MPI_T variables for them when it starts. */
void mca_common_monitoring_record_pml(int to, size_t bytes, int tag)
{
    (void)tag;
    n_messages++;
    if (is_counting)
        fprintf(output, "%d %d %zu\n", number, to, bytes);
}

/* An operation that is said not to commute; what it computes does not matter. */
static void keep(void *in, void *inout, int *n, MPI_Datatype *type)
{
    (void)in, (void)inout, (void)n, (void)type;
}

/* Divides n elements, or gives each rank n. */
static void divide(size_t n, int is_each)
{
    int at = 0;
    for (int i = 0; i < n_ranks; i++) {
        size_t more = (size_t)i < n % n_ranks;
        counts[i] = is_each ? (int)n : (int)(n / n_ranks + more);
        displacements[i] = at;
        at += counts[i];
    }
}

static void call(const char *name, size_t elements, MPI_Datatype type, int root, MPI_Op op)
{
    MPI_Comm all = MPI_COMM_WORLD;
    int n = (int)elements;
    if (!strcmp(name, "barrier")) {
        MPI_Barrier(all);
    } else if (!strcmp(name, "bcast")) {
        MPI_Bcast(sent, n, type, root, all);
    } else if (!strcmp(name, "scatter")) {
        MPI_Scatter(sent, n, type, received, n, type, root, all);
    } else if (!strcmp(name, "scatterv")) {
        divide(elements, 1);
        MPI_Scatterv(sent, counts, displacements, type, received, n, type, root, all);
    } else if (!strcmp(name, "gather")) {
        MPI_Gather(sent, n, type, received, n, type, root, all);
    } else if (!strcmp(name, "gatherv")) {
        divide(elements, 1);
        MPI_Gatherv(sent, n, type, received, counts, displacements, type, root, all);
    } else if (!strcmp(name, "reduce")) {
        MPI_Reduce(sent, received, n, type, op, root, all);
    } else if (!strcmp(name, "allreduce")) {
        MPI_Allreduce(sent, received, n, type, op, all);
    } else if (!strcmp(name, "allgather")) {
        MPI_Allgather(sent, n, type, received, n, type, all);
    } else if (!strcmp(name, "allgatherv")) {
        divide(elements, 1);
        MPI_Allgatherv(sent, n, type, received, counts, displacements, type, all);
    } else if (!strcmp(name, "alltoall")) {
        MPI_Alltoall(sent, n, type, received, n, type, all);
    } else if (!strcmp(name, "reduce_scatter")) {
        divide(elements, 0);
        MPI_Reduce_scatter(sent, received, counts, type, op, all);
    } else if (!strcmp(name, "reduce_scatter_block")) {
        MPI_Reduce_scatter_block(sent, received, n, type, op, all);
    } else if (!strcmp(name, "scan")) {
        MPI_Scan(sent, received, n, type, op, all);
    } else if (!strcmp(name, "exscan")) {
        MPI_Exscan(sent, received, n, type, op, all);
    } else {
        check(0, name);
    }
}

int main(int argc, char **argv)
{
    char name[64];
    size_t elements, element_bytes;
    int root, commutes;
    MPI_Op in_order;

    MPI_Init(&argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    check(argc == 3, "usage: monitored CALLS OUTPUT");
    MPI_Op_create(keep, 0, &in_order);

    FILE *calls = fopen(argv[1], "r");
    check(calls != NULL, argv[1]);
    size_t largest = 1;
    while (fscanf(calls, "%63s %zu %zu %d %d", name, &elements, &element_bytes, &root, &commutes) == 5) {
        size_t bytes = elements * element_bytes;
        largest = bytes > largest ? bytes : largest;
    }
    rewind(calls);
    sent = calloc(largest, n_ranks);
    received = calloc(largest, n_ranks);
    counts = calloc(n_ranks, sizeof *counts);
    displacements = calloc(n_ranks, sizeof *displacements);
    check(sent && received && counts && displacements, "out of memory");

    char *path = malloc(strlen(argv[2]) + 16);
    check(path != NULL, "out of memory");
    sprintf(path, "%s.%d", argv[2], rank);
    output = fopen(path, "w");
    check(output != NULL, path);

    number = 0;
    MPI_Barrier(MPI_COMM_WORLD);
    check(n_messages > 0, "Open MPI does not count its messages");
    for (; fscanf(calls, "%63s %zu %zu %d %d", name, &elements, &element_bytes, &root, &commutes) == 5; number++) {
        int is_byte = element_bytes == 1;
        MPI_Op op = !commutes ? in_order : is_byte ? MPI_BOR : MPI_SUM;
        is_counting = 1;
        call(name, elements, is_byte ? MPI_BYTE : MPI_DOUBLE, root, op);
        is_counting = 0;
    }
    check(fclose(output) == 0, "the output could not be written");
    MPI_Finalize();
    return 0;
}
