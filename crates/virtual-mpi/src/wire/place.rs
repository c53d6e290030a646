//! Places in the program, as a process tells them.

/// A place in the program; its number is that of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A line of the source file that the bytes name.
    Line {
        /// Number of the place.
        number: u32,
        /// Line, from 1.
        line: u32,
    },
    /// An address in the compiled file that the bytes name.
    Address {
        /// Number of the place.
        number: u32,
        /// Address in the process, within the instruction that calls.
        address: u64,
        /// Address in the process at which the file starts.
        start: u64,
    },
}

impl Place {
    /// Returns kind and numbers of its frame.
    pub(super) fn encode(self) -> (u64, Vec<i64>) {
        match self {
            Self::Line { number, line } => (21, vec![i64::from(number), i64::from(line)]),
            Self::Address { number, address, start } => {
                (22, vec![i64::from(number), address.cast_signed(), start.cast_signed()])
            }
        }
    }

    /// Reads a frame; none if it is no place.
    pub(super) fn decode(kind: u64, numbers: &[i64]) -> Option<Self> {
        match (kind, numbers) {
            (21, [number, line]) => {
                Some(Self::Line { number: u32::try_from(*number).ok()?, line: u32::try_from(*line).ok()? })
            }
            (22, [number, address, start]) => {
                let number = u32::try_from(*number).ok()?;
                Some(Self::Address { number, address: address.cast_unsigned(), start: start.cast_unsigned() })
            }
            _ => None,
        }
    }
}
