//! The operations of MPI on vectors of numbers, as messages carry them: used by the simulator, and by ranks that combine themselves.

#[cfg(target_arch = "x86_64")]
mod extended;

use std::cmp::Ordering;

use crate::wire::gathering::{COMPLEX, FLOAT, SIGNED, UNSIGNED, WITH_INDEX};

/// Operations of MPI, by the numbers of MPICH's handles.
const MAX: u32 = 1;
const MIN: u32 = 2;
const SUM: u32 = 3;
const PRODUCT: u32 = 4;
const LOGICAL_AND: u32 = 5;
const AND: u32 = 6;
const LOGICAL_OR: u32 = 7;
const OR: u32 = 8;
const LOGICAL_XOR: u32 = 9;
const XOR: u32 = 10;
const MIN_WITH_INDEX: u32 = 11;
const MAX_WITH_INDEX: u32 = 12;
const REPLACE: u32 = 13;
const NOTHING: u32 = 14;

/// Bytes of an index beside a number.
const INDEX: usize = 4;

/// Replaces each number of `right` by what `f` makes of it and that of `left`.
macro_rules! each {
    ($number:ty, $left:expr, $right:expr, $f:expr) => {{
        const SIZE: usize = size_of::<$number>();
        for (left, right) in $left.chunks_exact(SIZE).zip($right.chunks_exact_mut(SIZE)) {
            let of = |bytes: &[u8]| <$number>::from_le_bytes(bytes.try_into().expect("invariant: chunks of this size"));
            let result: $number = $f(of(left), of(right));
            right.copy_from_slice(&result.to_le_bytes());
        }
        Some(())
    }};
}

macro_rules! integers {
    ($number:ty, $operation:expr, $left:expr, $right:expr) => {{
        type N = $number;
        let truth = |is_true: bool| N::from(is_true);
        match $operation {
            MAX => each!(N, $left, $right, N::max),
            MIN => each!(N, $left, $right, N::min),
            SUM => each!(N, $left, $right, N::wrapping_add),
            PRODUCT => each!(N, $left, $right, N::wrapping_mul),
            LOGICAL_AND => each!(N, $left, $right, |a, b| truth(a != 0 && b != 0)),
            AND => each!(N, $left, $right, |a: N, b: N| a & b),
            LOGICAL_OR => each!(N, $left, $right, |a, b| truth(a != 0 || b != 0)),
            OR => each!(N, $left, $right, |a: N, b: N| a | b),
            LOGICAL_XOR => each!(N, $left, $right, |a, b| truth((a != 0) != (b != 0))),
            XOR => each!(N, $left, $right, |a: N, b: N| a ^ b),
            _ => None,
        }
    }};
}

macro_rules! floats {
    ($number:ty, $operation:expr, $left:expr, $right:expr) => {{
        type N = $number;
        let truth = |is_true: bool| N::from(u8::from(is_true));
        match $operation {
            MAX => each!(N, $left, $right, N::max),
            MIN => each!(N, $left, $right, N::min),
            SUM => each!(N, $left, $right, |a: N, b: N| a + b),
            PRODUCT => each!(N, $left, $right, |a: N, b: N| a * b),
            // Not in the standard, but in MPICH.
            LOGICAL_AND => each!(N, $left, $right, |a, b| truth(a != 0.0 && b != 0.0)),
            LOGICAL_OR => each!(N, $left, $right, |a, b| truth(a != 0.0 || b != 0.0)),
            LOGICAL_XOR => each!(N, $left, $right, |a, b| truth((a != 0.0) != (b != 0.0))),
            _ => None,
        }
    }};
}

macro_rules! complex {
    ($number:ty, $operation:expr, $left:expr, $right:expr) => {{
        type N = $number;
        const PART: usize = size_of::<N>();
        if !matches!($operation, SUM | PRODUCT) {
            return None;
        }
        let of = |bytes: &[u8]| {
            let part = |bytes: &[u8]| N::from_le_bytes(bytes.try_into().expect("invariant: parts of this size"));
            (part(&bytes[..PART]), part(&bytes[PART..]))
        };
        for (left, right) in $left.chunks_exact(2 * PART).zip($right.chunks_exact_mut(2 * PART)) {
            let ((a, b), (c, d)) = (of(left), of(right));
            let is_sum = $operation == SUM;
            let (real, imaginary) = if is_sum { (a + c, b + d) } else { (a * c - b * d, a * d + b * c) };
            right[..PART].copy_from_slice(&real.to_le_bytes());
            right[PART..].copy_from_slice(&imaginary.to_le_bytes());
        }
        Some(())
    }};
}

/// The smaller or larger number with its index; of equal numbers, the smaller index.
macro_rules! indexed {
    ($number:ty, $operation:expr, $left:expr, $right:expr) => {{
        type N = $number;
        const SIZE: usize = size_of::<N>();
        if !matches!($operation, MIN_WITH_INDEX | MAX_WITH_INDEX) {
            return None;
        }
        let of = |bytes: &[u8]| {
            let number = N::from_le_bytes(bytes[..SIZE].try_into().expect("invariant: a number"));
            (number, i32::from_le_bytes(bytes[SIZE..].try_into().expect("invariant: an index")))
        };
        for (left, right) in $left.chunks_exact(SIZE + INDEX).zip($right.chunks_exact_mut(SIZE + INDEX)) {
            let ((a, i), (b, j)) = (of(left), of(right));
            let is_left = match a.partial_cmp(&b) {
                Some(Ordering::Less) => $operation == MIN_WITH_INDEX,
                Some(Ordering::Greater) => $operation == MAX_WITH_INDEX,
                Some(Ordering::Equal) => i < j,
                None => false,
            };
            if is_left {
                right.copy_from_slice(left);
            }
        }
        Some(())
    }};
}

/// Combines two vectors, the result in the place of `right`; none if the operation does not go with the numbers.
#[must_use]
pub fn combine(operation: u32, element: u32, left: &[u8], right: &mut [u8]) -> Option<()> {
    match operation {
        REPLACE => return Some(()),
        NOTHING => {
            right.copy_from_slice(left);
            return Some(());
        }
        _ => {}
    }
    if element >= WITH_INDEX {
        return with_index(operation, element - WITH_INDEX, left, right);
    }
    match element {
        _ if element == SIGNED => integers!(i8, operation, left, right),
        _ if element == SIGNED + 1 => integers!(i16, operation, left, right),
        _ if element == SIGNED + 2 => integers!(i32, operation, left, right),
        _ if element == SIGNED + 3 => integers!(i64, operation, left, right),
        _ if element == UNSIGNED => integers!(u8, operation, left, right),
        _ if element == UNSIGNED + 1 => integers!(u16, operation, left, right),
        _ if element == UNSIGNED + 2 => integers!(u32, operation, left, right),
        _ if element == UNSIGNED + 3 => integers!(u64, operation, left, right),
        _ if element == FLOAT + 2 => floats!(f32, operation, left, right),
        _ if element == FLOAT + 3 => floats!(f64, operation, left, right),
        #[cfg(target_arch = "x86_64")]
        _ if element == FLOAT + 4 => long_double(operation, left, right),
        #[cfg(target_arch = "x86_64")]
        _ if element == COMPLEX + 5 => long_double_complex(operation, left, right),
        _ if element == COMPLEX + 3 => complex!(f32, operation, left, right),
        _ if element == COMPLEX + 4 => complex!(f64, operation, left, right),
        _ => None,
    }
}

/// Combines `long double`s.
#[cfg(target_arch = "x86_64")]
fn long_double(operation: u32, left: &[u8], right: &mut [u8]) -> Option<()> {
    use extended::{compared, is_true, of_truth, product, sum};
    let f = |a, b| match operation {
        SUM => Some(sum(a, b)),
        PRODUCT => Some(product(a, b)),
        MAX => Some(if compared(a, b) == Some(Ordering::Greater) { a } else { b }),
        MIN => Some(if compared(a, b) == Some(Ordering::Less) { a } else { b }),
        LOGICAL_AND => Some(of_truth(is_true(a) && is_true(b))),
        LOGICAL_OR => Some(of_truth(is_true(a) || is_true(b))),
        LOGICAL_XOR => Some(of_truth(is_true(a) != is_true(b))),
        _ => None,
    };
    // Asked without numbers, whether it can be done.
    f(of_truth(true), of_truth(true))?;
    for (left, right) in left.chunks_exact(extended::SIZE).zip(right.chunks_exact_mut(extended::SIZE)) {
        right.copy_from_slice(&f(extended_at(left), extended_at(right))?);
    }
    Some(())
}

#[cfg(target_arch = "x86_64")]
fn extended_at(bytes: &[u8]) -> extended::Extended {
    bytes[..extended::SIZE].try_into().expect("invariant: chunks of this size")
}

/// Combines complex numbers of two `long double`s.
#[cfg(target_arch = "x86_64")]
fn long_double_complex(operation: u32, left: &[u8], right: &mut [u8]) -> Option<()> {
    use extended::{SIZE, difference, product, sum};
    if !matches!(operation, SUM | PRODUCT) {
        return None;
    }
    for (left, right) in left.chunks_exact(2 * SIZE).zip(right.chunks_exact_mut(2 * SIZE)) {
        let [a, b, c, d] = [&left[..SIZE], &left[SIZE..], &right[..SIZE], &right[SIZE..]].map(extended_at);
        let (real, imaginary) = if operation == SUM {
            (sum(a, c), sum(b, d))
        } else {
            (difference(product(a, c), product(b, d)), sum(product(a, d), product(b, c)))
        };
        right[..SIZE].copy_from_slice(&real);
        right[SIZE..].copy_from_slice(&imaginary);
    }
    Some(())
}

/// The smaller or larger `long double` with its index; of equal numbers, the smaller index.
#[cfg(target_arch = "x86_64")]
fn long_double_with_index(operation: u32, left: &[u8], right: &mut [u8]) -> Option<()> {
    const PAIR: usize = extended::SIZE + INDEX;
    if !matches!(operation, MIN_WITH_INDEX | MAX_WITH_INDEX) {
        return None;
    }
    let index = |pair: &[u8]| i32::from_le_bytes(pair[extended::SIZE..PAIR].try_into().expect("invariant: an index"));
    for (left, right) in left.chunks_exact(PAIR).zip(right.chunks_exact_mut(PAIR)) {
        let is_left = match extended::compared(extended_at(left), extended_at(right)) {
            Some(Ordering::Less) => operation == MIN_WITH_INDEX,
            Some(Ordering::Greater) => operation == MAX_WITH_INDEX,
            Some(Ordering::Equal) => index(left) < index(right),
            None => false,
        };
        if is_left {
            right.copy_from_slice(left);
        }
    }
    Some(())
}

fn with_index(operation: u32, number: u32, left: &[u8], right: &mut [u8]) -> Option<()> {
    match number {
        _ if number == SIGNED + 1 => indexed!(i16, operation, left, right),
        _ if number == SIGNED + 2 => indexed!(i32, operation, left, right),
        _ if number == SIGNED + 3 => indexed!(i64, operation, left, right),
        _ if number == FLOAT + 2 => indexed!(f32, operation, left, right),
        _ if number == FLOAT + 3 => indexed!(f64, operation, left, right),
        #[cfg(target_arch = "x86_64")]
        _ if number == FLOAT + 4 => long_double_with_index(operation, left, right),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(numbers: &[f64]) -> Vec<u8> {
        numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    #[test]
    fn vectors_are_combined_number_by_number() {
        let mut right = bytes(&[3.0, -4.0]);
        assert_eq!(combine(SUM, FLOAT + 3, &bytes(&[1.0, 2.0]), &mut right), Some(()));
        assert_eq!(right, bytes(&[4.0, -2.0]));
        let mut right = [5_u8, 0];
        assert_eq!(combine(LOGICAL_AND, UNSIGNED, &[2, 1], &mut right), Some(()));
        assert_eq!(right, [1, 0]);
        // (1 + 2i)(3 - 4i) = 3 - 4i + 6i + 8 = 11 + 2i.
        let mut right = bytes(&[3.0, -4.0]);
        assert_eq!(combine(PRODUCT, COMPLEX + 4, &bytes(&[1.0, 2.0]), &mut right), Some(()));
        assert_eq!(right, bytes(&[11.0, 2.0]));
    }

    #[test]
    fn of_equal_numbers_the_smaller_index_counts() {
        let pair = |number: i32, index: i32| [number.to_le_bytes(), index.to_le_bytes()].concat();
        let element = WITH_INDEX + SIGNED + 2;
        for (operation, left, right, expected) in [
            (MIN_WITH_INDEX, pair(1, 0), pair(2, 1), pair(1, 0)),
            (MIN_WITH_INDEX, pair(2, 3), pair(2, 1), pair(2, 1)),
            (MAX_WITH_INDEX, pair(2, 0), pair(2, 1), pair(2, 0)),
            (MAX_WITH_INDEX, pair(1, 0), pair(2, 1), pair(2, 1)),
        ] {
            let mut found = right;
            assert_eq!(combine(operation, element, &left, &mut found), Some(()));
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn bits_of_floats_are_not_combined() {
        assert_eq!(combine(AND, FLOAT + 3, &[0; 8], &mut [0; 8]), None);
        // Asked without numbers, whether it can be done.
        assert_eq!(combine(AND, COMPLEX + 4, &[], &mut []), None);
        assert_eq!(combine(SUM, WITH_INDEX + FLOAT + 3, &[], &mut []), None);
    }
}
