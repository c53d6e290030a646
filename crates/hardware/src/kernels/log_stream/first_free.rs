//! By the first free worker: rank 0 only deals out, to the worker that has been idle longest.

use std::collections::VecDeque;

use super::item::{Analysis, Item, finding_length, item_length};
use super::{KernelError, Lead, analyse, poll};
use crate::kernels::control::{self, Topic};
use crate::kernels::session::Session;
use crate::workload::RealLogStream;

/// Deals out all log files from rank 0.
///
/// It looks for new ones whenever a result comes in, at the latest after the polling interval.
pub(super) fn deal_out(lead: &mut Lead) -> Result<(), KernelError> {
    let n_items = lead.stream.items;
    let mut idle: VecDeque<u32> = (1..lead.session.n_ranks).collect();
    let (mut dealt, mut outstanding) = (0, 0);
    while dealt < n_items || outstanding > 0 {
        let complete = lead.shelf.look()?;
        while complete > dealt
            && let Some(worker) = idle.pop_front()
        {
            let log = Some((dealt, lead.shelf.text(dealt)?));
            send(lead.session, lead.stream, worker, &Item { log, is_last: false });
            dealt += 1;
            outstanding += 1;
        }
        let result = if dealt == n_items || idle.is_empty() {
            Some(control::receive(lead.session, Topic::Report))
        } else if outstanding == 0 {
            lead.sleep_until_next_look();
            None
        } else {
            control::receive_within(lead.session, Topic::Report, poll(lead.stream))
        };
        if let Some((worker, message)) = result {
            let finding =
                Analysis::from_message(&message).ok_or(KernelError::Lost { what: "the result of a log file" })?;
            lead.keep(worker, finding)?;
            idle.push_back(worker);
            outstanding -= 1;
        }
    }
    for worker in 1..lead.session.n_ranks {
        send(lead.session, lead.stream, worker, &Item { log: None, is_last: true });
    }
    Ok(())
}

fn send(session: &Session, stream: &RealLogStream, worker: u32, item: &Item) {
    let mut message = vec![0; item_length(stream.item_bytes)];
    item.write(&mut message);
    control::send(session, worker, Topic::Order, &message);
}

/// Analyses all log files on the only rank.
pub(super) fn alone(lead: &mut Lead) -> Result<(), KernelError> {
    for item in 0..lead.stream.items {
        while lead.shelf.look()? <= item {
            lead.sleep_until_next_look();
        }
        let text = lead.shelf.text(item)?;
        let finding = analyse(lead.session, lead.stream, item, &text)?;
        lead.keep(0, finding)?;
    }
    Ok(())
}

/// Analyses what rank 0 sends, until there is no more.
pub(super) fn work(session: &Session, stream: &RealLogStream) -> Result<(), KernelError> {
    loop {
        let (_, message) = control::receive(session, Topic::Order);
        let Some((item, text)) = Item::from_message(&message).log else { return Ok(()) };
        let finding = analyse(session, stream, item, &text)?;
        let mut result = vec![0; finding_length(stream.result_bytes)];
        Analysis::write(Some(finding), &mut result);
        control::send(session, 0, Topic::Report, &result);
    }
}
