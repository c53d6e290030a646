//! Samples that are cut short, damaged or from elsewhere: `calibrate` writes a model that is read again, or says what is wrong.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use dlpc_engine::machine::MachineModel;
use dlpc_predict::calibration::campaign::Campaign;
use dlpc_predict::fit::{self, FileProvenance, FitOptions, to_toml};
use dlpc_predict::input;
use serde_json::Value;

const SAMPLES: &str = "tests/samples/testbed-slow-host.jsonl";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text() -> String {
    std::fs::read_to_string(root().join(SAMPLES)).expect("the samples")
}

fn prior() -> MachineModel {
    let read = |path: &Path| std::fs::read(path);
    input::load_machine(&root().join("models/dlpc-2020.toml"), &read).expect("the prior").model
}

/// What became of samples.
#[derive(Debug, PartialEq)]
enum Outcome {
    Model(Box<MachineModel>),
    Refused(String),
}

/// Fits samples as `calibrate` does, and reads what it would write.
fn outcome(text: &str, prior: Option<&MachineModel>) -> Outcome {
    let campaign = match Campaign::parse(text) {
        Ok(campaign) => campaign.with_plain_names(),
        Err(errors) => return Outcome::Refused(errors[0].to_string()),
    };
    let options = FitOptions {
        name: "mine".to_owned(),
        title: "mine".to_owned(),
        prior,
        hosts: campaign.head.cluster(),
        seed: 1,
        bootstrap: 20,
    };
    let fit = match fit::fit(&campaign.samples, &options) {
        Ok(fit) => fit,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    let written = to_toml(&fit, &FileProvenance::default());
    let read = |_: &Path| Ok(written.clone().into_bytes());
    let read = input::load_machine(Path::new("mine.toml"), &read);
    let model = read.unwrap_or_else(|problems| panic!("{}\n{written}", problems.render(false))).model;
    Outcome::Model(Box::new(model))
}

#[test]
fn an_interrupted_campaign_gives_a_model_that_is_read_again_or_a_reason() {
    let (text, prior) = (text(), prior());
    let ends: Vec<usize> = text.match_indices('\n').map(|(end, _)| end + 1).collect();
    let mut n_models = 0;
    // 504 samples of three launches: cuts within each of them, between lines and within.
    for i in (1..ends.len()).step_by(21) {
        for end in [ends[i], ends[i] - 9] {
            match outcome(&text[..end], Some(&prior)) {
                Outcome::Model(_) => n_models += 1,
                Outcome::Refused(reason) => assert!(reason.len() >= 10 && !reason.contains("NaN"), "{reason}"),
            }
        }
    }
    assert!(n_models > 20, "{n_models}");
}

/// Returns the samples with another value in every line that `change` changes.
fn changed(change: impl Fn(&mut Value)) -> String {
    let mut changed = String::new();
    for line in text().lines() {
        let mut value: Value = serde_json::from_str(line).expect("JSON");
        change(&mut value);
        writeln!(changed, "{value}").expect("text");
    }
    changed
}

#[test]
fn hosts_with_a_user_or_an_address_get_a_name_that_a_model_can_have() {
    for (before, after) in [("root@node", "node"), ("fe80::", "fe80--"), ("10.0.0.", "10.0.0.")] {
        let renamed = text().replace("dlpc", before);
        let Outcome::Model(model) = outcome(&renamed, None) else { panic!("{before}: {:?}", outcome(&renamed, None)) };
        assert!(model.host_names()[3].starts_with(after), "{:?}", model.host_names());
        assert!(model.host_groups.iter().any(|group| group.speeds.iter().any(|speed| *speed < 0.6)), "{before}");
    }
    let twice = text().replace("\"dlpc1\"", "\"root@dlpc2\"");
    assert_eq!(outcome(&twice, None), Outcome::Refused("host `dlpc2` is in the campaign more than once".to_owned()));
}

fn scale(value: &mut Value, factor: f64) {
    let scaled = |seconds: &Value| Value::from(seconds.as_f64().expect("a time") * factor);
    let Some(sample) = value.get_mut("sample") else { return };
    sample["seconds"] = scaled(&sample["seconds"]);
    if let Some(each_s) = sample.get_mut("each_s").and_then(Value::as_array_mut) {
        for seconds in each_s {
            *seconds = scaled(seconds);
        }
    }
}

#[test]
fn times_of_any_size_are_fitted_or_refused() {
    for factor in [1e-300, 1e-12, 1e-9, 1e-6, 1e3, 1e6, 1e9, 1e300] {
        match outcome(&changed(|value| scale(value, factor)), None) {
            Outcome::Model(_) => assert!((1e-6..=1e6).contains(&factor), "{factor}"),
            Outcome::Refused(reason) => assert!(reason.len() >= 10 && !reason.contains("NaN"), "{factor}: {reason}"),
        }
    }
}

#[test]
fn counts_that_its_hosts_cannot_have_had_are_refused() {
    let cases = [
        ("fan_in", "senders", 1_000_000_000_u64, "`senders` is 1000000000, on these hosts it can be 1 to 7"),
        ("pairs", "pairs", 1_000_000_000, "`pairs` is 1000000000, on these hosts it can be 1 to 4"),
        ("train", "n", 1_000_000_000, "`n` is 1000000000, on these hosts it can be 1 to 100000"),
        ("fixed_work", "n", 1_000_000_000, "`n` is 1000000000, on these hosts it can be 1 to 100000"),
        ("compute", "busy", 1_000_000_000, "`busy` is 1000000000, on these hosts it can be 1 to 1"),
        ("compute", "units", 0, "`units` is 0, on these hosts it can be 1 to"),
    ];
    for (kind, count, value, expected) in cases {
        let with = |line: &mut Value| {
            if let Some(experiment) = line.pointer_mut("/sample/experiment").and_then(|all| all.get_mut(kind)) {
                experiment[count] = value.into();
            }
        };
        let Outcome::Refused(reason) = outcome(&changed(with), None) else { panic!("{kind} {count} is taken") };
        assert!(reason.contains(expected), "{reason}");
    }
    let cores = |line: &mut Value| {
        if line.get("campaign").is_some() {
            line["campaign"]["hosts"][0][1] = 1_000_000_000.into();
        }
    };
    let Outcome::Refused(reason) = outcome(&changed(cores), None) else { panic!("10^9 cores are taken") };
    assert!(reason.contains("has 1000000000 cores, expected 1 to 65536"), "{reason}");
}

#[test]
fn files_of_another_format_are_refused() {
    for table in ["campaign", "sample"] {
        let with = |line: &mut Value| {
            if line.get(table).is_some() {
                line[table]["format"] = 99.into();
            }
        };
        let Outcome::Refused(reason) = outcome(&changed(with), None) else { panic!("format 99 of a {table} is taken") };
        assert!(reason.contains("it has format 99, this version reads 1"), "{reason}");
    }
}
