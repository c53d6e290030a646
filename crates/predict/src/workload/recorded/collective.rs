//! A collective of a communicator as ops: its algorithm counts the members, the cluster counts all ranks.

use dlpc_engine::calls::CollectiveCall;
use dlpc_engine::machine::CollectiveOverrides;
use dlpc_engine::program::collective::called::Called;
use dlpc_engine::program::{Context, Envelope, Op, Pattern, RankId, Source};

/// Adds what `rank` does in a collective of `members`, one of which it is, the communicator of this number.
pub(super) fn add_ops(
    call: &CollectiveCall,
    rank: u32,
    members: &[u32],
    number: u32,
    overrides: CollectiveOverrides,
    ops: &mut Vec<Op>,
) {
    let place = members.iter().position(|member| *member == rank).expect("invariant: a rank calls its own collectives");
    let [place, n] = [place, members.len()].map(|n| u32::try_from(n).expect("invariant: ranks are a u32"));
    // Contexts of messages are even.
    let context = Context(2 * number + 1);
    let rank_at = |place: RankId| RankId(members[place.0 as usize]);
    let sent = |envelope: Envelope| Envelope { to: rank_at(envelope.to), context, ..envelope };
    let received = |pattern: Pattern| match pattern.from {
        Source::Rank(place) => Pattern { from: Source::Rank(rank_at(place)), context, ..pattern },
        Source::Any => unreachable!("bug: collectives know their senders"),
    };
    ops.extend(Called::of(call, place, n, overrides).map(|op| match op {
        Op::Send(envelope) => Op::Send(sent(envelope)),
        Op::Isend(envelope) => Op::Isend(sent(envelope)),
        Op::Recv(pattern) => Op::Recv(received(pattern)),
        Op::StartRecv(request, pattern) => Op::StartRecv(request, received(pattern)),
        Op::Irecv(pattern) => Op::Irecv(received(pattern)),
        op => op,
    }));
}
