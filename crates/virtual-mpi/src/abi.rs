//! Constants and types of the interface that MPICH and its relatives share: handles are C integers with a kind in the upper bits.

use std::ffi::{c_int, c_void};

/// `MPI_Status`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Status {
    pub(crate) count_low: c_int,
    /// Upper bits of the count, shifted by one; the lowest bit: whether it was cancelled.
    pub(crate) count_high_and_cancelled: c_int,
    pub(crate) source: c_int,
    pub(crate) tag: c_int,
    pub(crate) error: c_int,
}

/// A function of the program that combines two vectors.
pub(crate) type UserFunction = extern "C" fn(*mut c_void, *mut c_void, *mut c_int, *mut c_int);
/// The same with a large count.
pub(crate) type LargeUserFunction = extern "C" fn(*mut c_void, *mut c_void, *mut i64, *mut c_int);

pub(crate) const COMM_NULL: c_int = 0x0400_0000;
pub(crate) const COMM_WORLD: c_int = 0x4400_0000;
pub(crate) const COMM_SELF: c_int = 0x4400_0001;
pub(crate) const OP_NULL: c_int = 0x1800_0000;
pub(crate) const DATATYPE_NULL: c_int = 0x0c00_0000;
pub(crate) const REQUEST_NULL: c_int = 0x2c00_0000;
pub(crate) const MESSAGE_NULL: c_int = 0x2c00_0000;
pub(crate) const MESSAGE_NO_PROC: c_int = 0x6c00_0000;
pub(crate) const GROUP_NULL: c_int = 0x0800_0000;
pub(crate) const GROUP_EMPTY: c_int = 0x4800_0000;
pub(crate) const INFO_NULL: c_int = 0x1c00_0000;
pub(crate) const INFO_ENV: c_int = 0x5c00_0001;
pub(crate) const SESSION_NULL: c_int = 0x3800_0000;
pub(crate) const ERRHANDLER_NULL: c_int = 0x1400_0000;
pub(crate) const ERRORS_ARE_FATAL: c_int = 0x5400_0000;
pub(crate) const ERRORS_RETURN: c_int = 0x5400_0001;
pub(crate) const ERRORS_ABORT: c_int = 0x5400_0003;
pub(crate) const KEYVAL_INVALID: c_int = 0x2400_0000;

/// First handles of objects that the program makes.
pub(crate) const FIRST_COMM: u32 = 0x8400_0000;
pub(crate) const FIRST_GROUP: u32 = 0x8800_0000;
pub(crate) const FIRST_INFO: u32 = 0x9c00_0000;
pub(crate) const FIRST_SESSION: u32 = 0xb800_0000;
pub(crate) const FIRST_ERRHANDLER: u32 = 0x9400_0000;
pub(crate) const FIRST_KEY: u32 = 0xa440_0000;
pub(crate) const FIRST_REQUEST: u32 = 0xac00_0000;
pub(crate) const FIRST_OP: u32 = 0x9800_0000;
/// After the five pairs of a number and an index.
pub(crate) const FIRST_TYPE: u32 = 0x8c00_0008;

pub(crate) const PROC_NULL: c_int = -1;
pub(crate) const ANY_SOURCE: c_int = -2;
pub(crate) const ROOT: c_int = -3;
pub(crate) const ANY_TAG: c_int = -1;
pub(crate) const UNDEFINED: c_int = -32766;
/// Results of comparing communicators or groups.
pub(crate) const IDENT: c_int = 0;
pub(crate) const CONGRUENT: c_int = 1;
pub(crate) const SIMILAR: c_int = 2;
pub(crate) const UNEQUAL: c_int = 3;
/// Largest tag.
pub(crate) const TAG_UB: c_int = 0x3fff_ffff;
pub(crate) const IN_PLACE: *const c_void = std::ptr::without_provenance(usize::MAX);
/// Where a status, or statuses, are not wanted.
pub(crate) const STATUS_IGNORE: usize = 1;
/// Longest name of an object, with the zero at its end.
pub(crate) const NAME_MAX: usize = 128;

pub(crate) const THREAD_SERIALIZED: c_int = 2;

pub(crate) const SUCCESS: c_int = 0;
pub(crate) const ERR_BUFFER: c_int = 1;
pub(crate) const ERR_COUNT: c_int = 2;
pub(crate) const ERR_TYPE: c_int = 3;
pub(crate) const ERR_TAG: c_int = 4;
pub(crate) const ERR_COMM: c_int = 5;
pub(crate) const ERR_RANK: c_int = 6;
pub(crate) const ERR_ROOT: c_int = 7;
pub(crate) const ERR_GROUP: c_int = 8;
pub(crate) const ERR_OP: c_int = 9;
pub(crate) const ERR_TOPOLOGY: c_int = 10;
pub(crate) const ERR_DIMS: c_int = 11;
pub(crate) const ERR_ARG: c_int = 12;
pub(crate) const ERR_UNKNOWN: c_int = 13;
pub(crate) const ERR_TRUNCATE: c_int = 14;
pub(crate) const ERR_OTHER: c_int = 15;
pub(crate) const ERR_IN_STATUS: c_int = 17;
pub(crate) const ERR_PENDING: c_int = 18;
pub(crate) const ERR_REQUEST: c_int = 19;
pub(crate) const ERR_INFO: c_int = 28;
pub(crate) const ERR_INFO_KEY: c_int = 29;
pub(crate) const ERR_INFO_VALUE: c_int = 30;
pub(crate) const ERR_INFO_NOKEY: c_int = 31;
pub(crate) const ERR_KEYVAL: c_int = 48;
pub(crate) const ERR_SESSION: c_int = 75;
/// `MPI_ERR_LASTCODE`: classes and codes that the program adds come after it.
pub(crate) const LAST_CODE: c_int = 0x3fff_ffff;

/// Names of the classes of errors.
pub(crate) const ERROR_NAMES: [(c_int, &str); 24] = [
    (SUCCESS, "no error"),
    (ERR_BUFFER, "invalid buffer"),
    (ERR_COUNT, "invalid count"),
    (ERR_TYPE, "invalid datatype"),
    (ERR_TAG, "invalid tag"),
    (ERR_COMM, "invalid communicator"),
    (ERR_RANK, "invalid rank"),
    (ERR_ROOT, "invalid root"),
    (ERR_GROUP, "invalid group"),
    (ERR_OP, "invalid operation"),
    (ERR_TOPOLOGY, "invalid topology"),
    (ERR_DIMS, "invalid dimensions"),
    (ERR_ARG, "invalid argument"),
    (ERR_UNKNOWN, "unknown error"),
    (ERR_TRUNCATE, "message truncated: it is longer than the receive"),
    (ERR_OTHER, "other error"),
    (ERR_IN_STATUS, "the error is in the statuses"),
    (ERR_PENDING, "neither done nor failed"),
    (ERR_REQUEST, "invalid request"),
    (ERR_INFO, "invalid info object"),
    (ERR_INFO_KEY, "invalid key of an info object"),
    (ERR_INFO_VALUE, "invalid value of an info object"),
    (ERR_INFO_NOKEY, "the info object has no such key"),
    (ERR_KEYVAL, "invalid key of attributes"),
];

impl Status {
    /// Returns the status of a message, or of what has none.
    pub(crate) fn new(source: c_int, tag: c_int, bytes: usize) -> Self {
        let low = u32::try_from(bytes & 0xffff_ffff).unwrap_or_default().cast_signed();
        let high = u32::try_from(bytes >> 32).unwrap_or_default();
        Self { count_low: low, count_high_and_cancelled: (high << 1).cast_signed(), source, tag, error: SUCCESS }
    }

    /// Returns it with another answer to the question whether it was cancelled.
    pub(crate) fn cancelled(self, is_cancelled: bool) -> Self {
        let count_high_and_cancelled = self.count_high_and_cancelled & !1 | c_int::from(is_cancelled);
        Self { count_high_and_cancelled, ..self }
    }

    /// Returns it with another size of the message.
    pub(crate) fn with_bytes(self, bytes: usize) -> Self {
        let Self { count_low, count_high_and_cancelled, .. } = Self::new(0, 0, bytes);
        let cancelled = self.count_high_and_cancelled & 1;
        Self { count_low, count_high_and_cancelled: count_high_and_cancelled | cancelled, ..self }
    }

    /// Returns that of sends and of receives from nobody.
    pub(crate) fn empty() -> Self {
        Self::new(PROC_NULL, ANY_TAG, 0)
    }

    /// Returns the bytes of the message.
    pub(crate) fn bytes(&self) -> usize {
        let high = self.count_high_and_cancelled.cast_unsigned() >> 1;
        (high as usize) << 32 | self.count_low.cast_unsigned() as usize
    }
}
