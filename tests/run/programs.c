/* Small MPI programs by name: what the tests of `run` start. Test only. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static int rank, size;

#define CHECK(x) \
    do { if (!(x)) { fprintf(stderr, "rank %d: line %d: %s\n", rank, __LINE__, #x); exit(9); } } while (0)

/* Darts that every rank throws alone, and one reduction. */
static void pi(void) {
    long darts = 8000000 / size, hits = 0, all = 0;
    unsigned long long state = 88172645463325252ULL + rank;
    for (long i = 0; i < darts; i++) {
        double c[2];
        for (int k = 0; k < 2; k++) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            c[k] = (double)(state >> 11) / 9007199254740992.0;
        }
        hits += c[0] * c[0] + c[1] * c[1] <= 1.0;
    }
    MPI_Reduce(&hits, &all, 1, MPI_LONG, MPI_SUM, 0, MPI_COMM_WORLD);
    CHECK(rank != 0 || (4.0 * all / (darts * size) > 3.1 && 4.0 * all / (darts * size) < 3.2));
}

/* One million bits there and back, timed. */
static void ping(void) {
    static char data[125000];
    if (size == 1) return;
    double start = MPI_Wtime();
    if (rank == 0) {
        memset(data, 7, sizeof data);
        MPI_Send(data, sizeof data, MPI_CHAR, 1, 1, MPI_COMM_WORLD);
        MPI_Recv(data, sizeof data, MPI_CHAR, 1, 2, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        printf("%.6f\n", MPI_Wtime() - start);
    } else if (rank == 1) {
        MPI_Recv(data, sizeof data, MPI_CHAR, 0, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        CHECK(data[0] == 7 && data[124999] == 7);
        MPI_Send(data, sizeof data, MPI_CHAR, 0, 2, MPI_COMM_WORLD);
    }
}

/* Work for whoever asks first. */
static void farm(void) {
    int n_tasks = 20, sum = 0, task, stop = -1;
    if (size == 1) return;
    if (rank == 0) {
        for (int next = 0, busy = size - 1; busy > 0;) {
            MPI_Status status;
            MPI_Recv(&task, 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &status);
            if (status.MPI_TAG == 2) sum += task;
            int *order = next < n_tasks ? &next : &stop;
            MPI_Send(order, 1, MPI_INT, status.MPI_SOURCE, 3, MPI_COMM_WORLD);
            if (order == &stop) busy--; else next++;
        }
        CHECK(sum == 2 * 190);
        return;
    }
    task = 0;
    MPI_Send(&task, 1, MPI_INT, 0, 1, MPI_COMM_WORLD);
    for (;;) {
        MPI_Recv(&task, 1, MPI_INT, 0, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        if (task < 0) return;
        task *= 2;
        MPI_Send(&task, 1, MPI_INT, 0, 2, MPI_COMM_WORLD);
    }
}

/* Started sends and receives, and every way to wait for them. */
static void started(void) {
    int next = (rank + 1) % size, previous = (rank + size - 1) % size, out[4], in[4] = {0}, place, flag, count, places[4];
    MPI_Request requests[8];
    MPI_Status status, statuses[8];
    for (int i = 0; i < 4; i++) {
        out[i] = 100 * rank + i;
        MPI_Irecv(&in[i], 1, MPI_INT, i % 2 ? previous : MPI_ANY_SOURCE, i, MPI_COMM_WORLD, &requests[i]);
    }
    for (int i = 3; i >= 0; i--) MPI_Isend(&out[i], 1, MPI_INT, next, i, MPI_COMM_WORLD, &requests[4 + i]);
    MPI_Waitany(4, requests, &place, &status);
    CHECK(place >= 0 && place < 4 && requests[place] == MPI_REQUEST_NULL && status.MPI_TAG == place);
    MPI_Waitsome(4, requests, &count, places, statuses);
    CHECK(count >= 1 && statuses[0].MPI_SOURCE == previous);
    do MPI_Testall(8, requests, &flag, statuses); while (!flag);
    for (int i = 0; i < 4; i++) CHECK(in[i] == 100 * previous + i);
    MPI_Waitany(8, requests, &place, &status);
    CHECK(place == MPI_UNDEFINED);
    /* The same again, prepared once. */
    MPI_Send_init(&out[0], 1, MPI_INT, next, 8, MPI_COMM_WORLD, &requests[0]);
    MPI_Recv_init(&in[0], 1, MPI_INT, previous, 8, MPI_COMM_WORLD, &requests[1]);
    for (int round = 0; round < 3; round++) {
        out[0] = rank + round;
        MPI_Startall(2, requests);
        MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
        CHECK(in[0] == previous + round);
    }
    MPI_Request_free(&requests[0]);
    MPI_Request_free(&requests[1]);
    /* A synchronous send to itself, and a receive that is taken back. */
    MPI_Irecv(&in[1], 1, MPI_INT, rank, 9, MPI_COMM_WORLD, &requests[0]);
    MPI_Ssend(&rank, 1, MPI_INT, rank, 9, MPI_COMM_WORLD);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    CHECK(in[1] == rank);
    MPI_Irecv(&in[1], 1, MPI_INT, MPI_ANY_SOURCE, 77, MPI_COMM_WORLD, &requests[0]);
    MPI_Cancel(&requests[0]);
    MPI_Wait(&requests[0], &status);
    MPI_Test_cancelled(&status, &flag);
    CHECK(flag);
    /* Messages of unknown length. */
    MPI_Isend(out, rank % 4, MPI_INT, next, 10, MPI_COMM_WORLD, &requests[0]);
    MPI_Probe(MPI_ANY_SOURCE, 10, MPI_COMM_WORLD, &status);
    MPI_Get_count(&status, MPI_INT, &count);
    CHECK(count == previous % 4);
    MPI_Message message;
    MPI_Mprobe(previous, MPI_ANY_TAG, MPI_COMM_WORLD, &message, &status);
    MPI_Mrecv(in, 4, MPI_INT, &message, &status);
    CHECK(status.MPI_TAG == 10 && message == MPI_MESSAGE_NULL);
    MPI_Wait(&requests[0], MPI_STATUS_IGNORE);
    MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &flag, &status);
    CHECK(!flag);
}

/* Clocks and sleeping: an hour takes no time here, and an hour there. */
static void hour(void) {
    struct timespec before, after, wanted = {1800, 0};
    struct timeval start, end;
    double wtime = MPI_Wtime();
    clock_gettime(CLOCK_MONOTONIC, &before);
    gettimeofday(&start, NULL);
    time_t seconds = time(NULL);
    sleep(1200);
    usleep(600000000);
    nanosleep(&wanted, NULL);
    clock_gettime(CLOCK_MONOTONIC, &after);
    gettimeofday(&end, NULL);
    CHECK(after.tv_sec - before.tv_sec >= 3600 && after.tv_sec - before.tv_sec <= 3601);
    CHECK(end.tv_sec - start.tv_sec >= 3599 && end.tv_sec - start.tv_sec <= 3601);
    CHECK(time(NULL) - seconds >= 3600 && time(NULL) - seconds <= 3601);
    CHECK(MPI_Wtime() - wtime >= 3600 && MPI_Wtime() - wtime < 3601);
}

static void last_one(void *in, void *out, int *n, MPI_Datatype *type) {
    (void)in, (void)type;
    for (int i = 0; i < *n; i++) ((int *)out)[i] += 0;
}

/* All collectives, with the results that they must have. */
static void collectives(void) {
    int mine[64], all[64], counts[64], at[64], total = size * (size - 1) / 2, root = size - 1, value;
    for (int i = 0; i < size; i++) counts[i] = i, at[i] = i * (i - 1) / 2, mine[i] = 10 * rank + i;
    value = rank == root ? 42 : 0;
    MPI_Bcast(&value, 1, MPI_INT, root, MPI_COMM_WORLD);
    CHECK(value == 42);
    MPI_Gather(&rank, 1, MPI_INT, all, 1, MPI_INT, root, MPI_COMM_WORLD);
    for (int i = 0; rank == root && i < size; i++) CHECK(all[i] == i);
    MPI_Gatherv(mine, rank, MPI_INT, all, counts, at, MPI_INT, 0, MPI_COMM_WORLD);
    for (int i = 0; rank == 0 && i < size; i++) for (int k = 0; k < i; k++) CHECK(all[at[i] + k] == 10 * i + k);
    MPI_Scatter(mine, 1, MPI_INT, &value, 1, MPI_INT, root, MPI_COMM_WORLD);
    CHECK(value == 10 * root + rank);
    MPI_Allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
    for (int i = 0; i < size; i++) CHECK(all[i] == i);
    all[rank] = 7 * rank;
    MPI_Allgather(MPI_IN_PLACE, 0, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
    for (int i = 0; i < size; i++) CHECK(all[i] == 7 * i);
    MPI_Allgatherv(mine, rank, MPI_INT, all, counts, at, MPI_INT, MPI_COMM_WORLD);
    for (int i = 0; i < size; i++) for (int k = 0; k < i; k++) CHECK(all[at[i] + k] == 10 * i + k);
    MPI_Alltoall(mine, 1, MPI_INT, all, 1, MPI_INT, MPI_COMM_WORLD);
    for (int i = 0; i < size; i++) CHECK(all[i] == 10 * i + rank);
    MPI_Allreduce(&rank, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(value == total);
    value = rank;
    MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    CHECK(value == size - 1);
    MPI_Scan(&rank, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(value == rank * (rank + 1) / 2);
    value = -1;
    MPI_Exscan(&rank, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(value == (rank ? rank * (rank - 1) / 2 : -1));
    MPI_Reduce_scatter_block(mine, &value, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(value == 10 * total + size * rank);
    struct { double value; int rank; } here = {rank == root ? -1.0 : rank, rank}, best;
    MPI_Allreduce(&here, &best, 1, MPI_DOUBLE_INT, MPI_MINLOC, MPI_COMM_WORLD);
    CHECK(best.value == (size == 1 ? -1.0 : -1.0) && best.rank == root);
    /* An operation of the program's own: the last one counts. */
    MPI_Op own;
    MPI_Op_create(last_one, 0, &own);
    MPI_Allreduce(&rank, &value, 1, MPI_INT, own, MPI_COMM_WORLD);
    CHECK(value == size - 1);
    MPI_Op_free(&own);
    /* Halves of the ranks, in reverse order. */
    MPI_Comm half;
    MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half);
    int half_rank, half_size;
    MPI_Comm_rank(half, &half_rank);
    MPI_Comm_size(half, &half_size);
    MPI_Allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, half);
    for (int i = 1; i < half_size; i++) CHECK(all[i] == all[i - 1] - 2);
    CHECK(all[half_rank] == rank);
    /* The same tag in two communicators: messages do not meet. */
    MPI_Request requests[2];
    int in_world = -1, in_half = -1;
    MPI_Irecv(&in_world, 1, MPI_INT, rank, MPI_ANY_TAG, MPI_COMM_WORLD, &requests[0]);
    MPI_Irecv(&in_half, 1, MPI_INT, half_rank, MPI_ANY_TAG, half, &requests[1]);
    value = 1;
    MPI_Send(&value, 1, MPI_INT, half_rank, 5, half);
    value = 2;
    MPI_Send(&value, 1, MPI_INT, rank, 5, MPI_COMM_WORLD);
    MPI_Waitall(2, requests, MPI_STATUSES_IGNORE);
    CHECK(in_world == 2 && in_half == 1);
    MPI_Comm_free(&half);
    /* A column of a matrix into a row. */
    int matrix[3][4] = {{0}}, row[3] = {0};
    for (int i = 0; i < 3; i++) matrix[i][1] = i + 1;
    MPI_Datatype column;
    MPI_Type_vector(3, 1, 4, MPI_INT, &column);
    MPI_Type_commit(&column);
    MPI_Sendrecv(&matrix[0][1], 1, column, rank, 6, row, 3, MPI_INT, rank, 6, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    CHECK(row[0] == 1 && row[1] == 2 && row[2] == 3);
    MPI_Type_free(&column);
    /* A line of ranks, and the same as a ring. */
    int dims[1] = {0}, open_ends = 0, ring = 1, from, to;
    MPI_Comm line;
    MPI_Dims_create(size, 1, dims);
    CHECK(dims[0] == size);
    MPI_Cart_create(MPI_COMM_WORLD, 1, dims, &open_ends, 1, &line);
    MPI_Cart_shift(line, 0, 1, &from, &to);
    CHECK(from == (rank ? rank - 1 : MPI_PROC_NULL) && to == (rank < size - 1 ? rank + 1 : MPI_PROC_NULL));
    value = -1;
    MPI_Sendrecv(&rank, 1, MPI_INT, to, 0, &value, 1, MPI_INT, from, 0, line, MPI_STATUS_IGNORE);
    CHECK(value == rank - 1);
    MPI_Comm_free(&line);
    MPI_Cart_create(MPI_COMM_WORLD, 1, dims, &ring, 0, &line);
    MPI_Cart_shift(line, 0, -1, &from, &to);
    CHECK(from == (rank + 1) % size && to == (rank + size - 1) % size);
    MPI_Barrier(line);
}

/* What goes wrong, on the last rank of two or more. */
static int wrong(const char *how) {
    int last = rank == size - 1 && size > 1, value = 0;
    if (!strcmp(how, "crash") && last) abort();
    if (!strcmp(how, "no-finalize") && last) _exit(0);
    if (!strcmp(how, "exit-code") && last) { MPI_Finalize(); exit(3); }
    if (!strcmp(how, "abort") && last) MPI_Abort(MPI_COMM_WORLD, 17);
    if (!strcmp(how, "rank") && last) MPI_Send(&value, 1, MPI_INT, size, 0, MPI_COMM_WORLD);
    if (!strcmp(how, "truncate") && last) {
        int two[2];
        MPI_Sendrecv(two, 2, MPI_INT, rank, 0, two, 1, MPI_INT, rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    if (!strcmp(how, "refused") && last) {
        MPI_Win window;
        MPI_Win_create(&value, 4, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &window);
    }
    if (!strcmp(how, "busy") && last) for (;;) value++;
    if (!strcmp(how, "fork") && last && fork() == 0) { MPI_Barrier(MPI_COMM_WORLD); _exit(0); }
    if (!strcmp(how, "deadlock") && size > 1) MPI_Recv(&value, 1, MPI_INT, (rank + 1) % size, 4, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    if (!strcmp(how, "mismatch") && size > 1) {
        if (last) MPI_Barrier(MPI_COMM_WORLD); else MPI_Bcast(&value, 1, MPI_INT, 0, MPI_COMM_WORLD);
    }
    if (!strcmp(how, "bits")) {
        double one = 1.0, two;
        MPI_Allreduce(&one, &two, 1, MPI_DOUBLE, MPI_BAND, MPI_COMM_WORLD);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    return 0;
}

/* A sum of one million bits each, in two rounds, beside sleep; rank 0 prints when it is over. */
static void beside(int is_tested) {
    static int out[31250], in[31250];
    int flag;
    MPI_Request request;
    for (int i = 0; i < 31250; i++) out[i] = rank + i;
    double start = MPI_Wtime();
    MPI_Iallreduce(out, in, 31250, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &request);
    if (is_tested) {
        usleep(12000);
        MPI_Test(&request, &flag, MPI_STATUS_IGNORE);
        CHECK(size == 1 || !flag);
        usleep(12000);
    } else {
        usleep(15000);
    }
    MPI_Wait(&request, MPI_STATUS_IGNORE);
    double end = MPI_Wtime();
    for (int i = 0; i < 31250; i++) CHECK(in[i] == size * (size - 1) / 2 + size * i);
    if (rank == 0) printf("%.6f\n", end - start);
}

/* Collectives that go on beside each other, beside messages and beside a blocking collective of another communicator. */
static void going_on(void) {
    int next = (rank + 1) % size, previous = (rank + size - 1) % size, sum = 0, first = rank, got, all[64], flag = 0;
    MPI_Comm other, copy;
    MPI_Request requests[4];
    MPI_Comm_split(MPI_COMM_WORLD, 0, -rank, &other);
    MPI_Iallreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &requests[0]);
    MPI_Ibcast(&first, 1, MPI_INT, size - 1, MPI_COMM_WORLD, &requests[1]);
    MPI_Comm_idup(other, &copy, &requests[2]);
    MPI_Sendrecv(&rank, 1, MPI_INT, next, 1, &got, 1, MPI_INT, previous, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    CHECK(got == previous);
    MPI_Allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, other);
    for (int i = 0; i < size; i++) CHECK(all[i] == size - 1 - i);
    MPI_Ibarrier(other, &requests[3]);
    while (!flag) MPI_Testall(4, requests, &flag, MPI_STATUSES_IGNORE);
    CHECK(sum == size * (size - 1) / 2 && first == size - 1);
    MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, copy);
    CHECK(sum == size * (size - 1) / 2);
    MPI_Comm_free(&copy);
    MPI_Comm_free(&other);
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (!strcmp(argv[1], "pi")) pi();
    else if (!strcmp(argv[1], "ping")) ping();
    else if (!strcmp(argv[1], "farm")) farm();
    else if (!strcmp(argv[1], "started")) started();
    else if (!strcmp(argv[1], "hour")) hour();
    else if (!strcmp(argv[1], "collectives")) collectives();
    else if (!strcmp(argv[1], "beside")) beside(0);
    else if (!strcmp(argv[1], "beside-tested")) beside(1);
    else if (!strcmp(argv[1], "going-on")) going_on();
    else wrong(argv[1]);
    MPI_Finalize();
    return 0;
}
