//! In rounds: rank 0 scatters what is there, all analyse, rank 0 gathers; then the next round.
//!
//! The collectives are those that do not block, because most ranks wait for most of the time.

use mpi::collective::Root;
use mpi::request;

use super::item::{Analysis, Item, finding_length, item_length};
use super::{KernelError, Lead, analyse};
use crate::kernels::control;
use crate::kernels::session::Session;
use crate::workload::RealLogStream;

/// A round without log files: the first message to a rank waits for a connection.
pub(super) fn practise(session: &Session, stream: &RealLogStream) -> Result<(), KernelError> {
    let nothing = vec![Item { log: None, is_last: true }; session.n_ranks as usize];
    round(session, stream, &nothing).map(drop)
}

/// Leads the rounds on rank 0.
pub(super) fn lead(lead: &mut Lead) -> Result<(), KernelError> {
    let n_ranks = lead.session.n_ranks;
    let mut taken = 0;
    while taken < lead.stream.items {
        let there = lead.shelf.look()? - taken;
        if there == 0 {
            lead.sleep_until_next_look();
            continue;
        }
        let n = there.min(n_ranks);
        let is_last = taken + n == lead.stream.items;
        let mut items = Vec::with_capacity(n_ranks as usize);
        for rank in 0..n_ranks {
            let item = taken + rank;
            let log = if rank < n { Some((item, lead.shelf.text(item)?)) } else { None };
            items.push(Item { log, is_last });
        }
        taken += n;
        for (rank, finding) in (0..).zip(round(lead.session, lead.stream, &items)?) {
            if let Some(finding) = finding {
                lead.keep(rank, finding)?;
            }
        }
    }
    Ok(())
}

/// Deals out one item to each rank and returns what they found.
fn round(session: &Session, stream: &RealLogStream, items: &[Item]) -> Result<Vec<Option<Analysis>>, KernelError> {
    let root = session.process(0);
    let item_bytes = item_length(stream.item_bytes);
    let mut outgoing = vec![0; item_bytes * items.len()];
    for (item, message) in items.iter().zip(outgoing.chunks_exact_mut(item_bytes)) {
        item.write(message);
    }
    let mut own = vec![0; item_bytes];
    request::scope(|scope| {
        control::finish(root.immediate_scatter_into_root(scope, &outgoing[..], &mut own[..]));
    });
    let result = take_part(session, stream, &Item::from_message(&own))?;
    let mut results = vec![0; result.len() * items.len()];
    request::scope(|scope| {
        control::finish(root.immediate_gather_into_root(scope, &result[..], &mut results[..]));
    });
    Ok(results.chunks_exact(result.len()).map(Analysis::from_message).collect())
}

/// Takes part in all rounds on another rank.
pub(super) fn follow(session: &Session, stream: &RealLogStream) -> Result<(), KernelError> {
    let root = session.process(0);
    let mut message = vec![0; item_length(stream.item_bytes)];
    loop {
        request::scope(|scope| {
            control::finish(root.immediate_scatter_into(scope, &mut message[..]));
        });
        let item = Item::from_message(&message);
        let result = take_part(session, stream, &item)?;
        request::scope(|scope| {
            control::finish(root.immediate_gather_into(scope, &result[..]));
        });
        if item.is_last {
            return Ok(());
        }
    }
}

/// Analyses what this rank got; returns the message with the result.
fn take_part(session: &Session, stream: &RealLogStream, item: &Item) -> Result<Vec<u8>, KernelError> {
    let finding = match &item.log {
        Some((number, text)) => Some(analyse(session, stream, *number, text)?),
        None => None,
    };
    let mut message = vec![0; finding_length(stream.result_bytes)];
    Analysis::write(finding, &mut message);
    Ok(message)
}
