//! What messages hold: bytes that tell who sent them, so that a wrong one is noticed.

use super::KernelError;

/// Prime, so that a shift by any number of words shows; below 255, which stands for "nothing arrived".
const PERIOD: usize = 251;
const NOTHING: u8 = 255;

/// Returns a message of rank `from`.
pub(super) fn outgoing(from: u32, bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| byte(from, at)).collect()
}

/// Returns room for a message.
pub(super) fn room(bytes: usize) -> Vec<u8> {
    vec![NOTHING; bytes]
}

/// Checks what came from rank `from`.
pub(super) fn check(from: u32, message: &[u8]) -> Result<(), KernelError> {
    let wrong = message.iter().enumerate().find(|&(at, &found)| found != byte(from, at));
    wrong.map_or(Ok(()), |(at, _)| Err(KernelError::WrongByte { from, bytes: message.len(), at }))
}

fn byte(from: u32, at: usize) -> u8 {
    u8::try_from((at + from as usize) % PERIOD).expect("invariant: the period is below 256")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_right_only_from_its_sender_and_as_a_whole() {
        let mut message = outgoing(3, 1000);
        assert!(check(3, &message).is_ok());
        assert!(check(4, &message).is_err());
        assert!(check(3, &room(10)).is_err());
        message[500] ^= 1;
        assert!(matches!(check(3, &message), Err(KernelError::WrongByte { from: 3, bytes: 1000, at: 500 })));
    }

    #[test]
    fn an_empty_message_is_always_right() {
        assert!(check(0, &outgoing(0, 0)).is_ok() && check(0, &room(0)).is_ok());
    }
}
