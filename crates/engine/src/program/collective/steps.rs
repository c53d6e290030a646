//! Finding one op of an algorithm that is written down from its first op to its last.

use std::ops::ControlFlow;

use super::exchange::{EXCHANGE_OPS, Exchange, envelope, pattern};
use crate::program::{Envelope, Op, Request, SendMode};
use crate::units::Bytes;

/// The op that is looked for, or nothing yet: `?` ends the algorithm at the op.
pub(super) type Found = ControlFlow<Op>;

/// What is still to be passed until the op that is looked for.
#[derive(Debug)]
pub(super) struct Steps {
    left: u32,
}

impl Steps {
    /// Looks for op number `step`.
    pub(super) fn until(step: u32) -> Self {
        Self { left: step }
    }

    fn op(&mut self, op: Op) -> Found {
        self.ops(1, |_| op)
    }

    /// Passes `n` ops, number `i` of which is `op(i)`.
    pub(super) fn ops(&mut self, n: u32, op: impl FnOnce(u32) -> Op) -> Found {
        if self.left < n {
            return ControlFlow::Break(op(self.left));
        }
        self.left -= n;
        ControlFlow::Continue(())
    }

    /// Passes `n` exchanges.
    pub(super) fn exchanges(&mut self, n: u32, exchange: impl FnOnce(u32) -> Exchange) -> Found {
        self.ops(n * EXCHANGE_OPS, |i| exchange(i / EXCHANGE_OPS).op(i % EXCHANGE_OPS))
    }

    /// Sends to one rank and receives from it.
    pub(super) fn exchange(&mut self, peer: u32, bytes: Bytes) -> Found {
        self.exchanges(1, |_| Exchange::new(peer, peer, bytes))
    }

    /// Sends to one rank and receives from it, but for messages of no bytes.
    pub(super) fn exchange_unless_empty(&mut self, peer: u32, bytes: Bytes, receives_nothing: bool) -> Found {
        match (bytes.0 == 0, receives_nothing) {
            (false, false) => self.exchange(peer, bytes),
            (false, true) => self.send(peer, bytes),
            (true, false) => self.recv(peer),
            (true, true) => ControlFlow::Continue(()),
        }
    }

    pub(super) fn send(&mut self, to: u32, bytes: Bytes) -> Found {
        self.op(Op::Send(envelope(to, bytes)))
    }

    /// Sends and waits until it is received.
    pub(super) fn send_synchronous(&mut self, to: u32, bytes: Bytes) -> Found {
        self.op(Op::Send(Envelope { mode: SendMode::Synchronous, ..envelope(to, bytes) }))
    }

    pub(super) fn start_send(&mut self, to: u32, bytes: Bytes) -> Found {
        self.op(Op::Isend(envelope(to, bytes)))
    }

    pub(super) fn start_recv(&mut self, from: u32) -> Found {
        self.op(Op::Irecv(pattern(from)))
    }

    pub(super) fn recv(&mut self, from: u32) -> Found {
        self.op(Op::Recv(pattern(from)))
    }

    /// Sends to `n` ranks at once and waits.
    pub(super) fn send_to_all(&mut self, n: u32, to: impl FnOnce(u32) -> u32, bytes: Bytes) -> Found {
        self.ops(n, |i| Op::Isend(envelope(to(i), bytes)))?;
        if n == 0 { ControlFlow::Continue(()) } else { self.op(Op::WaitAll) }
    }

    /// Sends to `n` ranks, one after the other.
    pub(super) fn send_to_each(
        &mut self,
        n: u32,
        to: impl FnOnce(u32) -> u32,
        bytes: impl FnOnce(u32) -> Bytes,
    ) -> Found {
        self.ops(n, |i| Op::Send(envelope(to(i), bytes(i))))
    }

    /// Sends to `n` ranks, one after the other, receives from each before the next one, and starts another receive from it.
    pub(super) fn invite_each(&mut self, n: u32, peer: impl FnOnce(u32) -> u32, bytes: Bytes) -> Found {
        const OPS: u32 = 3;
        let op = |i: u32| {
            let peer = peer(i / OPS);
            match i % OPS {
                0 => Op::Send(envelope(peer, bytes)),
                1 => Op::Recv(pattern(peer)),
                _ => Op::Irecv(pattern(peer)),
            }
        };
        self.ops(n * OPS, op)
    }

    /// Receives from `n` ranks, one after the other.
    pub(super) fn recv_from_each(&mut self, n: u32, from: impl FnOnce(u32) -> u32) -> Found {
        self.ops(n, |i| Op::Recv(pattern(from(i))))
    }

    /// Receives from `n` ranks; the receive from the next one is started before the one from the rank before is waited for.
    pub(super) fn recv_ahead(&mut self, n: u32, from: impl Fn(u32) -> u32) -> Found {
        if n == 1 {
            return self.recv(from(0));
        }
        let number = |i: u32| Request::OF_COLLECTIVES[i as usize % 2];
        let start = |i| Op::StartRecv(number(i), pattern(from(i)));
        self.ops(2 * n, |op| match op {
            0 => start(0),
            _ if op == 2 * n - 1 => Op::Wait(number(n - 1)),
            _ if op.is_multiple_of(2) => Op::Wait(number(op / 2 - 1)),
            _ => start(op.div_ceil(2)),
        })
    }

    /// Waits for what has been started.
    pub(super) fn wait_all(&mut self) -> Found {
        self.op(Op::WaitAll)
    }
}
