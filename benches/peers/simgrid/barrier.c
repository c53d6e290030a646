/* A barrier as an SMPI program; rank 0 prints simulated seconds, number of messages (of a dissemination) and peak memory
 * in kB. */
#include <mpi.h>
#include <stdio.h>
#include <sys/resource.h>

int main(int argc, char* argv[])
{
  MPI_Init(&argc, &argv);
  MPI_Barrier(MPI_COMM_WORLD);
  double end_s = MPI_Wtime();
  int rank, n_ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
  if (rank == 0) {
    long rounds = 0;
    while ((1L << rounds) < n_ranks)
      rounds++;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.9f %ld %ld\n", end_s, rounds * n_ranks, usage.ru_maxrss);
  }
  MPI_Finalize();
  return 0;
}
