//! What a run that is stuck says of its ranks.

use dlpc_engine::engine::{BlockedIn, Need, Reason};
use dlpc_engine::program::Reactive;

use super::*;

fn deadlock(ops: &[&[Op]]) -> Vec<engine::BlockedRank> {
    match try_run(fixed(ops), n_ranks(ops)) {
        Err(SimError::Deadlock { blocked }) => blocked,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("no deadlock"),
    }
}

/// Returns what is said of each blocked rank.
fn said(ops: &[&[Op]]) -> Vec<String> {
    deadlock(ops).iter().map(ToString::to_string).collect()
}

#[test]
fn large_sends_to_each_other_name_the_limit_and_the_receives_that_stand_later() {
    let blocked = deadlock(&[&[send(1, 1001), recv(1)], &[compute(us(1)), send(0, 2000), recv(0)]]);
    let large = Reason::Large { eager_limit: Bytes(EAGER_LIMIT) };
    let need = |by, bytes| Need::Receive {
        by: RankId(by),
        tag: Tag(0),
        context: Context::WORLD,
        bytes: Bytes(bytes),
        reason: large,
        is_over: false,
    };
    assert_eq!(blocked.iter().map(|blocked| blocked.op).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(blocked.iter().map(|blocked| blocked.call).collect::<Vec<_>>(), [BlockedIn::Send; 2]);
    assert_eq!([&blocked[0].needs[..], &blocked[1].needs[..]], [[need(1, 1001)], [need(0, 2000)]]);
    assert_eq!(
        blocked[0].to_string(),
        "rank 0 (op 0) waits in a send for rank 1 to receive its message of 1001 B with tag 0 (above the eager limit of \
         1000 B, a send waits for its receive); rank 1 has not come to that receive"
    );
}

#[test]
fn a_synchronous_send_to_a_rank_that_has_finished_says_so() {
    let ops = [Op::Send(Envelope { context: Context(3), ..in_mode(SendMode::Synchronous, 1, 8) })];
    assert_eq!(
        said(&[&ops, &[]]),
        [
            "rank 0 (op 0) waits in a send for rank 1 to receive its message of 8 B with tag 0 in context 3 (a synchronous \
          send waits for its receive); rank 1 has finished without it"
        ]
    );
}

#[test]
fn a_receive_of_what_nobody_sends_says_whether_anybody_could() {
    let of_tag = Op::Recv(Pattern { tag: Some(Tag(7)), ..from(2) });
    assert_eq!(
        said(&[&[Op::Recv(ANY)], &[of_tag], &[]]),
        [
            "rank 0 (op 0) waits in a receive for a message from any rank",
            "rank 1 (op 0) waits in a receive for a message from rank 2 with tag 7, which has finished"
        ]
    );
    assert_eq!(
        said(&[&[Op::Probe(ANY)], &[]]),
        ["rank 0 (op 0) waits in a probe for a message from any rank, and all others have finished"]
    );
}

#[test]
fn a_wait_names_what_its_requests_need() {
    let start = |request, rank| Op::StartRecv(Request(request), from(rank));
    let watch = [Op::Watch(Request(0)), Op::Watch(Request(1)), Op::WaitWatched(Enough::One)];
    let of_any = [&[start(0, 1), start(1, 2)][..], &watch].concat();
    assert_eq!(
        said(&[&of_any, &[recv(0)], &[]]),
        [
            "rank 0 (op 4) waits for one of its requests, for a message from rank 1; for a message from rank 2, which has \
             finished",
            "rank 1 (op 0) waits in a receive for a message from rank 0"
        ]
    );
    let one = [Op::StartSend(Request(9), envelope(1, 5000)), Op::Wait(Request(9))];
    assert_eq!(
        said(&[&one, &[]]),
        ["rank 0 (op 1) waits for a request, for rank 1 to receive its message of 5000 B with tag 0 (above the eager \
          limit of 1000 B, a send waits for its receive); rank 1 has finished without it"]
    );
    let many = [&[Op::Irecv(from(1)); 5][..], &[Op::WaitAll]].concat();
    assert_eq!(
        said(&[&many, &[recv(0)]])[0],
        "rank 0 (op 5) waits for all it has started, for a message from rank 1; for a message from rank 1; for a message \
         from rank 1; and 2 more"
    );
}

#[test]
fn a_rank_that_does_not_wait_for_what_it_has_started_holds_up_the_other() {
    assert_eq!(
        said(&[&[send(1, 5000)], &[Op::Irecv(from(0)), compute(us(1))]]),
        [
            "rank 0 (op 0) waits in a send for rank 1, which has started the receive, but is in no call that goes on with it"
        ]
    );
    assert_eq!(
        said(&[&[Op::Isend(envelope(1, 5000))], &[recv(0)]]),
        [
            "rank 1 (op 0) waits in a receive for the data of rank 0, which has started the send, but is in no call that goes \
          on with it"
        ]
    );
}

/// Tests for a message that never comes, and does nothing else.
#[derive(Debug, Clone)]
struct Impatient;

impl Reactive for Impatient {
    fn next(&mut self, rank: RankId, _: Outcome) -> Option<Op> {
        (rank.0 == 0).then_some(Op::Iprobe(ANY))
    }

    fn n_ops_at_most(&self) -> u64 {
        u64::MAX
    }

    fn boxed(&self) -> Box<dyn Reactive> {
        Box::new(self.clone())
    }
}

#[test]
fn a_rank_that_tests_for_ever_is_left_there() {
    let machine = machine(2);
    let hosts = [0, 1].map(HostId);
    let mut program = Program::Reactive(Box::new(Impatient));
    let result = engine::simulate(&Setup::new(&machine, &Platform::new(&machine), &hosts), &mut program);
    assert_eq!(
        result.expect_err("it tests for ever").to_string(),
        "deadlock: 1 rank cannot go on\n  rank 0 (op 1000000) tests again and again, and does nothing in between that takes \
         time"
    );
}
