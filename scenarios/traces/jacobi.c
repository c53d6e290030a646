/* Jacobi on a square of N x N points that is cut into strips of rows; the borders have no neighbour (MPI_PROC_NULL). Its
 * traces are jacobi-4.txt.gz, jacobi-16.txt.gz and jacobi-64.txt.gz. How they were taken with SimGrid 3.32, on p ranks:
 *
 *   smpicc -O1 -o jacobi jacobi.c
 *   smpirun -np p -platform star.xml -hostfile hosts -trace-ti -trace-file jacobi-p.txt --cfg=smpi/host-speed:1Gf ./jacobi
 *   cat $(cat jacobi-p.txt) | gzip -9n > jacobi-p.txt.gz
 */
#include <math.h>
#include <mpi.h>
#include <stdlib.h>

#define N 2048
#define STEPS 20

int main(int argc, char* argv[])
{
  MPI_Init(&argc, &argv);
  int rank, n_ranks, step, i, j;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  int rows = N / n_ranks, above = rank > 0 ? rank - 1 : MPI_PROC_NULL;
  int below = rank + 1 < n_ranks ? rank + 1 : MPI_PROC_NULL;
  double(*now)[N] = calloc(rows + 2, sizeof *now), (*next)[N] = calloc(rows + 2, sizeof *next);
  double change = 1, largest = 1;
  int steps = STEPS;
  MPI_Bcast(&steps, 1, MPI_INT, 0, MPI_COMM_WORLD);
  if (rank == 0)
    for (j = 0; j < N; j++)
      now[0][j] = next[0][j] = 100;
  for (step = 0; step < steps; step++) {
    MPI_Request requests[4];
    MPI_Irecv(now[0], N, MPI_DOUBLE, above, 1, MPI_COMM_WORLD, &requests[0]);
    MPI_Irecv(now[rows + 1], N, MPI_DOUBLE, below, 2, MPI_COMM_WORLD, &requests[1]);
    MPI_Isend(now[1], N, MPI_DOUBLE, above, 2, MPI_COMM_WORLD, &requests[2]);
    MPI_Isend(now[rows], N, MPI_DOUBLE, below, 1, MPI_COMM_WORLD, &requests[3]);
    MPI_Waitall(4, requests, MPI_STATUSES_IGNORE);
    change = 0;
    for (i = 1; i <= rows; i++)
      for (j = 1; j < N - 1; j++) {
        next[i][j] = 0.25 * (now[i - 1][j] + now[i + 1][j] + now[i][j - 1] + now[i][j + 1]);
        change = fmax(change, fabs(next[i][j] - now[i][j]));
      }
    double(*swap)[N] = now;
    now = next;
    next = swap;
    MPI_Allreduce(&change, &largest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  }
  MPI_Reduce(&change, &largest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  MPI_Finalize();
  return 0;
}
