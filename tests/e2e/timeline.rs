//! Time lines, read by the rules of their formats.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::support::{contents, dlpc_sim, empty_folder, root, run, succeeds};

/// Returns the files of a prediction of coordinates on 8 ranks with its time line.
fn results() -> BTreeMap<String, Vec<u8>> {
    let folder = empty_folder();
    let scenario = "scenarios/dlpc-pi-coordinates.toml";
    let arguments = ["--replications", "5", "--timeline", "8", "--paje", "--out"];
    succeeds(dlpc_sim().args(["predict", scenario]).args(arguments).arg(folder.path()));
    contents(folder.path())
}

fn number(event: &Value, key: &str) -> f64 {
    event[key].as_f64().unwrap_or_else(|| panic!("{key} is no number in {event}"))
}

/// Returns the events of one kind.
fn events<'a>(document: &'a Value, ph: &'a str) -> impl Iterator<Item = &'a Value> {
    document["traceEvents"].as_array().expect("events").iter().filter(move |event| event["ph"] == ph)
}

fn thread(event: &Value) -> (u64, u64) {
    (event["pid"].as_u64().expect("a process"), event["tid"].as_u64().expect("a thread"))
}

/// Start in microseconds, length in picoseconds, name.
type Span = (f64, u64, String);

/// Returns the spans of each thread.
fn spans(document: &Value) -> BTreeMap<(u64, u64), Vec<Span>> {
    let mut threads: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for event in events(document, "X") {
        let picos = event["args"]["picoseconds"].as_u64().expect("picoseconds");
        // A duration in microseconds is the picoseconds over 10^6, to the last bit of an f64.
        let micros = number(event, "dur");
        assert!((micros * 1e6 - picos_f64(picos)).abs() <= 1e-3 + picos_f64(picos) * 1e-15, "{event}");
        let name = event["name"].as_str().expect("a name").to_owned();
        threads.entry(thread(event)).or_default().push((number(event, "ts"), picos, name));
    }
    threads
}

#[expect(clippy::cast_precision_loss, reason = "below 2^53")]
fn picos_f64(picos: u64) -> f64 {
    picos as f64
}

#[test]
fn every_event_of_the_trace_keeps_the_rules_of_the_format() {
    let document: Value = serde_json::from_slice(&results()["timeline.json"]).expect("JSON");
    for event in document["traceEvents"].as_array().expect("events") {
        let ph = event["ph"].as_str().expect("a phase");
        assert!(["M", "X", "s", "f", "C"].contains(&ph), "{event}");
        assert!(event["name"].is_string() && event["pid"].is_u64() && event["tid"].is_u64(), "{event}");
        assert!(ph == "M" || number(event, "ts") >= 0.0, "{event}");
    }
    for counter in events(&document, "C") {
        let percent = number(&counter["args"], "percent");
        assert!((0.0..=100.01).contains(&percent), "{counter}");
    }
    let named = |name| events(&document, "M").filter(move |event| event["name"] == name).count();
    // Critical path, network and two hosts of four ranks; eight ranks and the path.
    assert_eq!((named("process_name"), named("thread_name")), (4, 9));
}

#[test]
fn spans_of_a_rank_have_no_gaps_and_the_critical_path_adds_up_to_the_breakdown() {
    let results = results();
    let document: Value = serde_json::from_slice(&results["timeline.json"]).expect("JSON");
    let threads = spans(&document);
    let mut longest = 0;
    for (thread, spans) in &threads {
        let mut at = 0;
        for (start, picos, name) in spans {
            assert!(
                (start * 1e6 - picos_f64(at)).abs() < 1.0,
                "{thread:?}: {name} begins at {start} us, not at {at} ps"
            );
            at += picos;
        }
        longest = longest.max(at);
    }
    assert_eq!(threads.len(), 9);
    let mut causes: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, picos, cause) in &threads[&(1, 0)] {
        *causes.entry(cause).or_default() += picos;
    }
    assert_eq!(causes.values().sum::<u64>(), longest);
    let prediction: Value = serde_json::from_slice(&results["prediction.json"]).expect("JSON");
    let points = prediction["points"].as_array().expect("points");
    let point = points.iter().find(|point| point["ranks"] == 8).expect("8 ranks");
    for (cause, seconds) in point["breakdown"].as_object().expect("a breakdown") {
        let picos = causes.remove(cause.as_str()).unwrap_or(0);
        assert!((picos_f64(picos) / 1e12 - seconds.as_f64().expect("seconds")).abs() < 5e-13, "{cause}");
    }
    assert!(causes.is_empty(), "{causes:?}");
}

#[test]
fn messages_are_arrows_from_span_to_span() {
    let document: Value = serde_json::from_slice(&results()["timeline.json"]).expect("JSON");
    let threads = spans(&document);
    let is_in_span = |event: &Value| {
        let at = number(event, "ts");
        threads[&thread(event)].iter().any(|(start, picos, _)| *start <= at && at < start + picos_f64(*picos) / 1e6)
    };
    let ends: BTreeMap<u64, &Value> =
        events(&document, "f").map(|event| (event["id"].as_u64().expect("an id"), event)).collect();
    let mut n = 0;
    for start in events(&document, "s") {
        let end = ends[&start["id"].as_u64().expect("an id")];
        assert!(number(start, "ts") <= number(end, "ts"), "{start} {end}");
        assert_eq!(end["bp"], "e");
        assert!(is_in_span(start) && is_in_span(end), "{start} {end}");
        n += 1;
    }
    // Seven ranks send their sizes (a tree: seven messages in all) and then their records to rank 0.
    assert_eq!((n, ends.len()), (14, 14));
    let full = events(&document, "C").filter(|event| event["name"] == "receiving port of pi0");
    assert!(full.map(|event| number(&event["args"], "percent")).fold(0.0, f64::max) > 99.9);
}

#[test]
fn the_chart_is_an_svg_with_a_row_per_rank() {
    let results = results();
    let text = std::str::from_utf8(&results["timeline.svg"]).expect("UTF-8");
    let svg = roxmltree::Document::parse(text).expect("XML");
    let texts: Vec<&str> =
        svg.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text()).collect();
    for rank in 0..8 {
        assert!(texts.iter().any(|text| text.ends_with(&format!("· rank {rank}"))), "{texts:?}");
    }
    assert!(texts.iter().any(|text| text.contains("all 14 messages")), "{texts:?}");
    assert!(String::from_utf8_lossy(&results["report.html"]).contains("One run on 8 ranks"));
}

/// Returns the fields of each kind of event, by its number.
fn paje_definitions(text: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut definitions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut current = "";
    for line in text.lines().filter(|line| line.starts_with('%')) {
        let words: Vec<&str> = line.trim_start_matches('%').split_whitespace().collect();
        match words[..] {
            ["EventDef", _, id] => current = id,
            ["EndEventDef"] => {}
            [field, _] => definitions.entry(current).or_default().push(field),
            _ => panic!("{line}"),
        }
    }
    definitions
}

/// Returns the words of a line; words in quotes are one.
fn words(line: &str) -> Vec<&str> {
    let parts = line.split('"').enumerate();
    parts.flat_map(|(i, part)| if i % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }).collect()
}

#[test]
fn every_line_of_the_paje_trace_has_the_fields_of_its_kind() {
    let results = results();
    let text = std::str::from_utf8(&results["timeline.paje"]).expect("UTF-8");
    let definitions = paje_definitions(text);
    let mut last = 0.0;
    let mut open: BTreeMap<String, u32> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('%')) {
        let words = words(line);
        let fields = &definitions[words[0]];
        assert_eq!(words.len(), fields.len() + 1, "{line}");
        if fields[0] == "Time" {
            let at: f64 = words[1].parse().expect("a time");
            assert!(last <= at, "{line}");
            last = at;
        }
        match words[0] {
            "9" => assert_eq!(open.insert(words[6].to_owned(), 1), None, "{line}"),
            "10" => assert_eq!(open.remove(words[6]), Some(1), "{line}"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn more_ranks_than_the_scenario_has_are_a_clear_error() {
    let ended = run(dlpc_sim().args(["predict", "scenarios/dlpc-pi-count.toml", "--timeline", "33"]));
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("the scenario has at most 32 ranks"), "{}", ended.stderr);
}

/// What ranks do there is not known: a trace of so many is not there, or an expression has no value.
#[test]
fn rank_counts_on_which_nothing_is_known_are_refused() {
    let folder = empty_folder();
    let division = folder.path().join("division.toml");
    let machine = root().join("models/dlpc-2020.toml");
    let text = format!(
        "format = 1\ntitle = \"Division\"\nmachine = \"{}\"\n[run]\nranks = [1, 2, 4]\nreplications = 1\n[workload.custom]\n\
         phases = [{{ bcast = {{ bytes = \"80 B / max(ranks - 3, 3 - ranks)\" }} }}]\n",
        machine.display()
    );
    std::fs::write(&division, text).expect("a file");
    let scenarios =
        [(division.as_path(), "divides by zero"), (Path::new("scenarios/traced-jacobi.toml"), "no trace of 3 ranks")];
    for (scenario, why) in scenarios {
        for arguments in
            [["predict", "--timeline", "3"], ["explain", "--timeline", "3"], ["export-goal", "--ranks", "3"]]
        {
            let ended = run(dlpc_sim().args(arguments).arg(scenario).arg("--out").arg(folder.path().join("out")));
            assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
            assert!(ended.stderr.contains(why), "{arguments:?}: {}", ended.stderr);
        }
    }
}
