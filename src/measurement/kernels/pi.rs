//! Estimating pi, really run.

use std::f64::consts::PI;

use mpi::collective::{CommunicatorCollectives, Root};
use mpi::datatype::PartitionMut;
use serde_json::{Value, json};

use super::KernelError;
use super::session::Session;
use super::stopwatch::seconds_of;
use super::work::{self, RECORD_BYTES, Record};
use super::workload::Run;

/// Every rank throws `ceil(darts / ranks)` darts and sends rank 0 their number in the circle, or all their records. The
/// clock runs on rank 0 from before its first dart to after the sum.
///
/// Returns the result on rank 0, and nothing on the others.
pub(super) fn run(
    session: &Session,
    darts: u64,
    returns_coordinates: bool,
    seed: u64,
) -> Result<Option<Run>, KernelError> {
    let n_darts = darts.div_ceil(session.n_ranks.into());
    if returns_coordinates { coordinates(session, n_darts, seed) } else { Ok(count(session, n_darts, seed)) }
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

fn coordinates(session: &Session, n_darts: u64, seed: u64) -> Result<Option<Run>, KernelError> {
    let root = session.process(0);
    let mut rng = work::stream(seed, session.rank);
    let n = usize::try_from(n_darts).expect("invariant: the workload is checked");
    let mut records = work::room(n, Record::default());
    let mut packed = work::room(n * RECORD_BYTES, u8::MAX);
    if session.rank != 0 {
        session.world.barrier();
        work::throw_and_store(&mut rng, session.rank, n_darts, &mut records);
        work::pack_records(&records, &mut packed);
        root.gather_into(&count_of(packed.len()));
        root.gather_varcount_into(&packed[..]);
        return Ok(None);
    }
    let n_others = session.n_ranks as usize - 1;
    // One byte more, as the address of an empty list of bytes is 1, which is the MPI_IN_PLACE of Open MPI.
    let mut arrived = work::room(n_others * n * RECORD_BYTES + 1, u8::MAX);
    let mut all = work::room((1 + n_others) * n, Record::default());
    session.world.barrier();
    let (seconds, totals) = seconds_of(|| {
        work::throw_and_store(&mut rng, 0, n_darts, &mut records);
        work::pack_records(&records, &mut packed);
        gather(session, &packed, &mut arrived);
        work::unpack_records(&packed, &mut all);
        work::unpack_records(&arrived, &mut all);
        work::collect_records(&all)
    });
    check_complete(session, n_darts, &all)?;
    let mut result = estimate(totals.inside, totals.records);
    result.insert("sum_x".to_owned(), json!(totals.sum_x));
    result.insert("sum_y".to_owned(), json!(totals.sum_y));
    let fingerprint = work::fingerprint(packed.iter().chain(&arrived));
    result.insert("fingerprint".to_owned(), json!(format!("{fingerprint:016x}")));
    Ok(Some(Run { seconds, result: Value::Object(result), records: all }))
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

/// MPI counts in C integers; [`crate::measurement::workload::RealWorkload::check`] has seen to it that they suffice.
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
