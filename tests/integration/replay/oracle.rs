//! A slow, obvious executor of schedules: every waiting item tries again whenever its resources may be free.
//!
//! It shares nothing with the simulator but the text of the rules in docs/goal.md.

use std::fmt::Write;

/// An operation of a schedule.
#[derive(Debug, Clone)]
pub(super) struct Op {
    pub(super) action: Action,
    pub(super) cpu: usize,
    pub(super) nic: usize,
    /// Operations of the same rank that must be done, or have started.
    pub(super) requires: Vec<usize>,
    pub(super) irequires: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Calc(u64),
    Send { to: usize, tag: u32, bytes: u64 },
    Recv { from: Option<usize>, tag: Option<u32>, bytes: u64 },
}

/// Parameters in ns.
#[derive(Debug, Clone, Copy)]
#[expect(non_snake_case, reason = "the names of LogGOPS")]
pub(super) struct Parameters {
    pub(super) L: u64,
    pub(super) o: u64,
    pub(super) g: u64,
    pub(super) G: u64,
    pub(super) O: u64,
    pub(super) S: u64,
}

/// An item that waits for its time: (time, age) is its place in the order.
#[derive(Debug, Clone, Copy)]
struct Item {
    at: u64,
    age: u64,
    rank: usize,
    op: usize,
    is_message: bool,
    /// CPU and interface that receive a message, once its first byte is there.
    place: Option<(usize, usize)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    ready_at: u64,
    started: Option<u64>,
    done: Option<u64>,
    is_queued: bool,
}

pub(super) struct Oracle<'a> {
    ranks: &'a [Vec<Op>],
    p: Parameters,
    items: Vec<Item>,
    next_age: u64,
    /// What the current event has brought: (rank, operation, whether it started or is done).
    log: Vec<(usize, usize, bool)>,
    state: Vec<Vec<State>>,
    cpu_free: Vec<Vec<u64>>,
    send_free: Vec<Vec<u64>>,
    recv_free: Vec<Vec<u64>>,
    /// Receives of each rank that wait for a message.
    posted: Vec<Vec<usize>>,
    /// Messages of each rank that wait for a receive: (sender, send, until when they kept the CPU busy).
    arrived: Vec<Vec<(usize, usize, u64)>>,
}

/// Returns when each host finishes; none if operations or messages are left.
pub(super) fn finish(ranks: &[Vec<Op>], p: Parameters) -> Option<Vec<u64>> {
    let n = ranks.len();
    let mut oracle = Oracle {
        ranks,
        p,
        items: Vec::new(),
        next_age: 0,
        log: Vec::new(),
        state: ranks.iter().map(|ops| vec![State::default(); ops.len()]).collect(),
        cpu_free: vec![vec![0; 4]; n],
        send_free: vec![vec![0; 4]; n],
        recv_free: vec![vec![0; 4]; n],
        posted: vec![Vec::new(); n],
        arrived: vec![Vec::new(); n],
    };
    for rank in 0..n {
        oracle.queue_ready(rank);
    }
    while let Some(i) = (0..oracle.items.len()).min_by_key(|i| (oracle.items[*i].at, oracle.items[*i].age)) {
        let item = oracle.items.swap_remove(i);
        oracle.log.clear();
        oracle.handle(item);
        for rank in 0..n {
            oracle.queue_ready(rank);
        }
    }
    let is_left = oracle.state.iter().flatten().any(|state| state.done.is_none());
    let is_unmatched = oracle.arrived.iter().any(|arrived| !arrived.is_empty());
    let last = |states: &Vec<State>| states.iter().filter_map(|state| state.done).max().unwrap_or(0);
    (!is_left && !is_unmatched).then(|| oracle.state.iter().map(last).collect())
}

impl Oracle<'_> {
    /// Queues the operations of a rank that have become ready: sends first, then receives, then calculations; of one
    /// kind in the order of what they waited for last, then in that of the file.
    fn queue_ready(&mut self, rank: usize) {
        let mut ready = Vec::new();
        for (i, op) in self.ranks[rank].iter().enumerate() {
            let done = op.requires.iter().map(|other| self.state[rank][*other].done);
            let started = op.irequires.iter().map(|other| self.state[rank][*other].started);
            let times: Option<Vec<u64>> = done.chain(started).collect();
            if let Some(times) = times.filter(|_| !self.state[rank][i].is_queued) {
                self.state[rank][i].is_queued = true;
                self.state[rank][i].ready_at = times.into_iter().max().unwrap_or(0);
                let kind = match op.action {
                    Action::Send { .. } => 0,
                    Action::Recv { .. } => 1,
                    Action::Calc(_) => 2,
                };
                let waits = |(_, other, is_start): &(usize, usize, bool)| {
                    (if *is_start { &op.irequires } else { &op.requires }).contains(other)
                };
                let last = self.log.iter().rposition(|entry| entry.0 == rank && waits(entry));
                ready.push((kind, last, i));
            }
        }
        ready.sort_unstable();
        for (_, _, op) in ready {
            let at = self.state[rank][op].ready_at.max(self.cpu_free[rank][self.ranks[rank][op].cpu]);
            self.push(at, rank, op, false);
        }
    }

    fn push(&mut self, at: u64, rank: usize, op: usize, is_message: bool) {
        self.items.push(Item { at, age: self.next_age, rank, op, is_message, place: None });
        self.next_age += 1;
    }

    fn handle(&mut self, item: Item) {
        let Item { at, rank, op: i, .. } = item;
        let op = self.ranks[rank][i].clone();
        match op.action {
            Action::Send { to, tag, bytes } if item.is_message => self.message(item, to, tag, bytes),
            Action::Calc(work) => {
                let free = self.cpu_free[rank][op.cpu];
                if free > at {
                    return self.items.push(Item { at: free, ..item });
                }
                self.cpu_free[rank][op.cpu] = at + work;
                self.start(rank, i, at);
                self.finish(rank, i, at + work);
            }
            Action::Send { bytes, .. } => {
                let free = self.cpu_free[rank][op.cpu].max(self.send_free[rank][op.nic]);
                if free > at {
                    return self.items.push(Item { at: free, ..item });
                }
                let further = bytes.saturating_sub(1);
                self.cpu_free[rank][op.cpu] = at + self.p.o + further * self.p.O;
                self.send_free[rank][op.nic] = at + self.p.g + further * self.p.G;
                self.push(at + self.p.o + self.p.L, rank, i, true);
                self.start(rank, i, at);
                if bytes <= self.p.S {
                    self.finish(rank, i, at + self.p.o + further * self.p.O);
                }
            }
            Action::Recv { from, tag, .. } => {
                self.start(rank, i, at);
                let takes = |(sender, send, _): &(usize, usize, u64)| self.takes(from, tag, *sender, *send);
                match self.arrived[rank].iter().position(takes) {
                    None => self.posted[rank].push(i),
                    Some(k) => {
                        let (sender, send, until) = self.arrived[rank].remove(k);
                        self.meet(at, (sender, send), (rank, i), until.max(at));
                    }
                }
            }
        }
    }

    fn start(&mut self, rank: usize, op: usize, at: u64) {
        self.state[rank][op].started = Some(at);
        self.log.push((rank, op, true));
    }

    fn finish(&mut self, rank: usize, op: usize, at: u64) {
        self.state[rank][op].done = Some(at);
        self.log.push((rank, op, false));
    }

    fn takes(&self, from: Option<usize>, tag: Option<u32>, sender: usize, send: usize) -> bool {
        let Action::Send { tag: carried, .. } = self.ranks[sender][send].action else { return false };
        from.is_none_or(|from| from == sender) && tag.is_none_or(|tag| tag == carried)
    }

    /// A message of `item.rank` is at `to`.
    fn message(&mut self, item: Item, to: usize, tag: u32, bytes: u64) {
        let at = item.at;
        let wants = |i: &&usize| match self.ranks[to][**i].action {
            Action::Recv { from, tag, .. } => self.takes(from, tag, item.rank, item.op),
            Action::Send { .. } | Action::Calc(_) => false,
        };
        let recv = self.posted[to].iter().find(wants).copied();
        let names = |op: &&Op| matches!(op.action, Action::Recv { from, tag: named, .. } if from == Some(item.rank) && named == Some(tag));
        let placed = match recv {
            Some(recv) => &self.ranks[to][recv],
            None => self.ranks[to].iter().find(names).unwrap_or(&self.ranks[item.rank][item.op]),
        };
        let most = |of: fn(&Op) -> usize| self.ranks[to].iter().map(of).max().unwrap_or(0);
        let decided = (placed.cpu.min(most(|op| op.cpu)), placed.nic.min(most(|op| op.nic)));
        let (cpu, nic) = item.place.unwrap_or(decided);
        let free = self.cpu_free[to][cpu].max(self.recv_free[to][nic]);
        if free > at {
            return self.items.push(Item { at: free, place: Some((cpu, nic)), ..item });
        }
        let further = bytes.saturating_sub(1);
        let until = at + self.p.o + (further * self.p.O).max(further * self.p.G);
        self.cpu_free[to][cpu] = until;
        self.recv_free[to][nic] = at + self.p.g + further * self.p.G;
        match recv {
            None => self.arrived[to].push((item.rank, item.op, until)),
            Some(recv) => {
                self.posted[to].retain(|i| *i != recv);
                self.meet(at, (item.rank, item.op), (to, recv), until);
            }
        }
    }

    fn meet(&mut self, at: u64, (sender, send): (usize, usize), (to, recv): (usize, usize), received: u64) {
        let Action::Send { bytes, .. } = self.ranks[sender][send].action else { return };
        if bytes > self.p.S {
            let start = self.state[sender][send].started.unwrap_or(0);
            self.finish(sender, send, at.max(start + self.p.o + bytes.saturating_sub(1) * self.p.O));
        }
        self.finish(to, recv, received);
    }
}

/// Writes the schedule as text.
pub(super) fn text(ranks: &[Vec<Op>]) -> String {
    let mut text = format!("num_ranks {}\n", ranks.len());
    let any = |number: Option<usize>| number.map_or("-1".to_owned(), |number| number.to_string());
    for (rank, ops) in ranks.iter().enumerate() {
        writeln!(text, "rank {rank} {{").unwrap();
        for (i, op) in ops.iter().enumerate() {
            let Op { cpu, nic, .. } = op;
            match op.action {
                Action::Calc(work) => writeln!(text, "l{i}: calc {work} cpu {cpu}"),
                Action::Send { to, tag, bytes } => {
                    writeln!(text, "l{i}: send {bytes}b to {to} tag {tag} cpu {cpu} nic {nic}")
                }
                Action::Recv { from, tag, bytes } => {
                    let (from, tag) = (any(from), any(tag.map(|tag| tag as usize)));
                    writeln!(text, "l{i}: recv {bytes}b from {from} tag {tag} cpu {cpu} nic {nic}")
                }
            }
            .unwrap();
            op.requires.iter().for_each(|other| writeln!(text, "l{i} requires l{other}").unwrap());
            op.irequires.iter().for_each(|other| writeln!(text, "l{i} irequires l{other}").unwrap());
        }
        text += "}\n";
    }
    text
}
