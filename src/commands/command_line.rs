//! The command that makes a result again, as a shell takes it: without what does not change the result.

use std::path::PathBuf;

use dlpc_engine::units::significant;
use dlpc_predict::analysis::advice::Rule;

use crate::cli::{CompareArgs, ExplainArgs, Points, PredictArgs, RunArgs, TimelineArgs};

/// Returns the command of a prediction, with more scenarios and arguments.
fn of_run(command: &str, args: &RunArgs, others: &[PathBuf], more: &[String]) -> String {
    let mut words = vec!["dlpc-sim".to_owned(), command.to_owned()];
    words.extend(std::iter::once(&args.scenario).chain(others).map(|path| path.display().to_string()));
    for path in &args.measured {
        words.extend(["--measured".to_owned(), path.display().to_string()]);
    }
    for set in &args.sets {
        words.extend(["--set".to_owned(), set.clone()]);
    }
    if let Some(replications) = args.replications {
        words.extend(["--replications".to_owned(), replications.to_string()]);
    }
    if let Some(seed) = args.seed {
        words.extend(["--seed".to_owned(), seed.to_string()]);
    }
    words.extend_from_slice(more);
    shell_words::join(words)
}

/// Returns the command of a prediction; the run of a time line is part of its report.
pub(super) fn of_predict(args: &PredictArgs) -> String {
    of_run("predict", &args.run, &[], &of_timeline(&args.timeline))
}

fn of_timeline(args: &TimelineArgs) -> Vec<String> {
    let timeline = args.timeline.map(|ranks| vec!["--timeline".to_owned(), ranks.to_string()]);
    timeline.unwrap_or_default()
}

/// Returns the command of an explanation.
pub(super) fn of_explain(args: &ExplainArgs) -> String {
    let mut more: Vec<String> = Vec::new();
    if let Some(ranks) = args.ranks {
        more.extend(["--ranks".to_owned(), ranks.to_string()]);
    }
    for (name, ratio, default) in [
        ("--within", args.within, Rule::default().within),
        ("--efficiency", args.efficiency, Rule::default().efficiency),
    ] {
        if ratio.total_cmp(&default).is_ne() {
            more.extend([name.to_owned(), format!("{}%", significant(100.0 * ratio, 6))]);
        }
    }
    more.extend(of_timeline(&args.timeline));
    of_run("explain", &args.run, &[], &more)
}

/// Returns the command of a comparison.
pub(super) fn of_compare(args: &CompareArgs) -> String {
    let points = match args.points {
        Points::HeldOut => Vec::new(),
        Points::All => vec!["--points".to_owned(), "all".to_owned()],
    };
    of_run("compare", &args.run, &args.others, &points)
}
