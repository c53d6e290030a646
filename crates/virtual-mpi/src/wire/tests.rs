//! Tests of frames and calls.

use super::*;

#[test]
fn what_is_sent_is_what_is_received() {
    let frame = Frame {
        kind: 8,
        time: 12_345,
        place: 3,
        numbers: vec![-1, 7, i64::MAX],
        name: "MPI_Recv".to_owned(),
        bytes: vec![],
    };
    let mut stream = Vec::new();
    send(&mut stream, &frame, b"data").expect("memory");
    send(&mut stream, &Frame::default(), b"").expect("memory");
    let mut reader = stream.as_slice();
    let received = receive(&mut reader).expect("a frame");
    assert_eq!(received, Some(Frame { bytes: b"data".to_vec(), ..frame }));
    assert_eq!(receive(&mut reader).expect("a frame"), Some(Frame::default()));
    assert_eq!(receive(&mut reader).expect("the end"), None);
}

#[test]
fn what_is_no_frame_is_refused_without_taking_memory() {
    let mut reader = &[0xff; 64][..];
    assert_eq!(receive(&mut reader).expect_err("no frame").kind(), io::ErrorKind::InvalidData);
    let mut half = &[0; 20][..];
    assert_eq!(receive(&mut half).expect_err("half a frame").kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn every_call_is_read_as_it_was_written() {
    let address = Address { to: 3, tag: 9, context: 1, mode: 1 };
    let wanted = Wanted { from: None, tag: Some(4), context: 0 };
    let gathering = Gathering {
        kind: gathering::ALLTOALLV,
        context: 2,
        root: 1,
        operation: 3,
        element: 32,
        block: 8,
        sends: vec![1, 2],
        recvs: vec![3],
        targets: vec![Edge { place: Some(1), number: 2 }],
        sources: vec![Edge { place: None, number: 0 }, Edge { place: Some(0), number: 1 }],
    };
    let calls = [
        Call::Hello { rank: 5 },
        Call::Init,
        Call::Finalize,
        Call::Abort { code: -3 },
        Call::Refuse,
        Call::Time,
        Call::Sleep { nanos: 1 << 40 },
        Call::Send(address),
        Call::Recv(wanted),
        Call::Exchange(address, wanted),
        Call::StartSend(2, address),
        Call::StartRecv(3, wanted),
        Call::Complete(Completion { requests: vec![2, 3], enough: Enough::Some, is_waiting: true }),
        Call::Probe { wanted, keep: Some(7), is_waiting: false },
        Call::StartMatched(7),
        Call::Free(8),
        Call::Cancel(9),
        Call::Gathering(Box::new(gathering.clone())),
        Call::Begin(4, Box::new(gathering)),
        Call::Define { context: 4, members: vec![0, 2] },
    ];
    for call in calls {
        let (kind, numbers) = call.encode();
        assert_eq!(Call::decode(kind, &numbers), Some(call.clone()));
        assert_eq!(Call::decode(kind + 100, &numbers), None);
    }
    assert_eq!(Call::decode(7, &[1, 2, 3]), None, "too few numbers");
    assert_eq!(Call::decode(2, &[1]), None, "too many numbers");
}
