//! A large schedule that is never in memory as text: it is made while it is read.

use std::fmt::Write;
use std::io::{self, BufReader, Read};
use std::path::Path;

use dlpc_engine::engine::replay::replay;
use dlpc_engine::schedule::cost::ScheduleCosts;
use dlpc_engine::trace::Recording;
use dlpc_engine::units::{SimDuration, SimTime};
use dlpc_predict::input::load_goal;

use super::{ns, usual};

/// Every rank computes, sends to the next rank and receives from the previous one, round after round.
struct Exchange {
    n_ranks: u32,
    n_rounds: u32,
    next_rank: u32,
    text: String,
    at: usize,
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() && self.next_rank < self.n_ranks {
            self.text.clear();
            self.at = 0;
            self.write_rank();
        }
        let n = buffer.len().min(self.text.len() - self.at);
        buffer[..n].copy_from_slice(&self.text.as_bytes()[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

impl Exchange {
    fn write_rank(&mut self) {
        let Self { n_ranks, n_rounds, next_rank: rank, text, .. } = self;
        if *rank == 0 {
            writeln!(text, "num_ranks {n_ranks}").unwrap();
        }
        let (to, from) = ((*rank + 1) % *n_ranks, (*rank + *n_ranks - 1) % *n_ranks);
        writeln!(text, "rank {rank} {{").unwrap();
        for i in 0..*n_rounds {
            writeln!(text, "c{i}: calc 100\ns{i}: send 1b to {to} tag 0\nr{i}: recv 1b from {from} tag 0").unwrap();
            writeln!(text, "s{i} requires c{i}\nr{i} requires s{i}").unwrap();
            if i > 0 {
                writeln!(text, "c{i} requires r{}", i - 1).unwrap();
            }
        }
        writeln!(text, "}}").unwrap();
        *rank += 1;
    }
}

#[test]
fn a_million_operations_are_read_and_replayed_piece_by_piece() {
    let (n_ranks, n_rounds) = (1000, 334);
    let open = |_: &Path| -> io::Result<Box<dyn io::BufRead>> {
        Ok(Box::new(BufReader::new(Exchange { n_ranks, n_rounds, next_rank: 0, text: String::new(), at: 0 })))
    };
    let schedule = load_goal(Path::new("rounds.goal"), &open).unwrap();
    assert_eq!(schedule.n_ops(), 1_002_000);
    let trace = replay(&schedule, &ScheduleCosts::Loggops(usual()), Recording::Off).unwrap();
    // A round: 100 ns, o to send, L, o to receive = 5600 ns, the same on all ranks.
    let expected: SimDuration = (0..n_rounds).map(|_| ns(5600)).sum();
    assert!(trace.finished_at.iter().all(|at| *at - SimTime::ZERO == expected));
    assert_eq!(trace.n_messages, 334_000);
}
