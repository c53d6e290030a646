//! What a rank is told when its call is over: data that the engine has moved, and from whom they are.

use dlpc_engine::program::{Request, Status};
use dlpc_predict::workload::recorded::{self, EXCHANGE_REQUESTS, Step};
use dlpc_virtual_mpi::wire::gathering::AGREE;
use dlpc_virtual_mpi::wire::{Call, Completion, Frame, Gathering};

use super::{Current, Expected, Stage, translation};

impl Stage {
    /// Returns the answer to a call that is over.
    pub(super) fn end(&mut self, rank: u32, current: &Current) -> Answer {
        match &current.call {
            Call::Init => {
                let n_ranks = i64::try_from(self.ranks.len()).unwrap_or(i64::MAX);
                let host = self.hosts[rank as usize].clone().into_bytes();
                let number = self.hosts.iter().position(|other| *other == self.hosts[rank as usize]).unwrap_or(0);
                Answer::new(vec![i64::from(rank), n_ranks, i64::try_from(number).unwrap_or(0)], host)
            }
            Call::Time => {
                let frame = Frame { time: self.now.as_picos(), ..Frame::default() };
                Answer { frame, bytes: Vec::new() }
            }
            Call::Send(_) | Call::Recv(_) | Call::Exchange(..) if !current.inner.is_empty() => {
                self.end_beside(rank, &current.inner)
            }
            Call::Recv(wanted) => {
                let status = self.rank(rank).received.take().expect("invariant: a receive that is over has a message");
                let letter = self.mail.take(rank, status.from.0, wanted.context, Some(status.tag.0));
                let letter = letter.expect("invariant: what was received was sent");
                self.resolve(rank, status);
                Answer::new(of_message(status), letter.bytes)
            }
            Call::Exchange(..) => {
                let completed = std::mem::take(&mut self.rank(rank).completed);
                let status = completed.first().map_or(Status::NONE, |(_, status)| *status);
                self.resolve(rank, status);
                let [recv, send] = EXCHANGE_REQUESTS;
                self.rank(rank).requests.remove(&send);
                Answer::new(of_message(status), self.data(rank, recv))
            }
            Call::Complete(completion) => self.completed(rank, &current.call, completion),
            Call::Probe { wanted, keep, .. } => {
                let found = self.rank(rank).received.take();
                self.record(rank, translation::ended(&current.call, &[], found));
                let Some(status) = found else { return Answer::new(Vec::new(), Vec::new()) };
                if let Some(request) = keep {
                    let letter = self.mail.take(rank, status.from.0, wanted.context, Some(status.tag.0));
                    let letter = letter.expect("invariant: what was found was sent");
                    self.rank(rank).requests.insert(*request, Expected::Here(letter));
                }
                let size = i64::try_from(status.bytes.0).unwrap_or(i64::MAX);
                Answer::new([&of_message(status)[..], &[size]].concat(), Vec::new())
            }
            Call::Free(request) => {
                self.rank(rank).requests.remove(request);
                Answer::new(Vec::new(), Vec::new())
            }
            Call::Cancel(request) => {
                let of = self.rank(rank);
                let is_cancelled = of.is_cancelled;
                if is_cancelled {
                    of.requests.remove(request);
                    self.record(rank, Some(Step::Call(recorded::Call::Cancel(*request))));
                }
                Answer::new(vec![i64::from(is_cancelled)], Vec::new())
            }
            Call::Gathering(gathering) => {
                for request in &current.inner {
                    self.rank(rank).ongoing.remove(request);
                    self.rank(rank).inner.remove(request);
                }
                self.leave(gathering, current.meeting)
            }
            _ => Answer::new(Vec::new(), Vec::new()),
        }
    }

    /// Notes from whom the latest receive of a rank was, and with which tag.
    fn resolve(&mut self, rank: u32, status: Status) {
        if let Some(Step::Call(recorded::Call::Recv(posted) | recorded::Call::Exchange(_, posted))) =
            self.run.ranks[rank as usize].last_mut()
        {
            (posted.from, posted.tag) = (Some(status.from.0), Some(status.tag.0));
        }
    }

    fn record(&mut self, rank: u32, step: Option<Step>) {
        if let Some(step) = step {
            self.run.add(rank, step);
        }
    }

    /// Takes the data of a receive that is over; a send has none.
    fn data(&mut self, rank: u32, request: u32) -> Vec<u8> {
        match self.rank(rank).requests.remove(&request) {
            Some(Expected::Here(letter)) => letter.bytes,
            Some(Expected::Nothing | Expected::Letter(_)) | None => Vec::new(),
        }
    }

    /// Answers a wait or a test: place, sender, tag and size of each request that is over, what a collective says more, and all data.
    fn completed(&mut self, rank: u32, call: &Call, completion: &Completion) -> Answer {
        let completed = std::mem::take(&mut self.rank(rank).completed);
        let of_messages: Vec<_> =
            completed.iter().copied().filter(|(request, _)| !self.is_collective(rank, request.0)).collect();
        if of_messages.len() == completed.len() {
            self.record_wait(rank, call, completion, &of_messages);
        }
        let (mut numbers, mut bytes) = (Vec::new(), Vec::new());
        for (request, status) in completed {
            let place = completion.requests.iter().position(|number| *number == request.0);
            let place = place.and_then(|place| i64::try_from(place).ok()).expect("invariant: it was waited for");
            if status != Status::NONE {
                self.resolve_started(rank, request.0, status);
            }
            let Answer { frame, bytes: data } = self.result(rank, request.0);
            numbers.push(place);
            numbers.extend(of_message(status));
            numbers.push(i64::try_from(data.len()).unwrap_or(i64::MAX));
            numbers.push(i64::try_from(frame.numbers.len()).unwrap_or(i64::MAX));
            numbers.extend(frame.numbers);
            bytes.extend(data);
        }
        Answer::new(numbers, bytes)
    }

    /// Records a wait, or a test in vain, of messages; those that were waited for beside collectives are recorded already.
    fn record_wait(&mut self, rank: u32, call: &Call, completion: &Completion, completed: &[(Request, Status)]) {
        let is_beside = self.rank(rank).is_beside;
        let is_of_messages = completion.requests.first().is_some_and(|first| !self.is_collective(rank, *first));
        if !is_beside && is_of_messages {
            self.record(rank, translation::ended(call, completed, None));
        }
    }

    /// Returns what a request that is over gives: data of a receive, or what a collective does.
    fn result(&mut self, rank: u32, request: u32) -> Answer {
        match self.rank(rank).ongoing.remove(&request) {
            Some(ongoing) => self.leave(&ongoing.call, Some(ongoing.meeting)),
            None => Answer::new(Vec::new(), self.data(rank, request)),
        }
    }

    /// Answers a send, a receive, or both, that have gone on beside collectives.
    fn end_beside(&mut self, rank: u32, inner: &[u32]) -> Answer {
        let completed = std::mem::take(&mut self.rank(rank).completed);
        let mut answer = Answer::new(Vec::new(), Vec::new());
        for request in inner {
            let status =
                completed.iter().find(|(done, _)| done.0 == *request).map_or(Status::NONE, |(_, status)| *status);
            let data = self.data(rank, *request);
            if status != Status::NONE {
                self.resolve_started(rank, *request, status);
                answer = Answer::new(of_message(status), data);
            }
        }
        answer
    }

    /// Notes from whom a receive was that a rank has started.
    fn resolve_started(&mut self, rank: u32, request: u32, status: Status) {
        let steps = self.run.ranks[rank as usize].iter_mut().rev();
        let posted = steps.into_iter().find_map(|step| match step {
            Step::Call(recorded::Call::StartRecv(number, posted)) if *number == request => Some(posted),
            _ => None,
        });
        if let Some(posted) = posted.filter(|posted| posted.from.is_none() || posted.tag.is_none()) {
            (posted.from, posted.tag) = (Some(status.from.0), Some(status.tag.0));
        }
    }

    fn leave(&mut self, call: &Gathering, meeting: Option<(super::Key, usize)>) -> Answer {
        let (key, place) = meeting.expect("invariant: a collective has a meeting");
        let found = self.meetings.get_mut(&key).expect("invariant: a meeting lasts until all have left");
        let (part, is_last) = found.go(place).expect("invariant: no rank leaves before it can have its data");
        let numbers = if call.kind == AGREE { vec![i64::from(found.context)] } else { part.lengths };
        if is_last {
            self.meetings.remove(&key);
        }
        Answer::new(numbers, part.bytes)
    }
}

/// Sender and tag of a message, as an answer tells them.
fn of_message(status: Status) -> Vec<i64> {
    if status == Status::NONE { vec![-1, -1] } else { vec![i64::from(status.from.0), i64::from(status.tag.0)] }
}

/// An answer to a rank, with its data.
pub(super) struct Answer {
    pub(super) frame: Frame,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    fn new(numbers: Vec<i64>, bytes: Vec<u8>) -> Self {
        Self { frame: Frame { numbers, ..Frame::default() }, bytes }
    }
}
