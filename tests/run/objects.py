"""Sends objects of Python in all ways that mpi4py has, and checks what comes. Test only."""

import array
import time

from mpi4py import MPI

world = MPI.COMM_WORLD
rank, size = world.rank, world.size
following, previous = (rank + 1) % size, (rank - 1) % size

assert world.sendrecv(rank, dest=following, source=previous) == previous
if rank == 0:
    senders = []
    for _ in range(1, size):
        status = MPI.Status()
        senders.append(world.recv(source=MPI.ANY_SOURCE, tag=5, status=status))
        assert senders[-1] == status.Get_source()
    assert sorted(senders) == list(range(1, size))
else:
    world.send(rank, dest=0, tag=5)
request = world.isend({"rank": rank}, dest=following, tag=9)
assert world.irecv(source=previous, tag=9).wait() == {"rank": previous}
request.wait()

assert world.gather(rank) == (list(range(size)) if rank == 0 else None)
assert world.allgather(str(rank)) == [str(i) for i in range(size)]
assert world.bcast([1, 2] if rank == 0 else None) == [1, 2]
assert world.scatter([i * i for i in range(size)] if rank == 0 else None) == rank * rank
assert world.alltoall([(rank, i) for i in range(size)]) == [(i, rank) for i in range(size)]
assert world.allreduce(rank) == size * (size - 1) // 2
assert world.reduce(rank, op=MPI.MAX, root=size - 1) == (size - 1 if rank == size - 1 else None)
assert world.scan(rank) == rank * (rank + 1) // 2

numbers, sums = array.array("d", [rank, 1.0]), array.array("d", [0.0, 0.0])
world.Allreduce(numbers, sums)
assert list(sums) == [size * (size - 1) / 2, size]
half = world.Split(rank % 2, rank)
assert half.allreduce(rank) == sum(i for i in range(size) if i % 2 == rank % 2)
half.Free()
request = world.Ibarrier()
while not request.Test():
    pass
into = array.array("d", [0.0, 0.0])
world.Iallreduce(numbers, into).Wait()
assert into == sums
grid = world.Create_cart([size], periods=[True])
assert grid.neighbor_alltoall([rank, rank + 100]) == [previous + 100, following]
assert world.Get_group().Incl([0]).Get_size() == 1
assert world.Dup().allreduce((rank, rank), op=MPI.MAXLOC) == (size - 1, size - 1)
world.Barrier()
# An hour of the cluster, in no time here.
start, wtime = time.time(), MPI.Wtime()
time.sleep(3600)
assert 3599 < time.time() - start < 3601 and 3600 <= MPI.Wtime() - wtime < 3601
assert MPI.Wtime() > 0.0 and MPI.Get_processor_name().startswith("pi")
