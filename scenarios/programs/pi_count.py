"""Estimates pi by darts on all ranks; every rank returns how many have hit. Argument: darts of all ranks together."""

import random
import sys

from mpi4py import MPI

world = MPI.COMM_WORLD


def hits_of(darts):
    hits = 0
    for _ in range(darts):
        x = random.random()
        y = random.random()
        if x * x + y * y <= 1.0:
            hits += 1
    return hits


darts = -(-int(sys.argv[1]) // world.size)
random.seed(world.rank)
start = MPI.Wtime()
hits = world.gather(hits_of(darts), root=0)
if world.rank == 0:
    pi = 4 * sum(hits) / (darts * world.size)
    print(f"{world.size} ranks: pi is about {pi} after {MPI.Wtime() - start:.3f} s")
