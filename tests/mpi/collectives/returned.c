/* Calls collectives to which one rank comes late, or early, and writes which ranks it held up.
 *
 * usage: returned CALLS OUTPUT
 *
 * CALLS has a line for each call, as in calls.h. Each is made once for each rank that comes late, then once for each rank that
 * comes early. Each rank writes OUTPUT.RANK: a line for each call with a character for each time, + if it was held up, - if not. */

#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "calls.h"

/* Seconds that a rank comes late, and more than which a rank is held up: much more than a busy machine takes. */
static const double late = 0.5, held_up = 0.25;

static void wait_for(double seconds)
{
    struct timespec time = {0, (long)(seconds * 1e9)};
    nanosleep(&time, NULL);
}

int main(int argc, char **argv)
{
    struct call what;
    FILE *calls = start(&argc, &argv);
    FILE *output = output_of_rank(argv[2]);

    while (next(calls, &what)) {
        for (int time = 0; time < 2 * n_ranks; time++) {
            int is_late = (rank == time % n_ranks) == (time < n_ranks);
            MPI_Barrier(MPI_COMM_WORLD);
            double begin = MPI_Wtime();
            if (is_late)
                wait_for(late);
            call(&what);
            fputc(MPI_Wtime() - begin > held_up ? '+' : '-', output);
        }
        fputc('\n', output);
        say(&what);
    }
    check(fclose(output) == 0, "the output could not be written");
    MPI_Finalize();
    return 0;
}
