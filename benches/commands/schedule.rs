//! A schedule of ten million operations: 1,000 ranks compute, send to the next rank and receive from the previous one.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

pub(crate) const FILE: &str = "rounds.goal";

const N_RANKS: u32 = 1000;
/// Three operations each.
const N_ROUNDS: u32 = 3334;

pub(crate) fn write(path: &Path) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "num_ranks {N_RANKS}")?;
    for rank in 0..N_RANKS {
        write_rank(&mut file, rank)?;
    }
    file.flush()
}

fn write_rank(file: &mut impl Write, rank: u32) -> io::Result<()> {
    let (to, from) = ((rank + 1) % N_RANKS, (rank + N_RANKS - 1) % N_RANKS);
    writeln!(file, "rank {rank} {{")?;
    for i in 0..N_ROUNDS {
        writeln!(file, "c{i}: calc {}", 100 + (rank * 7 + i * 13) % 1000)?;
        writeln!(file, "s{i}: send 8b to {to} tag 0\nr{i}: recv 8b from {from} tag 0")?;
        writeln!(file, "s{i} requires c{i}\nr{i} requires s{i}")?;
        if i > 0 {
            writeln!(file, "c{i} requires r{}", i - 1)?;
        }
    }
    writeln!(file, "}}")
}
