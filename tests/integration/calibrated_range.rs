//! Beyond what was calibrated a prediction extrapolates, and says so.

use dlpc_engine::machine::RecordCosts;
use dlpc_engine::units::{Bytes, SimDuration};
use dlpc_predict::prediction::predict;
use dlpc_predict::workload::{Pi, Returns, Workload};

use crate::support::{cluster, scenario, us};

/// Warnings for 1000 darts on two hosts: each sends 500 records of 30 B, 15,000 B, and before it their number in 4 B.
fn warnings(calibrated_upto: Bytes) -> Vec<String> {
    let mut machine = cluster(2, 1);
    machine.remote.calibrated_upto = calibrated_upto;
    let records = RecordCosts { store: us(1), pack: us(1), unpack: us(1), collect: us(1), bytes: Bytes(30) };
    let returns = Returns::Coordinates(records);
    let pi = Pi { darts: 1000, setup: SimDuration::ZERO, throw_dart: us(1), returns };
    predict(&scenario(Workload::Pi(pi), 2), &machine, &|| {}).unwrap().warnings
}

#[test]
fn messages_up_to_the_largest_calibrated_one_need_no_warning() {
    assert_eq!(warnings(Bytes(15_000)), Vec::<String>::new());
}

#[test]
fn a_message_one_byte_larger_is_named_with_its_range() {
    let warnings = warnings(Bytes(14_999));
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    for part in ["messages between hosts of up to 15 kB", "outside the calibrated range of `test`", "larger messages"] {
        assert!(warnings[0].contains(part), "no {part} in {}", warnings[0]);
    }
}
