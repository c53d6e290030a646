//! Work that rank 0 hands out to the other ranks as they get on with it; each answers item by item.
//!
//! A rank that dies takes only the items with it that it was working on, since rank 0 has the answers to all others.
//! Whether the job goes on then is up to the MPI library; rank 0 gives what a silent rank has not answered to others
//! once nothing else is left, so that it can come to its end.

use std::time::Duration;

use super::control::{Topic, receive, receive_within, send, share};
use super::session::Session;

/// Items that a rank has at most before it must have answered some.
const BATCH_MAX: usize = 16;
/// How often rank 0 looks up while no answer comes.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long rank 0 waits for the last word of the others.
const FAREWELL: Duration = Duration::from_secs(5);
/// The order that ends the work of a rank.
const END: &[u8] = &[];

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every item is answered; these ranks had not said goodbye by then, so they hang or are dead.
    Done {
        /// Ranks.
        silent: Vec<u32>,
    },
    /// The foreman said so; what each rank had not answered then, by rank.
    Stopped(Vec<(u32, Vec<u32>)>),
}

/// Who watches over the work on rank 0.
pub trait Foreman {
    /// A rank is about to get these items.
    fn hand_out(&mut self, rank: u32, items: &[u32]);
    /// The answer to an item has come: once for each, in any order.
    fn take(&mut self, item: u32, answer: &[u8]);
    /// Asked now and then: whether to stop.
    fn is_over(&mut self) -> bool;
}

/// Tells all other ranks what they need to know, as rank 0.
pub fn brief(session: &Session, text: &[u8]) {
    share(session, Some(text.to_vec()));
}

/// Returns what rank 0 tells all others.
#[must_use]
pub fn listen(session: &Session) -> Vec<u8> {
    share(session, None)
}

/// Hands the items `0..n_items` out, as rank 0.
pub fn lead(session: &Session, n_items: u32, foreman: &mut dyn Foreman) -> Ending {
    let mut desk = Desk::new(n_items, session.n_ranks);
    for rank in 1..session.n_ranks {
        supply(session, rank, &mut desk, foreman);
    }
    while desk.n_open > 0 {
        if let Some((rank, answer)) = receive_within(session, Topic::Report, PATIENCE) {
            let (item, content) = split(&answer);
            if desk.is_first_answer(rank, item) {
                foreman.take(item, content);
            }
            supply(session, rank, &mut desk, foreman);
        }
        if foreman.is_over() {
            return Ending::Stopped(desk.unanswered());
        }
    }
    for rank in 1..session.n_ranks {
        send(session, rank, Topic::Order, END);
    }
    let silent = farewell(session);
    // Second answers, to items that others had, too.
    while receive_within(session, Topic::Report, Duration::ZERO).is_some() {}
    Ending::Done { silent }
}

/// Sends a rank more items, if it has few.
fn supply(session: &Session, rank: u32, desk: &mut Desk, foreman: &mut dyn Foreman) {
    let items = desk.choose(rank);
    if !items.is_empty() {
        foreman.hand_out(rank, &items);
        let order: Vec<u8> = items.iter().flat_map(|item| item.to_le_bytes()).collect();
        send(session, rank, Topic::Order, &order);
    }
}

/// Sends the answer of an item to rank 0.
pub type SendAnswer<'s> = &'s mut dyn FnMut(u32, &[u8]);

/// Works on what rank 0 hands out, as any other rank, until there is no more.
///
/// `work` gets the items of one order and answers each of them.
pub fn follow(session: &Session, work: &mut dyn FnMut(&[u32], SendAnswer<'_>)) {
    loop {
        let (_, order) = receive(session, Topic::Order);
        if order == END {
            return send(session, 0, Topic::Farewell, END);
        }
        let items: Vec<u32> = order.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect();
        work(&items, &mut |item, answer| send(session, 0, Topic::Report, &joined(item, answer)));
    }
}

/// Who has which items.
struct Desk {
    next: u32,
    n_items: u32,
    n_open: u32,
    is_answered: Vec<bool>,
    /// Items that each rank has not answered, rank 0 included.
    held: Vec<Vec<u32>>,
}

impl Desk {
    fn new(n_items: u32, n_ranks: u32) -> Self {
        let held = vec![Vec::new(); n_ranks as usize];
        Self { next: 0, n_items, n_open: n_items, is_answered: vec![false; n_items as usize], held }
    }

    /// Returns what a rank gets: fewer towards the end, so that all end together; then what others still have.
    fn choose(&mut self, rank: u32) -> Vec<u32> {
        let left = (self.n_items - self.next) as usize;
        let n_workers = self.held.len() - 1;
        let batch = (left / (4 * n_workers)).clamp(1, BATCH_MAX);
        let own = self.held[rank as usize].len();
        if own > batch / 2 {
            return Vec::new();
        }
        let items: Vec<u32> = if left > 0 {
            let upto = self.next + u32::try_from(batch.min(left)).unwrap_or(u32::MAX);
            let items = (self.next..upto).collect();
            self.next = upto;
            items
        } else if own == 0 {
            self.longest_held().into_iter().collect()
        } else {
            Vec::new()
        };
        self.held[rank as usize].extend(&items);
        items
    }

    /// Returns the open item that fewest ranks work on; of equals the first.
    fn longest_held(&self) -> Option<u32> {
        let n_holders = |item: u32| self.held.iter().filter(|held| held.contains(&item)).count();
        let open = self.held.iter().flatten().copied().filter(|item| !self.is_answered[*item as usize]);
        open.min_by_key(|item| (n_holders(*item), *item)).filter(|item| n_holders(*item) == 1)
    }

    /// Notes an answer; returns whether it is the first to this item.
    fn is_first_answer(&mut self, rank: u32, item: u32) -> bool {
        self.held[rank as usize].retain(|held| *held != item);
        let is_first = !std::mem::replace(&mut self.is_answered[item as usize], true);
        self.n_open -= u32::from(is_first);
        is_first
    }

    fn unanswered(self) -> Vec<(u32, Vec<u32>)> {
        let answered = self.is_answered;
        let open = |held: Vec<u32>| held.into_iter().filter(|item| !answered[*item as usize]).collect();
        (0..).zip(self.held.into_iter().map(open)).filter(|(_, held): &(u32, Vec<u32>)| !held.is_empty()).collect()
    }
}

/// Waits for the last word of each rank; returns those that do not say it in time.
fn farewell(session: &Session) -> Vec<u32> {
    let mut silent: Vec<u32> = (1..session.n_ranks).collect();
    while !silent.is_empty() {
        let Some((rank, _)) = receive_within(session, Topic::Farewell, FAREWELL) else { return silent };
        silent.retain(|other| *other != rank);
    }
    silent
}

fn joined(item: u32, answer: &[u8]) -> Vec<u8> {
    [&item.to_le_bytes()[..], answer].concat()
}

fn split(answer: &[u8]) -> (u32, &[u8]) {
    let (item, content) = answer.split_first_chunk().expect("invariant: an answer begins with its item");
    (u32::from_le_bytes(*item), content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_handed_out_once_while_there_are_more() {
        let mut desk = Desk::new(100, 3);
        let mut handed_out = Vec::new();
        while desk.next < desk.n_items {
            for rank in [1, 2] {
                let items = desk.choose(rank);
                for item in &items {
                    assert!(desk.is_first_answer(rank, *item));
                }
                handed_out.extend(items);
            }
        }
        assert_eq!(handed_out, (0..100).collect::<Vec<_>>());
        assert_eq!(desk.n_open, 0);
    }

    #[test]
    fn a_rank_that_has_enough_gets_no_more() {
        let mut desk = Desk::new(1000, 2);
        assert_eq!(desk.choose(1).len(), BATCH_MAX);
        assert_eq!(desk.choose(1), Vec::<u32>::new());
    }

    #[test]
    fn what_a_silent_rank_has_is_given_to_one_other_at_the_end() {
        let mut desk = Desk::new(2, 4);
        assert_eq!((desk.choose(1), desk.choose(2)), (vec![0], vec![1]));
        assert!(desk.is_first_answer(2, 1));
        assert_eq!((desk.choose(2), desk.choose(3)), (vec![0], vec![]));
        assert!(desk.is_first_answer(2, 0) && !desk.is_first_answer(1, 0));
        assert_eq!((desk.n_open, desk.unanswered()), (0, vec![]));
    }
}
