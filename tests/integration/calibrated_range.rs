//! Beyond what was calibrated a prediction extrapolates, and where the library does something that is not simulated, another thing
//! stands in for it; a prediction says so.

use std::num::NonZeroU32;

use dlpc_engine::machine::{CollectiveLibrary, RecordCosts};
use dlpc_engine::platform::HostId;
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

/// Warnings for a count of darts on these hosts.
fn warnings_with(library: Option<CollectiveLibrary>, hosts: &[u32]) -> Vec<String> {
    let mut machine = cluster(2, 2);
    machine.collectives.library = library;
    let pi = Pi { darts: 1000, setup: SimDuration::ZERO, throw_dart: us(1), returns: Returns::Count };
    let n_ranks = u32::try_from(hosts.len()).unwrap();
    let mut scenario = scenario(Workload::Pi(pi), n_ranks);
    scenario.run.slots = hosts.iter().copied().map(HostId).collect();
    // Not only the largest number of ranks may be on one host.
    scenario.run.ranks.insert(0, NonZeroU32::MIN);
    predict(&scenario, &machine, &|| {}).unwrap().warnings
}

#[test]
fn collectives_that_a_library_does_by_host_are_named_where_hosts_have_several_ranks() {
    let han = warnings_with(Some(CollectiveLibrary::OpenMpi50), &[0, 0, 1, 1]);
    assert_eq!(han.len(), 1, "{han:?}");
    assert!(han[0].contains("`open-mpi-5.0` does collectives by its `coll/han`"), "{han:?}");
    // On one host it takes `coll/tuned`; MPICH does not.
    assert_eq!(warnings_with(Some(CollectiveLibrary::OpenMpi50), &[0, 0]), Vec::<String>::new());
    let composed = warnings_with(Some(CollectiveLibrary::Mpich4), &[0, 0]);
    assert!(composed[0].contains("`mpich-4` does collectives by its compositions by host"), "{composed:?}");
    for library in [CollectiveLibrary::OpenMpi50, CollectiveLibrary::Mpich4] {
        assert_eq!(warnings_with(Some(library), &[0, 1]), Vec::<String>::new());
    }
    assert_eq!(warnings_with(None, &[0, 0, 1, 1]), Vec::<String>::new());
}
