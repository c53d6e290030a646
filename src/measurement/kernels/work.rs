//! The compute kernels: the same functions in the calibration and in the real workload.

use std::hint::black_box;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::measurement::experiment::WorkKernel;

/// Size of a packed record: index and rank (4 bytes each), x and y (8 bytes each), inside (1 byte).
pub const RECORD_BYTES: usize = 4 + 4 + 8 + 8 + 1;

/// Darts that are thrown before anything is done with them: they stay in the first-level cache.
const BLOCK: usize = 256;

/// A dart on a square board from -1 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Dart {
    /// Across.
    pub x: f64,
    /// Up.
    pub y: f64,
    /// Whether it hit the circle of radius 1.
    pub is_inside: bool,
}

/// A dart as it is sent to rank 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// Number among the darts of its rank.
    pub index: u32,
    /// Who threw it.
    pub rank: u32,
    /// The dart.
    pub dart: Dart,
}

/// What rank 0 makes of all records.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// Records.
    pub records: u64,
    /// Darts in the circle.
    pub inside: u64,
    /// Sum of all x.
    pub sum_x: f64,
    /// Sum of all y.
    pub sum_y: f64,
}

/// Returns the random numbers of a rank: the same for the same seed on every machine, at any number of ranks.
#[must_use]
pub fn stream(seed: u64, rank: u32) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(rank.into());
    rng
}

/// Throws darts and returns how many hit the circle.
pub fn throw_and_count(rng: &mut ChaCha8Rng, n_darts: u64) -> u64 {
    let mut inside = 0;
    throw_in_blocks(rng, n_darts, |darts| inside += count_inside(darts));
    inside
}

/// Throws darts and returns their records.
///
/// # Panics
/// If there are more than 2^32 darts.
#[must_use]
pub fn throw_and_store(rng: &mut ChaCha8Rng, rank: u32, n_darts: u64) -> Vec<Record> {
    let mut records = Vec::new();
    throw_in_blocks(rng, n_darts, |darts| store_records(&mut records, rank, darts));
    records
}

fn throw_in_blocks(rng: &mut ChaCha8Rng, n_darts: u64, mut use_darts: impl FnMut(&[Dart])) {
    let mut block = [Dart::default(); BLOCK];
    let mut left = n_darts;
    while left > 0 {
        let n = usize::try_from(left).map_or(BLOCK, |left| left.min(BLOCK));
        throw_darts(rng, &mut block[..n]);
        use_darts(black_box(&block[..n]));
        left -= n as u64;
    }
}

fn throw_darts(rng: &mut ChaCha8Rng, darts: &mut [Dart]) {
    for dart in darts {
        let (x, y) = (2.0 * rng.random::<f64>() - 1.0, 2.0 * rng.random::<f64>() - 1.0);
        *dart = Dart { x, y, is_inside: x * x + y * y <= 1.0 };
    }
}

fn count_inside(darts: &[Dart]) -> u64 {
    darts.iter().map(|dart| u64::from(dart.is_inside)).sum()
}

fn store_records(records: &mut Vec<Record>, rank: u32, darts: &[Dart]) {
    for dart in darts {
        let index = u32::try_from(records.len()).expect("invariant: a rank throws at most 2^32 darts");
        records.push(Record { index, rank, dart: *dart });
    }
}

/// Returns the records as bytes, [`RECORD_BYTES`] each.
#[must_use]
pub fn pack_records(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(records.len() * RECORD_BYTES);
    for record in records {
        bytes.extend_from_slice(&pack_record(record));
    }
    bytes
}

fn pack_record(record: &Record) -> [u8; RECORD_BYTES] {
    let mut bytes = [0; RECORD_BYTES];
    bytes[..4].copy_from_slice(&record.index.to_le_bytes());
    bytes[4..8].copy_from_slice(&record.rank.to_le_bytes());
    bytes[8..16].copy_from_slice(&record.dart.x.to_le_bytes());
    bytes[16..24].copy_from_slice(&record.dart.y.to_le_bytes());
    bytes[24] = u8::from(record.dart.is_inside);
    bytes
}

/// Returns the records that [`pack_records`] made bytes of.
#[must_use]
pub fn unpack_records(bytes: &[u8]) -> Vec<Record> {
    let (packed, _) = bytes.as_chunks::<RECORD_BYTES>();
    packed.iter().map(unpack_record).collect()
}

fn unpack_record(bytes: &[u8; RECORD_BYTES]) -> Record {
    let [i0, i1, i2, i3, r0, r1, r2, r3, x0, x1, x2, x3, x4, x5, x6, x7, y0, y1, y2, y3, y4, y5, y6, y7, inside] =
        *bytes;
    Record {
        index: u32::from_le_bytes([i0, i1, i2, i3]),
        rank: u32::from_le_bytes([r0, r1, r2, r3]),
        dart: Dart {
            x: f64::from_le_bytes([x0, x1, x2, x3, x4, x5, x6, x7]),
            y: f64::from_le_bytes([y0, y1, y2, y3, y4, y5, y6, y7]),
            is_inside: inside != 0,
        },
    }
}

/// Reduces records to their totals.
#[must_use]
pub fn collect_records(records: &[Record]) -> Totals {
    let mut totals = Totals::default();
    for Record { dart, .. } in records {
        totals.records += 1;
        totals.inside += u64::from(dart.is_inside);
        totals.sum_x += dart.x;
        totals.sum_y += dart.y;
    }
    totals
}

/// Returns a number that changes if any bit of the records does: FNV-1a (Fowler, Noll and Vo, 1991) of the packed bytes.
#[must_use]
pub fn fingerprint(packed: &[u8]) -> u64 {
    packed.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A kernel and what it works on: ready to be run alone, again and again.
#[derive(Debug)]
pub struct Workbench {
    kernel: WorkKernel,
    n_units: usize,
    rng: ChaCha8Rng,
    block: Vec<Dart>,
    records: Vec<Record>,
    packed: Vec<u8>,
}

/// What a run of a kernel leaves behind; whoever takes the time drops it afterwards.
#[derive(Debug)]
#[expect(missing_docs, reason = "one for each kind of result")]
pub enum Product {
    Count(u64),
    Records(Vec<Record>),
    Packed(Vec<u8>),
    Totals(Totals),
}

impl Workbench {
    /// Prepares `n_units` darts or records.
    #[must_use]
    pub fn new(kernel: WorkKernel, n_units: usize, rank: u32) -> Self {
        let mut rng = stream(0, rank);
        let mut block = vec![Dart::default(); BLOCK];
        throw_darts(&mut rng, &mut block);
        let records = match kernel {
            WorkKernel::ThrowDart | WorkKernel::StoreRecord => Vec::new(),
            WorkKernel::PackRecord | WorkKernel::UnpackRecord | WorkKernel::CollectRecord => {
                throw_and_store(&mut rng, rank, n_units as u64)
            }
        };
        let packed = if kernel == WorkKernel::UnpackRecord { pack_records(&records) } else { Vec::new() };
        Self { kernel, n_units, rng, block, records, packed }
    }

    /// Runs the kernel once on all units.
    pub fn run(&mut self) -> Product {
        match self.kernel {
            WorkKernel::ThrowDart => Product::Count(throw_and_count(&mut self.rng, self.n_units as u64)),
            WorkKernel::StoreRecord => {
                let mut records = Vec::new();
                while records.len() < self.n_units {
                    let n = BLOCK.min(self.n_units - records.len());
                    store_records(&mut records, 0, black_box(&self.block[..n]));
                }
                Product::Records(records)
            }
            WorkKernel::PackRecord => Product::Packed(pack_records(black_box(&self.records))),
            WorkKernel::UnpackRecord => Product::Records(unpack_records(black_box(&self.packed))),
            WorkKernel::CollectRecord => Product::Totals(collect_records(black_box(&self.records))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_survive_packing_bit_for_bit() {
        let records = throw_and_store(&mut stream(7, 3), 3, 1000);
        let packed = pack_records(&records);
        assert_eq!(packed.len(), 1000 * RECORD_BYTES);
        assert_eq!(unpack_records(&packed), records);
    }

    #[test]
    fn storing_counts_as_counting_does() {
        let records = throw_and_store(&mut stream(7, 3), 3, 1000);
        let totals = collect_records(&records);
        assert_eq!((totals.records, totals.inside), (1000, throw_and_count(&mut stream(7, 3), 1000)));
    }

    #[test]
    fn darts_fall_evenly_on_the_board() {
        // Binomial(100,000, pi/4): standard deviation sqrt(n p (1 - p)) = 130; four of them
        let inside = throw_and_count(&mut stream(1, 0), 100_000);
        assert!(inside.abs_diff(78_540) < 520, "{inside} of 100,000 inside");
        // x is uniform on -1..1 with variance 1/3: the sum's standard deviation is sqrt(100,000 / 3) = 183
        let totals = collect_records(&throw_and_store(&mut stream(1, 0), 0, 100_000));
        assert!(totals.sum_x.abs() < 730.0 && totals.sum_y.abs() < 730.0, "{totals:?}");
    }

    #[test]
    fn ranks_throw_different_darts() {
        let first = |rank| throw_and_store(&mut stream(7, rank), rank, 1)[0].dart;
        assert_ne!(first(0), first(1));
        assert_eq!(first(1), first(1));
    }

    #[test]
    fn one_bit_changes_the_fingerprint() {
        let mut packed = pack_records(&throw_and_store(&mut stream(7, 0), 0, 10));
        let before = fingerprint(&packed);
        packed[100] ^= 1;
        assert_ne!(before, fingerprint(&packed));
    }

    #[test]
    fn every_kernel_works_on_all_its_units() {
        for kernel in WorkKernel::ALL {
            let n = match Workbench::new(kernel, 1000, 0).run() {
                // 1000 pi/4 = 785, standard deviation 13
                Product::Count(inside) => {
                    if inside.abs_diff(785) < 52 {
                        1000
                    } else {
                        inside
                    }
                }
                Product::Records(records) => records.len() as u64,
                Product::Packed(bytes) => (bytes.len() / RECORD_BYTES) as u64,
                Product::Totals(totals) => totals.records,
            };
            assert_eq!(n, 1000, "{kernel:?}");
        }
    }
}
