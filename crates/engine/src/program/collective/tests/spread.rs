//! What ranks can know when they leave a collective, if every send waits for its receive: that no algorithm gets stuck, and
//! that data gets from whom it should to whom it should.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::*;
use crate::program::{Pattern, Request};

/// Ranks whose data, or whose entry, a rank can know of.
type Known = BTreeSet<u32>;

/// A rank on its way through its ops.
struct Way {
    ops: VecDeque<Op>,
    known: Known,
    /// Receives that are started, and sends whose receive has not come.
    started: Vec<u32>,
    numbered: BTreeMap<Request, u32>,
    n_sending: usize,
}

/// Runs a collective op by op and returns what each rank knows at its end.
fn spread(collective: Collective, p: u32) -> Vec<Known> {
    let way = |rank| Way {
        ops: ops(collective, rank, p).collect(),
        known: Known::from([rank]),
        started: Vec::new(),
        numbered: BTreeMap::new(),
        n_sending: 0,
    };
    let mut ways: Vec<Way> = (0..p).map(way).collect();
    // Messages that no receive has taken, by sender and receiver, with what the sender knew.
    let mut sent: BTreeMap<(u32, u32), VecDeque<Known>> = BTreeMap::new();
    loop {
        let mut has_moved = false;
        for rank in 0..p {
            while go_on(rank, &mut ways, &mut sent) {
                has_moved = true;
            }
        }
        if !has_moved {
            break;
        }
    }
    let stuck: Vec<_> = ways.iter().map(|way| way.ops.front()).collect();
    assert!(stuck.iter().all(Option::is_none), "{collective:?} at {p} ranks gets stuck: {stuck:?}");
    assert!(sent.values().all(VecDeque::is_empty), "{collective:?} at {p} ranks: a message is not received");
    assert!(
        ways.iter().all(|way| way.started.is_empty() && way.numbered.is_empty() && way.n_sending == 0),
        "{collective:?}: nobody waits"
    );
    ways.into_iter().map(|way| way.known).collect()
}

/// Lets a rank do its next op, if it can.
fn go_on(rank: u32, ways: &mut [Way], sent: &mut BTreeMap<(u32, u32), VecDeque<Known>>) -> bool {
    let i = rank as usize;
    let Some(op) = ways[i].ops.front().copied() else { return false };
    match op {
        Op::Isend(envelope) | Op::Send(envelope) => {
            let known = ways[i].known.clone();
            sent.entry((rank, envelope.to.0)).or_default().push_back(known);
            ways[i].n_sending += 1;
            ways[i].ops.pop_front();
            if matches!(op, Op::Send(_)) {
                // It waits for its receive as a wait would; nothing else is outstanding there but receives.
                ways[i].ops.push_front(Op::Look);
            }
        }
        Op::Look => {
            if ways[i].n_sending > 0 {
                return false;
            }
            ways[i].ops.pop_front();
        }
        Op::Irecv(pattern) => {
            ways[i].started.push(sender(pattern));
            ways[i].ops.pop_front();
        }
        Op::Recv(pattern) => {
            if !receive(sender(pattern), rank, ways, sent) {
                return false;
            }
            ways[i].ops.pop_front();
        }
        Op::StartRecv(request, pattern) => {
            assert_eq!(ways[i].numbered.insert(request, sender(pattern)), None, "the number is in use");
            ways[i].ops.pop_front();
        }
        Op::Wait(request) => {
            if !receive(ways[i].numbered[&request], rank, ways, sent) {
                return false;
            }
            ways[i].numbered.remove(&request);
            ways[i].ops.pop_front();
        }
        Op::WaitAll => {
            let started = std::mem::take(&mut ways[i].started);
            let left = started.into_iter().filter(|from| !receive(*from, rank, ways, sent)).collect();
            ways[i].started = left;
            if !ways[i].started.is_empty() || ways[i].n_sending > 0 {
                return false;
            }
            ways[i].ops.pop_front();
        }
        other => panic!("a collective has messages only, not {other:?}"),
    }
    true
}

fn sender(pattern: Pattern) -> u32 {
    let Source::Rank(from) = pattern.from else { panic!("a collective receives from any") };
    from.0
}

/// Takes a message, if there is one.
fn receive(from: u32, to: u32, ways: &mut [Way], sent: &mut BTreeMap<(u32, u32), VecDeque<Known>>) -> bool {
    let Some(known) = sent.get_mut(&(from, to)).and_then(VecDeque::pop_front) else { return false };
    ways[from as usize].n_sending -= 1;
    ways[to as usize].known.extend(known);
    true
}

/// Returns whose data a rank has to know of in the end.
fn needed(algorithm: Algorithm, root: u32, rank: u32, p: u32) -> Known {
    match algorithm {
        Algorithm::Bcast(_) | Algorithm::Scatter(_) | Algorithm::Scatterv | Algorithm::ScattervAtOnce => {
            Known::from([root])
        }
        Algorithm::Gather(_) | Algorithm::Gatherv | Algorithm::GathervAtOnce | Algorithm::Reduce(_) if rank == root => {
            (0..p).collect()
        }
        Algorithm::Gather(_)
        | Algorithm::Gatherv
        | Algorithm::GathervAtOnce
        | Algorithm::Reduce(_)
        | Algorithm::Nothing => Known::new(),
        Algorithm::Scan | Algorithm::ScanByDoubling => (0..=rank).collect(),
        Algorithm::Ring => Known::from([(rank + p - 1) % p]),
        Algorithm::Halo => (rank.saturating_sub(1)..(rank + 2).min(p)).collect(),
        Algorithm::Barrier(_)
        | Algorithm::ReduceBcast(..)
        | Algorithm::AllreduceByDoubling
        | Algorithm::AllreduceByRing
        | Algorithm::AllreduceByHalving
        | Algorithm::AllreduceInBlocks
        | Algorithm::Allgather(_)
        | Algorithm::GathervBcast(_)
        | Algorithm::Alltoall(_)
        | Algorithm::ReduceScatter(_)
        | Algorithm::ReduceScatterv(_)
        | Algorithm::ReduceThenScatter(..) => (0..p).collect(),
    }
}

#[test]
fn data_gets_from_whom_it_should_to_whom_it_should() {
    for p in 1..=17 {
        for algorithm in all(p) {
            for root in [0, 1, p / 2, p - 1].into_iter().filter(|root| *root < p) {
                let arguments = Arguments::of(ELEMENTS, 8).at_root(root);
                let known = spread(Collective { algorithm, arguments }, p);
                for (rank, known) in (0..).zip(known) {
                    let needed = needed(algorithm, root, rank, p);
                    assert!(needed.is_subset(&known), "{algorithm:?} at {p} ranks: rank {rank} knows {known:?} only");
                }
            }
        }
    }
}

/// The same with few elements, so that parts are empty: nobody waits for a message that is not sent.
#[test]
fn nobody_waits_for_a_part_that_is_empty() {
    for p in 1..=17 {
        for algorithm in all(p) {
            for elements in 1..2 * u64::from(p) {
                spread(Collective { algorithm, arguments: Arguments::of(elements, 1) }, p);
            }
        }
    }
}
