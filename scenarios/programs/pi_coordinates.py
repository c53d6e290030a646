"""Estimates pi by darts on all ranks; the record of every dart goes to rank 0. Argument: darts of all ranks together."""

import random
import sys

from mpi4py import MPI

world = MPI.COMM_WORLD


def records_of(darts):
    records = []
    for dart in range(darts):
        x = random.random()
        y = random.random()
        inside = 1 if x * x + y * y <= 1.0 else 0
        records.append([dart, world.rank, x, y, inside])
    return records


darts = -(-int(sys.argv[1]) // world.size)
random.seed(world.rank)
start = MPI.Wtime()
records = world.gather(records_of(darts), root=0)
if world.rank == 0:
    hits = sum(record[4] for of_rank in records for record in of_rank)
    pi = 4 * hits / (darts * world.size)
    print(f"{world.size} ranks: pi is about {pi} after {MPI.Wtime() - start:.3f} s")
