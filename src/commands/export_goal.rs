//! `export-goal`: the schedule of a scenario, for other tools to simulate.

use dlpc_predict::input;
use dlpc_predict::prediction::export::{self, Origin};
use dlpc_report::goal;

use crate::cli::export_goal::ExportGoalArgs;
use crate::failure::{self, Failure};
use crate::files;

/// Most ranks of a schedule, as those of a scenario.
const RANKS_MAX: u32 = 10_000_000;

pub(crate) fn run(args: &ExportGoalArgs) -> Result<(), Failure> {
    let experiment = input::load_experiment(&args.scenario, &files::read)?;
    if !experiment.warnings.is_empty() {
        anstream::eprintln!("{}", failure::render(&experiment.warnings).trim_end());
    }
    if args.ranks.get() > RANKS_MAX {
        return Err(Failure::Usage {
            message: format!("{} ranks are too many", args.ranks),
            help: format!("write a number up to {RANKS_MAX} after --ranks"),
        });
    }
    experiment.scenario.workload.check_on(args.ranks.get()).map_err(Failure::on_ranks)?;
    let (schedule, origin) = export::schedule(&experiment.scenario, &experiment.machine, args.ranks.get())?;
    let mut remarks = vec![
        format!("{}: {} ranks, made by dlpc-sim {}", experiment.scenario.title, args.ranks, env!("CARGO_PKG_VERSION")),
        "calc: nanoseconds on a core of speed 1, without noise".to_owned(),
    ];
    if origin == Origin::Run {
        let remark = "what the ranks do depends on when things happen: this is what they did in one simulated run";
        remarks.push(remark.to_owned());
        files::warn(remark);
    }
    let text = goal::text(&schedule, &remarks);
    match &args.out {
        Some(path) => files::write(path, text.as_bytes()),
        None => files::print(&text),
    }
}
