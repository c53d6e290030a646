//! Numbers of 80 bits, `long double` of C on x86-64, which only the x87 unit knows. Each takes 16 bytes, of which the first ten count.

use std::arch::asm;
use std::cmp::Ordering;

/// Bytes that one number takes.
pub(super) const SIZE: usize = 16;

/// A number as memory has it.
pub(super) type Extended = [u8; SIZE];

macro_rules! calculated {
    ($($name:ident $instruction:literal;)*) => {$(
        pub(super) fn $name(a: Extended, b: Extended) -> Extended {
            let (mut result, a, b) = ([0; SIZE], a.as_ptr(), b.as_ptr());
            // SAFETY: the unit reads and writes ten bytes at places of sixteen; its stack is as before afterwards.
            unsafe {
                asm!(
                    "fld tbyte ptr [{a}]",
                    "fld tbyte ptr [{b}]",
                    $instruction,
                    "fstp tbyte ptr [{result}]",
                    a = in(reg) a,
                    b = in(reg) b,
                    result = in(reg) result.as_mut_ptr(),
                    out("st(0)") _,
                    out("st(1)") _,
                );
            }
            result
        }
    )*};
}

calculated! {
    sum "faddp";
    difference "fsubp";
    product "fmulp";
}

/// Compares two numbers; none if one of them is no number.
pub(super) fn compared(a: Extended, b: Extended) -> Option<Ordering> {
    let (is_carry, is_zero, is_parity): (u8, u8, u8);
    // SAFETY: as above; the flags are read at once.
    unsafe {
        asm!(
            "fld tbyte ptr [{b}]",
            "fld tbyte ptr [{a}]",
            "fcomip st, st(1)",
            "setb {carry}",
            "sete {zero}",
            "setp {parity}",
            "fstp st(0)",
            a = in(reg) a.as_ptr(),
            b = in(reg) b.as_ptr(),
            carry = out(reg_byte) is_carry,
            zero = out(reg_byte) is_zero,
            parity = out(reg_byte) is_parity,
            out("st(0)") _,
            out("st(1)") _,
        );
    }
    match (is_parity, is_zero, is_carry) {
        (1, ..) => None,
        (_, 1, _) => Some(Ordering::Equal),
        (_, _, 1) => Some(Ordering::Less),
        _ => Some(Ordering::Greater),
    }
}

/// Returns whether it is another number than zero.
pub(super) fn is_true(number: Extended) -> bool {
    number[..8].iter().any(|byte| *byte != 0)
}

/// Returns zero or one.
pub(super) fn of_truth(is_true: bool) -> Extended {
    let mut number = [0; SIZE];
    if is_true {
        // 1.0: the highest bit of the mantissa, with the exponent 0x3fff.
        number[7..10].copy_from_slice(&[0x80, 0xff, 0x3f]);
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(mantissa: u64, exponent: u16) -> Extended {
        let mut number = [0; SIZE];
        number[..8].copy_from_slice(&mantissa.to_le_bytes());
        number[8..10].copy_from_slice(&exponent.to_le_bytes());
        number
    }

    #[test]
    fn the_unit_calculates() {
        // 1.5 is 0xc0... with the exponent 0x3fff, 2 is 0x80... with 0x4000; their sum 3.5 is 0xe0... with 0x4000, their product 3 is
        // 0xc0... with 0x4000, and their difference -0.5 is 0x80... with 0x3ffe and the sign.
        let (small, large) = (number(0xc000 << 48, 0x3fff), number(0x8000 << 48, 0x4000));
        assert_eq!(sum(small, large), number(0xe000 << 48, 0x4000));
        assert_eq!(product(small, large), number(0xc000 << 48, 0x4000));
        assert_eq!(difference(small, large), number(0x8000 << 48, 0x8000 | 0x3ffe));
        assert_eq!((compared(small, large), compared(large, small)), (Some(Ordering::Less), Some(Ordering::Greater)));
        assert_eq!(compared(small, small), Some(Ordering::Equal));
        // All bits of exponent and mantissa: no number.
        assert_eq!(compared(small, number(u64::MAX, 0x7fff)), None);
        assert_eq!(
            (is_true(small), is_true(number(0, 0)), of_truth(true)),
            (true, false, number(0x8000 << 48, 0x3fff))
        );
    }
}
