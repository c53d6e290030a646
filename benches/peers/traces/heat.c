/* Heat on a line that is cut into pieces: the program whose trace is in heat.txt. How that was taken, on 8 ranks:
 *
 *   smpicc -O1 -o heat heat.c
 *   smpirun -np 8 -platform star.xml -hostfile hosts -trace-ti -trace-file heat.txt --cfg=smpi/host-speed:1Gf ./heat
 */
#include <math.h>
#include <mpi.h>
#include <stdlib.h>

#define CELLS 20000
#define STEPS 20

int main(int argc, char* argv[])
{
  MPI_Init(&argc, &argv);
  int rank, n_ranks, step;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  double *now = calloc(CELLS + 2, sizeof *now), *next = calloc(CELLS + 2, sizeof *next);
  double *all = calloc((size_t)n_ranks * CELLS, sizeof *all), conductivity = rank == 0 ? 0.4 : 0, change, largest;
  MPI_Bcast(&conductivity, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  MPI_Scatter(all, CELLS, MPI_DOUBLE, now + 1, CELLS, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  if (rank == n_ranks / 2)
    now[CELLS / 2] = 1000;
  for (step = 0; step < STEPS; step++) {
    MPI_Request requests[4];
    int n = 0, left = rank - 1, right = rank + 1, i;
    if (left >= 0) {
      MPI_Irecv(&now[0], 1, MPI_DOUBLE, left, 1, MPI_COMM_WORLD, &requests[n++]);
      MPI_Isend(&now[1], 1, MPI_DOUBLE, left, 2, MPI_COMM_WORLD, &requests[n++]);
    }
    if (right < n_ranks) {
      MPI_Irecv(&now[CELLS + 1], 1, MPI_DOUBLE, right, 2, MPI_COMM_WORLD, &requests[n++]);
      MPI_Isend(&now[CELLS], 1, MPI_DOUBLE, right, 1, MPI_COMM_WORLD, &requests[n++]);
    }
    for (i = 2; i < CELLS; i++)
      next[i] = now[i] + conductivity * (now[i - 1] - 2 * now[i] + now[i + 1]);
    for (i = 0; i < n; i++)
      MPI_Wait(&requests[i], MPI_STATUS_IGNORE);
    change = 0;
    for (i = 1; i <= CELLS; i += CELLS - 1)
      next[i] = now[i] + conductivity * (now[i - 1] - 2 * now[i] + now[i + 1]);
    for (i = 1; i <= CELLS; i++)
      change = fmax(change, fabs(next[i] - now[i]));
    double* swap = now;
    now = next;
    next = swap;
    if (step % 5 == 4)
      MPI_Allreduce(&change, &largest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  }
  MPI_Gather(now + 1, CELLS, MPI_DOUBLE, all, CELLS, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0)
    MPI_Send(all, 100000, MPI_DOUBLE, n_ranks - 1, 3, MPI_COMM_WORLD);
  if (rank == n_ranks - 1)
    MPI_Recv(all, 100000, MPI_DOUBLE, 0, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
  MPI_Finalize();
  return 0;
}
