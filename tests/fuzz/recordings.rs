//! Recordings of programs, plain and compressed, damaged: reported, or predicted.

use std::path::PathBuf;

use dlpc_predict::input;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

use crate::corpus;
use crate::experiments::{self, prediction_of, shorten};
use crate::hunt::{Files, Hunt};
use crate::mutator::damage;
use crate::schedules::compressed;

const SCENARIO: &str = "scenarios/recorded.toml";
const RECORDING: &str = "scenarios/recording";
/// Rank counts of the recordings.
const RECORDED_ON: [&str; 3] = ["[1, 2]", "[1, 3]", "[1, 2]"];
const RECORDINGS: &[&str] = &[
    r#"{"recording":{"format":1,"command":["./ring"]}}
{"run":{"ranks":1,"communicators":[[0]]}}
{"rank":[{"compute":81234},{"exchange":[[0,0,4,0,0],[0,0,0,false]]}]}
{"run":{"ranks":2,"communicators":[[0,1]]}}
{"rank":[{"compute":81234},{"exchange":[[1,0,4,0,0],[1,0,0,false]]}]}
{"rank":[{"compute":80127},{"exchange":[[0,0,4,0,0],[0,0,0,false]]}]}
"#,
    r#"{"recording":{"format":1,"command":["python3","heat.py"]}}
{"run":{"ranks":1,"communicators":[[0]]}}
{"rank":[{"compute":5000000},{"sleep":7000000}]}
{"run":{"ranks":3,"communicators":[[0,1,2],[2,0]]}}
{"rank":[{"start_send":[2,[1,5,100000,0,0]]},{"compute":1000},{"test":2},{"wait":[2]},{"collective":{"kind":"allreduce","on":1,"block":800}}]}
{"rank":[{"probe":[0,5,0,true]},{"start_recv":[2,[0,5,0,true]]},{"wait":[2]},{"start_send":[3,[2,1,8,0,3]]},{"free":3}]}
{"rank":[{"probe_in_vain":[null,1,0,true]},{"matched_probe":[4,[1,1,0,false]]},{"start_matched":4},{"wait":[4]},{"collective":{"kind":"allreduce","on":1,"block":800}}]}
"#,
    r#"{"recording":{"format":1,"command":["./sort"]}}
{"run":{"ranks":1,"communicators":[[0]]}}
{"rank":[{"compute":1000}]}
{"run":{"ranks":2,"communicators":[[0,1]]}}
{"rank":[{"collective":{"kind":"scatterv","on":0,"root":1,"block":0,"recvs":[5]}},{"collective":{"kind":"alltoallv","on":0,"block":0,"sends":[1,2],"recvs":[1,2]}},{"start_recv":[9,[1,7,2,false]]},{"cancel":9},{"collective":{"kind":"barrier","on":0}}]}
{"rank":[{"collective":{"kind":"scatterv","on":0,"root":1,"block":0,"sends":[5,6],"recvs":[6]}},{"collective":{"kind":"alltoallv","on":0,"block":0,"sends":[2,4],"recvs":[2,4]}},{"collective":{"kind":"barrier","on":0}}]}
"#,
];

#[test]
fn a_damaged_recording_is_reported_or_predicted() {
    let test = "recordings::a_damaged_recording_is_reported_or_predicted";
    Hunt { test, n_short: 200, one_in: 1, make: damaged, check: |files| experiments::check(files, true) }.run();
}

fn damaged(rng: &mut ChaCha8Rng) -> Files {
    let number = rng.random_range(0..RECORDINGS.len());
    let mut recording = RECORDINGS[number].as_bytes().to_vec();
    damage(&mut recording, rng);
    if rng.random_bool(0.2) {
        recording = compressed(&recording);
        if rng.random_bool(0.5) {
            damage(&mut recording, rng);
        }
    }
    files_of(number, recording)
}

fn files_of(number: usize, recording: Vec<u8>) -> Files {
    let text = format!(
        "format = 1\ntitle = \"A recording\"\nmachine = \"../models/dlpc-2020.toml\"\n\n[workload.recorded]\nfile = \"recording\"\n\
         scale = 8.5\n\n[run]\nranks = {}\nreplications = 2\n",
        RECORDED_ON[number]
    );
    let scenario = (PathBuf::from(experiments::SCENARIO), SCENARIO.into());
    [scenario, (PathBuf::from(SCENARIO), text.into_bytes()), (PathBuf::from(RECORDING), recording)].into()
}

#[test]
fn whole_recordings_are_predicted() {
    for (number, recording) in RECORDINGS.iter().enumerate() {
        let files = files_of(number, (*recording).into());
        let path = experiments::path_of(&files);
        let experiment = input::load_experiment(&path, &|path| corpus::reading(&files, path));
        let mut experiment = experiment.unwrap_or_else(|report| panic!("{report}"));
        assert!(shorten(&mut experiment));
        assert!(prediction_of(&experiment).is_some(), "recording {number}");
    }
}
