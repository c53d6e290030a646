//! `replay`: a schedule simulated with the parameters of `LogGOPS`.

use std::time::Duration;

use dlpc_sim::analysis;
use dlpc_sim::engine::replay;
use dlpc_sim::input;
use dlpc_sim::report::replay::{self as report, ReplayDocument};
use dlpc_sim::schedule::cost::Costs;
use dlpc_sim::trace::Recording;
use dlpc_sim::trace::replay::ReplayTrace;

use crate::cli::Format;
use crate::cli::replay::ReplayArgs;
use crate::failure::Failure;
use crate::files;
use crate::progress::Progress;

pub(crate) fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let schedule = input::load_goal(&args.schedule, &files::open)?;
    let costs = Costs::Loggops(args.loggops.parameters());
    let recording = if args.no_critical_path { Recording::Off } else { Recording::On };
    let progress = Progress::new(1);
    let trace = replay::replay(&schedule, &costs, recording)?;
    let elapsed = progress.elapsed();
    let breakdown = trace.record.as_ref().map(|_| analysis::replay::breakdown(&schedule, &costs, &trace));
    let document = ReplayDocument {
        schedule_name: &args.schedule.to_string_lossy(),
        schedule: &schedule,
        parameters: &report::parameters(&costs),
        trace: &trace,
        breakdown: breakdown.as_deref(),
        warnings: &warnings(&trace),
    };
    document.warnings.iter().for_each(|warning| files::warn(warning));
    match args.format {
        Format::Json => files::print(&report::to_json(&document)),
        Format::Table => files::print(&format!("{}\n{}", report::table(&document), rate(&trace, elapsed))),
    }
}

fn warnings(trace: &ReplayTrace) -> Vec<String> {
    let n = trace.n_other_sizes;
    let text = || format!("{n} receives name another size than their message has; the message's size counts");
    (n > 0).then(text).into_iter().collect()
}

/// Returns how fast the simulator was.
fn rate(trace: &ReplayTrace, elapsed: Duration) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let per_second = trace.n_events as f64 / elapsed.as_secs_f64().max(1e-9);
    let seconds = elapsed.as_secs_f64();
    format!("Replayed {} events in {seconds:.3} s: {:.3} million events per second", trace.n_events, per_second / 1e6)
}
