//! Estimating pi, really run.

use std::f64::consts::PI;

use dlpc_predict::calibration::work::{self, RECORD_BYTES, Record, Totals};
use mpi::collective::{CommunicatorCollectives, Root};
use mpi::datatype::PartitionMut;
use serde_json::{Value, json};

use super::KernelError;
use super::outcome::Run;
use super::session::Session;
use super::stopwatch::seconds_of;

/// Every rank throws `ceil(darts / ranks)` darts and sends rank 0 their number in the circle, or all their records. The
/// clock runs on rank 0 from before its first dart to after the sum.
///
/// The whole is run once for practice, as the experiments are: the first message to a rank waits for a connection, and
/// the first write to memory for the operating system.
///
/// Returns the result on rank 0, and nothing on the others.
pub(super) fn run(
    session: &Session,
    darts: u64,
    returns_coordinates: bool,
    seed: u64,
) -> Result<Option<Run>, KernelError> {
    let n_darts = darts.div_ceil(session.n_ranks.into());
    if !returns_coordinates {
        let _practice = count(session, n_darts, seed);
        return Ok(count(session, n_darts, seed));
    }
    let mut lists = Lists::new(session, n_darts);
    let _practice = coordinates(session, n_darts, seed, &mut lists);
    let Some((seconds, totals)) = coordinates(session, n_darts, seed, &mut lists) else { return Ok(None) };
    check_complete(session, n_darts, &lists.all)?;
    let mut result = estimate(totals.inside, totals.records);
    result.insert("sum_x".to_owned(), json!(totals.sum_x));
    result.insert("sum_y".to_owned(), json!(totals.sum_y));
    let fingerprint = work::fingerprint(lists.packed.iter().chain(&lists.arrived));
    result.insert("fingerprint".to_owned(), json!(format!("{fingerprint:016x}")));
    Ok(Some(Run { seconds, result: Value::Object(result), records: lists.all }))
}

fn count(session: &Session, n_darts: u64, seed: u64) -> Option<Run> {
    let root = session.process(0);
    let mut rng = work::stream(seed, session.rank);
    session.world.barrier();
    if session.rank != 0 {
        root.gather_into(&work::throw_and_count(&mut rng, n_darts));
        return None;
    }
    let (seconds, inside) = seconds_of(|| {
        let own = work::throw_and_count(&mut rng, n_darts);
        let mut all = vec![0_u64; session.n_ranks as usize];
        root.gather_into_root(&own, &mut all[..]);
        all.iter().sum::<u64>()
    });
    let result = Value::Object(estimate(inside, n_darts * u64::from(session.n_ranks)));
    Some(Run { seconds, result, records: Vec::new() })
}

/// Where the records are on their way; `arrived` and `all` on rank 0 only.
struct Lists {
    /// Those of this rank.
    thrown: Vec<Record>,
    /// The same as bytes.
    packed: Vec<u8>,
    /// The bytes of the other ranks.
    arrived: Vec<u8>,
    /// Those of all ranks.
    all: Vec<Record>,
}

impl Lists {
    fn new(session: &Session, n_darts: u64) -> Self {
        let n = usize::try_from(n_darts).expect("invariant: the workload is checked");
        let n_ranks = if session.rank == 0 { session.n_ranks as usize } else { 0 };
        Self {
            thrown: work::room(n, Record::default()),
            packed: work::room(n * RECORD_BYTES, u8::MAX),
            // At least one byte: the address of an empty list of bytes is 1, which is the MPI_IN_PLACE of Open MPI.
            arrived: work::room(n_ranks.saturating_sub(1) * n * RECORD_BYTES + 1, u8::MAX),
            all: work::room(n_ranks * n, Record::default()),
        }
    }

    fn clear(&mut self) {
        self.thrown.clear();
        self.packed.clear();
        self.arrived.clear();
        self.all.clear();
    }
}

/// Returns the time and the totals on rank 0, and nothing on the others.
fn coordinates(session: &Session, n_darts: u64, seed: u64, lists: &mut Lists) -> Option<(f64, Totals)> {
    lists.clear();
    let mut rng = work::stream(seed, session.rank);
    let mut throw_and_pack = |lists: &mut Lists| {
        work::throw_and_store(&mut rng, session.rank, n_darts, &mut lists.thrown);
        work::pack_records(&lists.thrown, &mut lists.packed);
    };
    session.world.barrier();
    if session.rank != 0 {
        let root = session.process(0);
        throw_and_pack(lists);
        root.gather_into(&count_of(lists.packed.len()));
        root.gather_varcount_into(&lists.packed[..]);
        return None;
    }
    Some(seconds_of(|| {
        throw_and_pack(lists);
        gather(session, &lists.packed, &mut lists.arrived);
        work::unpack_records(&lists.packed, &mut lists.all);
        work::unpack_records(&lists.arrived, &mut lists.all);
        work::collect_records(&lists.all)
    }))
}

/// Gathers the sizes, then the records of the other ranks, in rank order; those of rank 0 stay where they are.
fn gather(session: &Session, own: &[u8], arrived: &mut Vec<u8>) {
    let root = session.process(0);
    let mut sizes = vec![0; session.n_ranks as usize];
    root.gather_into_root(&count_of(own.len()), &mut sizes[..]);
    sizes[0] = 0;
    let starts: Vec<i32> = sizes.iter().scan(0, |end, size| Some(std::mem::replace(end, *end + size))).collect();
    let total: i32 = sizes.iter().sum();
    arrived.resize(usize::try_from(total).expect("invariant: sizes are not negative"), u8::MAX);
    root.gather_varcount_into_root(&own[..0], &mut PartitionMut::new(&mut arrived[..], sizes, &starts[..]));
}

/// MPI counts in C integers; [`crate::workload::RealWorkload::check`] has seen to it that they suffice.
fn count_of(length: usize) -> i32 {
    i32::try_from(length).expect("invariant: all records fit in one message")
}

fn check_complete(session: &Session, n_darts: u64, records: &[Record]) -> Result<(), KernelError> {
    let expected = (0..session.n_ranks).flat_map(|rank| (0..n_darts).map(move |index| (rank, index)));
    let found = records.iter().map(|record| (record.rank, u64::from(record.index)));
    if expected.eq(found) { Ok(()) } else { Err(KernelError::Lost { what: "records of darts" }) }
}

fn estimate(inside: u64, darts: u64) -> serde_json::Map<String, Value> {
    #[expect(clippy::cast_precision_loss, reason = "an estimate")]
    let (hits, all) = (inside as f64, darts as f64);
    let share = PI / 4.0;
    let entries = [
        ("pi", json!(4.0 * hits / all)),
        ("standard_error", json!(4.0 * (share * (1.0 - share) / all).sqrt())),
        ("darts", json!(darts)),
        ("inside", json!(inside)),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
