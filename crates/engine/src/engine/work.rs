//! Work on the cores of ranks: computing, and what messages cost.

use super::Engine;
use super::cores::{EndedWork, Ending};
use super::event::Event;
use super::protocol::Task;
use super::rank::{Work, WorkPurpose};
use crate::platform::HostId;
use crate::program::{Outcome, RankId};
use crate::trace::{Activity, ActivityKind, MessageStep};
use crate::units::SimDuration;

impl Engine<'_> {
    pub(super) fn start_work(&mut self, id: RankId, length: SimDuration, purpose: WorkPurpose) {
        self.ranks[id.0 as usize].work = Some(purpose);
        if let Some(work) = self.works.get_mut(id.0 as usize) {
            work.begin(self.now, self.cause, length);
        }
        let host = self.hosts_of_ranks[id.0 as usize];
        match self.cores.start(self.now, host, id, length) {
            Ending::At(at) => self.push(at, Event::CoreDone(id)),
            Ending::Forecast { at, generation } => self.push(at, Event::HostWake { host, generation }),
        }
    }

    pub(super) fn wake_host(&mut self, host: HostId, generation: u32) {
        let mut ended = Vec::new();
        if let Some(Ending::Forecast { at, generation }) =
            self.cores.collect_ended(self.now, host, generation, &mut ended)
        {
            self.push(at, Event::HostWake { host, generation });
        }
        for ended in ended {
            self.end_work(ended);
        }
    }

    pub(super) fn end_work(&mut self, ended: EndedWork) {
        let id = ended.rank;
        let purpose = self.ranks[id.0 as usize].work.take().expect("invariant: work that ends has started");
        if let Some(work) = self.works.get_mut(id.0 as usize) {
            work.end(self.now);
            let work = *work;
            self.record_work(&work, purpose, ended);
        }
        match purpose {
            WorkPurpose::Compute(_) => self.step(id, Outcome::Done),
            WorkPurpose::Send(message) => self.end_send(id, message),
            WorkPurpose::Task(task) => {
                self.end_task(task);
                self.progress(id);
            }
        }
    }

    fn record_work(&mut self, work: &Work, purpose: WorkPurpose, ended: EndedWork) {
        let peer_of = |message| {
            let message = self.messages.get(message);
            if message.from == ended.rank { message.to } else { message.from }
        };
        let overhead = |step, message| ActivityKind::Overhead { step, peer: peer_of(message) };
        let kind = match purpose {
            WorkPurpose::Compute(kernel) => ActivityKind::Compute(kernel),
            WorkPurpose::Send(message) => overhead(MessageStep::Send, message),
            WorkPurpose::Task(Task::Answer(message)) => overhead(MessageStep::Answer, message),
            WorkPurpose::Task(Task::SendData(message)) => overhead(MessageStep::SendData, message),
            WorkPurpose::Task(Task::Receive(message)) => overhead(MessageStep::Receive, message),
            WorkPurpose::Task(Task::TakeAnswer(message)) => overhead(MessageStep::TakeAnswer, message),
        };
        let speed = self.cores.speed(self.hosts_of_ranks[ended.rank.0 as usize]);
        let lost = work.losses(self.now, speed, ended.oversubscribed_s);
        let activity = Activity { kind, start: work.start, end: self.now, enabled_by: work.enabled_by, lost };
        self.recorder.activity(ended.rank, activity);
    }
}
