//! Tests of recordings as files.

use super::*;

fn example() -> Recording {
    let sent = Sent { to: 1, tag: 7, bytes: 800, context: 2, mode: SendMode::Synchronous };
    let posted = Posted { from: Some(1), tag: None, context: 0, was_any: true };
    let gatherv = CollectiveCall {
        kind: CollectiveKind::Gatherv,
        root: 1,
        block: Bytes(8),
        sends: [Bytes(8)].into(),
        recvs: Box::default(),
        flops: 0.0,
    };
    let other = CollectiveCall { recvs: [Bytes(8), Bytes(8)].into(), ..gatherv.clone() };
    let barrier = CollectiveCall::of(CollectiveKind::Barrier, 0, Bytes(0));
    let rank_0 = vec![
        Step::At(0),
        Step::Clock,
        Step::Compute(1_000),
        Step::At(1),
        Step::Call(Call::Send(sent)),
        Step::Call(Call::Recv(posted)),
        Step::Call(Call::Recv(Posted { tag: Some(3), was_any: false, ..posted })),
        Step::Call(Call::StartSend(2, sent)),
        Step::Call(Call::StartRecv(3, posted)),
        Step::Call(Call::StartRecv(4, posted)),
        Step::Call(Call::Test(3)),
        Step::Call(Call::Wait(vec![3, 2])),
        Step::Call(Call::Cancel(4)),
        Step::Call(Call::Probe(posted)),
        Step::Call(Call::ProbeInVain(posted)),
        Step::Call(Call::MatchedProbe(3, posted)),
        Step::Call(Call::StartMatched(3)),
        Step::Call(Call::Free(3)),
        Step::Call(Call::Exchange(sent, posted)),
        Step::Sleep(SimDuration::from_millis(5)),
        Step::Call(Call::Collective(0, Box::new(gatherv))),
    ];
    let rank_1 = vec![Step::Call(Call::Collective(0, Box::new(other)))];
    let alone = Run { ranks: vec![vec![Step::Call(Call::Collective(0, Box::new(barrier)))]], ..Run::new(1) };
    let sites = ["pi.py:3", "pi.py:9"].map(str::to_owned).to_vec();
    let two = Run { ranks: vec![rank_0, rank_1], communicators: vec![vec![0, 1], vec![1]], sites };
    Recording { command: vec!["./pi".to_owned()], runs: vec![alone, two], fingerprint: String::new() }
}

#[test]
fn what_is_written_is_what_is_read_and_always_the_same() {
    let bytes = write(&example());
    let found = read(&bytes).expect("a recording");
    assert_eq!(found.fingerprint.len(), 32);
    assert_eq!(Recording { fingerprint: String::new(), ..found }, example());
    assert_eq!(write(&example()), bytes);
}

fn problem(lines: &[&str]) -> String {
    read(lines.join("\n").as_bytes()).expect_err("a problem").to_string()
}

#[test]
fn a_file_that_is_no_recording_is_refused_with_its_line() {
    let title = r#"{"recording":{"format":1,"command":["./pi"]}}"#;
    let run = r#"{"run":{"ranks":2,"communicators":[[0,1]]}}"#;
    assert!(problem(&[title, run, r#"{"rank":[{"send":[2,0,8,0,0]}]}"#]).contains("line 3: there is no rank 2"));
    for steps in [r#"{"wait":[2]}"#, r#"{"start_send":[0,[1,0,8,0,0]]}"#, r#"{"start_matched":2}"#, r#"{"test":5}"#] {
        let line = format!(r#"{{"rank":[{steps}]}}"#);
        assert!(problem(&[title, run, &line]).contains("line 3: the request"), "{steps}");
    }
    assert!(problem(&[title, run, r#"{"rank":[{"at":0}]}"#]).contains("line 3: there is no place 0"));
    let twice = r#"{"run":{"ranks":2,"communicators":[],"sites":["x.py:1","x.py:1"]}}"#;
    assert!(problem(&[title, twice]).contains("line 2: places have names"));
    assert!(problem(&[title, run, r#"{"rank":[]}"#]).contains("ends before its end"));
    assert!(problem(&[title]).contains("ends before its end"));
    assert!(problem(&[run]).contains("line 1: a recording has a title"));
    assert!(problem(&[r#"{"recording":{"format":3,"command":[]}}"#]).contains("the format is 3"));
    assert!(problem(&[title, r#"{"run":{"ranks":2,"communicators":[[0,0]]}}"#]).contains("line 2: a communicator"));
    let wrong = r#"{"rank":[{"collective":{"kind":"alltoallv","on":0,"block":8,"sends":[1],"recvs":[1]}}]}"#;
    assert!(problem(&[title, run, wrong]).contains("sizes"));
    let wrong = r#"{"rank":[{"collective":{"kind":"bcast","on":0,"root":2}}]}"#;
    assert!(problem(&[title, run, wrong]).contains("the root 2"));
    assert!(problem(&["\u{1f}"]).contains("line 1"));
    assert!(read(&[0x1f, 0x8b, 0, 1, 2]).expect_err("no gzip").to_string().contains("gzip"));
}
