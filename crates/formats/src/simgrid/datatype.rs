//! Sizes of the datatypes that traces name by number.

use super::words::Words;
use crate::fault::Fault;

/// Bytes of the predefined datatypes of SMPI 3.32, by number, on 64-bit Linux.
const SIZES: [u64; 60] = [
    8, 4, 1, 2, 8, 4, 1, 8, 1,
    1, // DOUBLE, INT, CHAR, SHORT, LONG, FLOAT, BYTE, LONG_LONG, SIGNED_CHAR, UNSIGNED_CHAR
    2, 4, 8, 8, 16, 4, 1, 1, 2,
    4, // UNSIGNED_SHORT, ..._LONG_LONG, LONG_DOUBLE, WCHAR, C_BOOL, INT8_T, INT16_T, INT32_T
    8, 1, 2, 4, 8, 8, 16, 32, 8, 8, // INT64_T, UINT8_T, ... UINT64_T, complex of C, AINT, OFFSET
    8, 16, 16, 8, 8, 8, 16, 16, 4,
    4, // FLOAT_INT, LONG_INT, DOUBLE_INT, SHORT_INT, 2INT, 2FLOAT, 2DOUBLE, 2LONG, REAL, REAL4
    8, 16, 8, 16, 16, 4, 2, 4, 8, 16, // REAL8, REAL16, COMPLEX8 to 32, INTEGER1 to 16
    32, 1, 8, 16, 32, 0, 0, 1, 8, 8, // LONG_DOUBLE_INT, CXX_BOOL, complex of C++, UB, LB, PACKED, PTR, COUNT
];
/// Number of `MPI_DOUBLE`.
const DOUBLE: usize = 0;
/// Number of `MPI_BYTE`.
const BYTE: usize = 6;

/// Returns the bytes of an element where a line names no datatype: a field after `init` makes it `MPI_DOUBLE`.
pub(super) fn default(init_has_field: bool) -> u64 {
    SIZES[if init_has_field { DOUBLE } else { BYTE }]
}

/// Returns the bytes of an element of the datatype in field `i`, or `default`.
pub(super) fn size(words: &Words<'_>, i: usize, default: u64) -> Result<u64, Fault> {
    let Some(word) = words.text(i) else { return Ok(default) };
    if word == "-1" {
        let fault = words.fault("trace::derived_datatype", i + 2, "the trace does not say how large this datatype is");
        return Err(fault.help("SimGrid traces no derived datatypes: write the size in bytes, and 6 (MPI_BYTE) here"));
    }
    let known = word.parse::<usize>().ok().and_then(|number| SIZES.get(number).copied());
    known.ok_or_else(|| {
        let help = "numbers of datatypes are those of SMPI, from 0 (MPI_DOUBLE) and 1 (MPI_INT) to 6 (MPI_BYTE) and 59";
        words.fault("trace::unknown_datatype", i + 2, format!("there is no datatype {word}")).help(help)
    })
}
