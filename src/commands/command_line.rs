//! The command that makes a result again, as a shell takes it: without what does not change the result.

use crate::cli::{CompareArgs, Points, PredictArgs, RunArgs};

/// Returns the command of a prediction, with more arguments at its end.
fn of_run(command: &str, args: &RunArgs, more: &[String]) -> String {
    let mut words = vec!["dlpc-sim".to_owned(), command.to_owned(), args.scenario.display().to_string()];
    for path in &args.measured {
        words.extend(["--measured".to_owned(), path.display().to_string()]);
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
    let timeline = args.timeline.timeline.map(|ranks| vec!["--timeline".to_owned(), ranks.to_string()]);
    of_run("predict", &args.run, &timeline.unwrap_or_default())
}

/// Returns the command of a comparison.
pub(super) fn of_compare(args: &CompareArgs) -> String {
    let points = match args.points {
        Points::HeldOut => Vec::new(),
        Points::All => vec!["--points".to_owned(), "all".to_owned()],
    };
    of_run("compare", &args.run, &points)
}
