//! `replay`: a schedule, or a trace of an MPI program, simulated with the parameters of `LogGOPS` or on a machine model.

use std::time::Duration;

use dlpc_engine::calls::Calls;
use dlpc_engine::engine::replay;
use dlpc_engine::machine::{CollectiveOverrides, MachineModel};
use dlpc_engine::platform::NetworkKind;
use dlpc_engine::program::traced;
use dlpc_engine::schedule::Schedule;
use dlpc_engine::schedule::cost::{MachineCosts, ScheduleCosts};
use dlpc_engine::trace::Recording;
use dlpc_engine::trace::replay::ReplayTrace;
use dlpc_engine::units::FlopsPerSecond;
use dlpc_predict::analysis;
use dlpc_predict::input::{self, Recorded};
use dlpc_report::replay::{self as report, ReplayDocument};

use crate::cli::Format;
use crate::cli::replay::{Network, ReplayArgs};
use crate::failure::Failure;
use crate::files;
use crate::progress::Progress;

pub(crate) fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let recorded = input::load_recorded(&args.schedule, &files::open)?;
    let is_trace = matches!(recorded, Recorded::Calls(_));
    let machine = args.machine.as_ref().map(|path| input::load_machine(path, &files::read)).transpose()?;
    let machine = machine.map(|machine| machine.model);
    if args.core_speed.is_some() && !is_trace {
        files::warn("--core-speed is for traces; the times of a schedule are taken as they are");
    }
    let schedule = schedule(recorded, args, machine.as_ref())?;
    let costs = costs(args, machine.as_ref(), schedule.n_ranks())?;
    let unused = match &costs {
        ScheduleCosts::Machine(costs) => costs.unused(),
        ScheduleCosts::Loggops(_) => Vec::new(),
    };
    let recording = if args.no_critical_path { Recording::Off } else { Recording::On };
    let progress = Progress::new(1);
    let trace = replay::replay(&schedule, &costs, recording)?;
    let elapsed = progress.elapsed();
    let breakdown = trace.record.as_ref().map(|_| analysis::replay::breakdown(&schedule, &costs, &trace));
    let of_sizes = if is_trace { Vec::new() } else { warnings(&trace) };
    let document = ReplayDocument {
        schedule_name: &args.schedule.to_string_lossy(),
        schedule: &schedule,
        parameters: &report::parameters(&costs),
        trace: &trace,
        breakdown: breakdown.as_deref(),
        warnings: &unused.into_iter().chain(of_sizes).collect::<Vec<_>>(),
    };
    document.warnings.iter().for_each(|warning| files::warn(warning));
    match args.format {
        Format::Json => files::print(&report::to_json(&document)),
        Format::Table => files::say(&format!("{}\n{}", report::table(&document), rate(&trace, elapsed))),
    }
}

/// Returns the schedule as it is, or that of the traced calls.
fn schedule(recorded: Recorded, args: &ReplayArgs, machine: Option<&MachineModel>) -> Result<Schedule, Failure> {
    let calls = match recorded {
        Recorded::Schedule(schedule) => return Ok(schedule),
        Recorded::Calls(calls) => calls,
    };
    let overrides = machine.map_or(CollectiveOverrides::default(), |machine| machine.collectives);
    Ok(traced::schedule(&calls, core_speed(&calls, args)?, overrides))
}

/// Returns how fast a core computes; any speed will do for a trace in which nobody does.
fn core_speed(calls: &Calls, args: &ReplayArgs) -> Result<FlopsPerSecond, Failure> {
    let flops = calls.flops();
    let any = || FlopsPerSecond::new(1.0).filter(|_| flops == 0.0);
    args.core_speed.or_else(any).ok_or_else(|| Failure::Usage {
        message: format!("the trace computes {flops:e} floating point operations, and nothing says how long they take"),
        help: "name the speed of a core, for instance --core-speed \"1 Gflop/s\"".to_owned(),
    })
}

/// Returns the costs on the machine model, or with the parameters.
fn costs(args: &ReplayArgs, machine: Option<&MachineModel>, n_ranks: usize) -> Result<ScheduleCosts, Failure> {
    let Some(machine) = machine else { return Ok(ScheduleCosts::Loggops(args.loggops.parameters())) };
    let network = match args.network {
        None | Some(Network::Flow) => NetworkKind::Flow,
        Some(Network::Loggops) => NetworkKind::Loggops,
    };
    let costs = MachineCosts::by_slot(machine, network, n_ranks).ok_or_else(|| Failure::Usage {
        message: format!("{} has {} cores, which are too few for {n_ranks} ranks", machine.name, machine.n_cores()),
        help: "name a machine model with more hosts after --machine".to_owned(),
    })?;
    Ok(ScheduleCosts::Machine(Box::new(costs)))
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
