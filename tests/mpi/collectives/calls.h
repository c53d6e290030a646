/* The collectives that the programs of this folder call, one for each line of a file. */

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line of the file: its name, elements, bytes of an element, root, and whether the operation commutes. */
struct call {
    char name[64];
    size_t elements, element_bytes;
    int root, commutes;
};

static int n_ranks, rank;
static char *sent, *received;
static int *counts, *displacements;
static MPI_Op in_order;

static void check(int is_well, const char *what)
{
    if (!is_well) {
        fprintf(stderr, "%s\n", what);
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
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

static void call(const struct call *what)
{
    MPI_Comm all = MPI_COMM_WORLD;
    const char *name = what->name;
    int n = (int)what->elements, root = what->root, is_byte = what->element_bytes == 1;
    MPI_Datatype type = is_byte ? MPI_BYTE : MPI_DOUBLE;
    MPI_Op op = !what->commutes ? in_order : is_byte ? MPI_BOR : MPI_SUM;
    if (!strcmp(name, "barrier")) {
        MPI_Barrier(all);
    } else if (!strcmp(name, "bcast")) {
        MPI_Bcast(sent, n, type, root, all);
    } else if (!strcmp(name, "scatter")) {
        MPI_Scatter(sent, n, type, received, n, type, root, all);
    } else if (!strcmp(name, "scatterv")) {
        divide(what->elements, 1);
        MPI_Scatterv(sent, counts, displacements, type, received, n, type, root, all);
    } else if (!strcmp(name, "gather")) {
        MPI_Gather(sent, n, type, received, n, type, root, all);
    } else if (!strcmp(name, "gatherv")) {
        divide(what->elements, 1);
        MPI_Gatherv(sent, n, type, received, counts, displacements, type, root, all);
    } else if (!strcmp(name, "reduce")) {
        MPI_Reduce(sent, received, n, type, op, root, all);
    } else if (!strcmp(name, "allreduce")) {
        MPI_Allreduce(sent, received, n, type, op, all);
    } else if (!strcmp(name, "allgather")) {
        MPI_Allgather(sent, n, type, received, n, type, all);
    } else if (!strcmp(name, "allgatherv")) {
        divide(what->elements, 1);
        MPI_Allgatherv(sent, n, type, received, counts, displacements, type, all);
    } else if (!strcmp(name, "alltoall")) {
        MPI_Alltoall(sent, n, type, received, n, type, all);
    } else if (!strcmp(name, "reduce_scatter")) {
        divide(what->elements, 0);
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

/* Reads the next call; returns whether there is one. */
static int next(FILE *calls, struct call *what)
{
    return fscanf(calls, "%63s %zu %zu %d %d", what->name, &what->elements, &what->element_bytes, &what->root,
                  &what->commutes) == 5;
}

/* Says which call is over: a job that is silent is taken for one that hangs. */
static void say(const struct call *what)
{
    if (rank == 0) {
        printf("%s\n", what->name);
        fflush(stdout);
    }
}

/* Starts MPI, and makes buffers that are large enough for all calls of a file. */
static FILE *start(int *argc, char ***argv)
{
    struct call what;
    size_t largest = 1;

    MPI_Init(argc, argv);
    MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    check(*argc == 3, "two arguments are needed: CALLS OUTPUT");
    MPI_Op_create(keep, 0, &in_order);

    FILE *calls = fopen((*argv)[1], "r");
    check(calls != NULL, (*argv)[1]);
    while (next(calls, &what)) {
        size_t bytes = what.elements * what.element_bytes;
        largest = bytes > largest ? bytes : largest;
    }
    rewind(calls);
    sent = calloc(largest, n_ranks);
    received = calloc(largest, n_ranks);
    counts = calloc(n_ranks, sizeof *counts);
    displacements = calloc(n_ranks, sizeof *displacements);
    check(sent && received && counts && displacements, "out of memory");
    return calls;
}

/* Opens OUTPUT.RANK. */
static FILE *output_of_rank(const char *output)
{
    char *path = malloc(strlen(output) + 16);
    check(path != NULL, "out of memory");
    sprintf(path, "%s.%d", output, rank);
    FILE *file = fopen(path, "w");
    check(file != NULL, path);
    free(path);
    return file;
}
