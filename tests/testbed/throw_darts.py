"""Throws darts at a board on every rank, gathers how many hit, and prints how long that took. Test only."""

import random
import sys
import time

from mpi4py import MPI


def hits(darts):
    """Counts the darts that hit.

    In a function, since the speed of a loop over global variables differs by a third from one start of Python to the next.
    """
    inside = 0
    for _ in range(darts):
        x, y = random.random(), random.random()
        inside += x * x + y * y <= 1.0
    return inside


world = MPI.COMM_WORLD
darts = int(sys.argv[1]) // world.size
random.seed(world.rank)
# The first message between two ranks waits for a connection: that is no part of what is timed.
world.gather(0, root=0)
world.Barrier()
start = time.perf_counter()
counts = world.gather(hits(darts), root=0)
if world.rank == 0:
    print("pi is about", 4 * sum(counts) / (darts * world.size))
    print("Runtime is ", time.perf_counter() - start)
