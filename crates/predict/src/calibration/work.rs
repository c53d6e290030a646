//! The compute kernels: the same functions in the calibration and in the real workload.

use std::hint::black_box;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};

use crate::calibration::experiment::WorkKernel;

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
#[derive(Debug, Clone, Copy, Default, PartialEq)]
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

/// Throws darts and appends their records.
///
/// # Panics
/// If there are more than 2^32 records then.
pub fn throw_and_store(rng: &mut ChaCha8Rng, rank: u32, n_darts: u64, records: &mut Vec<Record>) {
    throw_in_blocks(rng, n_darts, |darts| store_records(records, rank, darts));
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

/// Appends the records as bytes, [`RECORD_BYTES`] each.
pub fn pack_records(records: &[Record], packed: &mut Vec<u8>) {
    for record in records {
        packed.extend_from_slice(&pack_record(record));
    }
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

/// Appends the records that [`pack_records`] made bytes of.
pub fn unpack_records(packed: &[u8], records: &mut Vec<Record>) {
    let (packed, _) = packed.as_chunks::<RECORD_BYTES>();
    records.extend(packed.iter().map(unpack_record));
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

/// Returns a number that changes if any bit of the packed records does: FNV-1a (Fowler, Noll and Vo, 1991).
#[must_use]
pub fn fingerprint<'a>(packed: impl IntoIterator<Item = &'a u8>) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    packed.into_iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Returns an empty list with room for `n` elements.
///
/// The memory has been written to: the first write to a page costs as much as ten records, but a program that runs for
/// long pays it once, and how often a short one does depends on its allocator.
#[must_use]
pub fn room<T: Clone>(n: usize, filler: T) -> Vec<T> {
    let mut room = Vec::with_capacity(n);
    room.resize(n, filler);
    black_box(&mut room[..]);
    room.clear();
    room
}

/// A kernel and what it works on: ready to be run alone, again and again.
///
/// Records go the same way as in the workload, from list to list, so that a kernel meets its input where the step before
/// it has left it: in the cache or not.
#[derive(Debug)]
pub struct Workbench {
    kernel: WorkKernel,
    n_units: usize,
    rank: u32,
    rng: ChaCha8Rng,
    thrown: Vec<Record>,
    packed: Vec<u8>,
    arrived: Vec<Record>,
}

impl Workbench {
    /// Prepares room for `n_units` darts or records.
    #[must_use]
    pub fn new(kernel: WorkKernel, n_units: usize, rank: u32) -> Self {
        let n_records = if kernel == WorkKernel::ThrowDart { 0 } else { n_units };
        let mut bench = Self {
            kernel,
            n_units,
            rank,
            rng: stream(0, rank),
            thrown: room(n_records, Record::default()),
            packed: room(n_records * RECORD_BYTES, u8::MAX),
            arrived: room(n_records, Record::default()),
        };
        if kernel != WorkKernel::ThrowDart {
            bench.store();
            bench.pack();
            bench.unpack();
        }
        bench
    }

    /// Does what comes before the kernel.
    pub fn prepare(&mut self) {
        match self.kernel {
            WorkKernel::ThrowDart => {}
            // What comes before is the end of the run before.
            WorkKernel::StoreRecord => self.unpack(),
            WorkKernel::PackRecord => self.store(),
            WorkKernel::UnpackRecord => {
                self.store();
                self.pack();
            }
            WorkKernel::CollectRecord => {
                self.store();
                self.pack();
                self.unpack();
            }
        }
    }

    /// Runs the kernel once on all units.
    pub fn run(&mut self) {
        match self.kernel {
            WorkKernel::ThrowDart => {
                black_box(throw_and_count(&mut self.rng, self.n_units as u64));
            }
            WorkKernel::StoreRecord => self.store(),
            WorkKernel::PackRecord => self.pack(),
            WorkKernel::UnpackRecord => self.unpack(),
            WorkKernel::CollectRecord => {
                black_box(collect_records(black_box(&self.arrived)));
            }
        }
    }

    /// Stores the same few darts again and again, as throwing them has a kernel of its own.
    fn store(&mut self) {
        let mut block = [Dart::default(); BLOCK];
        throw_darts(&mut self.rng, &mut block);
        self.thrown.clear();
        while self.thrown.len() < self.n_units {
            let n = BLOCK.min(self.n_units - self.thrown.len());
            store_records(&mut self.thrown, self.rank, black_box(&block[..n]));
        }
    }

    fn pack(&mut self) {
        self.packed.clear();
        pack_records(black_box(&self.thrown), &mut self.packed);
    }

    fn unpack(&mut self) {
        self.arrived.clear();
        unpack_records(black_box(&self.packed), &mut self.arrived);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(seed: u64, rank: u32, n: u64) -> Vec<Record> {
        let mut records = Vec::new();
        throw_and_store(&mut stream(seed, rank), rank, n, &mut records);
        records
    }

    fn packed(records: &[Record]) -> Vec<u8> {
        let mut packed = Vec::new();
        pack_records(records, &mut packed);
        packed
    }

    #[test]
    fn records_survive_packing_bit_for_bit() {
        let records = records(7, 3, 1000);
        let packed = packed(&records);
        assert_eq!(packed.len(), 1000 * RECORD_BYTES);
        let mut unpacked = Vec::new();
        unpack_records(&packed, &mut unpacked);
        assert_eq!(unpacked, records);
    }

    #[test]
    fn storing_counts_as_counting_does() {
        let totals = collect_records(&records(7, 3, 1000));
        assert_eq!((totals.records, totals.inside), (1000, throw_and_count(&mut stream(7, 3), 1000)));
    }

    #[test]
    fn darts_fall_evenly_on_the_board() {
        // Binomial(100,000, pi/4): standard deviation sqrt(n p (1 - p)) = 130; four of them
        let inside = throw_and_count(&mut stream(1, 0), 100_000);
        assert!(inside.abs_diff(78_540) < 520, "{inside} of 100,000 inside");
        // x is uniform on -1..1 with variance 1/3: the sum's standard deviation is sqrt(100,000 / 3) = 183
        let totals = collect_records(&records(1, 0, 100_000));
        assert!(totals.sum_x.abs() < 730.0 && totals.sum_y.abs() < 730.0, "{totals:?}");
    }

    #[test]
    fn ranks_throw_different_darts() {
        let first = |rank| records(7, rank, 1)[0].dart;
        assert_ne!(first(0), first(1));
        assert_eq!(first(1), first(1));
    }

    #[test]
    fn one_bit_changes_the_fingerprint() {
        let mut packed = packed(&records(7, 0, 10));
        let before = fingerprint(&packed);
        packed[100] ^= 1;
        assert_ne!(before, fingerprint(&packed));
    }

    #[test]
    fn room_is_empty_but_there() {
        let room = room(1000, 7_u8);
        assert!(room.is_empty() && room.capacity() >= 1000);
    }

    #[test]
    fn every_kernel_works_on_all_its_units_each_time() {
        for kernel in WorkKernel::ALL {
            let mut bench = Workbench::new(kernel, 1000, 0);
            let expected = if kernel == WorkKernel::ThrowDart { 0 } else { 1000 };
            for _ in 0..2 {
                bench.prepare();
                bench.run();
                assert_eq!((bench.thrown.len(), bench.arrived.len()), (expected, expected), "{kernel:?}");
                assert_eq!(bench.packed.len(), expected * RECORD_BYTES, "{kernel:?}");
            }
        }
    }
}
