//! The experiments of a plan, one after the other; rank 0 leads.
//!
//! Rank 0 tells the members of a team when it is their turn; all other ranks, and the members until then, wait quietly.
//! So nothing but the experiment itself runs while it is timed. Work that each host does alone, all hosts do at once, as
//! they do in a parallel program.

use std::io::{BufRead, Write};

use dlpc_engine::stats;
use dlpc_predict::calibration::experiment::{Experiment, PlanLine};
use dlpc_predict::calibration::sample::{FORMAT, KernelLine, Sample, Skipped};

use super::casting::{Team, teams};
use super::compute::Times;
use super::control::{self, Topic};
use super::session::Session;
use super::{KernelError, compute, point_to_point};
use crate::host_report::clock_resolution;
use crate::workload::LARGEST_MESSAGE;

/// Reads the plan on rank 0, runs it with all ranks and prints on rank 0 a [`KernelLine`] for each result, at once.
///
/// `launch` is the number of this launch.
///
/// # Errors
/// [`KernelError`] if the plan cannot be read, a line cannot be written or a message arrives wrong.
///
/// # Panics
/// Never: a plan that was read can be written.
pub fn run(session: &Session, launch: u32, input: &mut dyn BufRead, output: &mut dyn Write) -> Result<(), KernelError> {
    if session.rank == 0 {
        let plan = read_plan(input)?;
        let text = serde_json::to_vec(&plan).expect("invariant: a plan can be written");
        control::share(session, Some(text));
        lead(session, &plan, launch, output)
    } else {
        let text = control::share(session, None);
        let plan: Vec<PlanLine> = serde_json::from_slice(&text).expect("invariant: rank 0 wrote the plan");
        follow(session, &plan, launch)
    }
}

fn read_plan(input: &mut dyn BufRead) -> Result<Vec<PlanLine>, KernelError> {
    let mut plan = Vec::new();
    for (line, text) in (1..).zip(input.lines()) {
        let text = text.map_err(|source| KernelError::Io { what: "read the plan", source })?;
        if text.trim().is_empty() {
            continue;
        }
        plan.push(serde_json::from_str(&text).map_err(|source| KernelError::Input { line, source })?);
    }
    Ok(plan)
}

/// Leads all experiments from rank 0.
fn lead(session: &Session, plan: &[PlanLine], launch: u32, output: &mut dyn Write) -> Result<(), KernelError> {
    for (i, line) in plan.iter().enumerate() {
        match teams_of(session, line, launch) {
            Ok(teams) => {
                for (team, timed) in teams.iter().zip(run_teams(session, line, i, &teams)?) {
                    print(output, &KernelLine::Sample(sample(session, line, launch, team, timed)))?;
                }
            }
            Err(reason) => print(output, &KernelLine::Skipped(Skipped { format: FORMAT, id: line.id, reason }))?,
        }
    }
    for rank in 1..session.n_ranks {
        control::send(session, rank, Topic::Order, &[]);
    }
    Ok(())
}

/// Does what rank 0 orders, until it orders nothing.
fn follow(session: &Session, plan: &[PlanLine], launch: u32) -> Result<(), KernelError> {
    loop {
        let (_, order) = control::receive(session, Topic::Order);
        let Some((i, t)) = read_order(&order) else { return Ok(()) };
        let teams = teams_of(session, &plan[i], launch).expect("invariant: rank 0 orders what can be run");
        let report = play(session, &plan[i], &teams[t])?.map(|timed| timed.to_message()).unwrap_or_default();
        control::send(session, 0, Topic::Report, &report);
    }
}

fn order(place: (usize, usize)) -> Vec<u8> {
    [place.0, place.1].iter().flat_map(|number| (*number as u64).to_le_bytes()).collect()
}

fn read_order(order: &[u8]) -> Option<(usize, usize)> {
    let (numbers, _) = order.as_chunks();
    let number = |bytes: &[u8; 8]| usize::try_from(u64::from_le_bytes(*bytes)).ok();
    Some((number(numbers.first()?)?, number(numbers.get(1)?)?))
}

fn teams_of(session: &Session, line: &PlanLine, launch: u32) -> Result<Vec<Team>, String> {
    if line.repeats == 0 {
        return Err("repeats is 0".to_owned());
    }
    if let Some(bytes) = line.experiment.bytes().filter(|bytes| *bytes > LARGEST_MESSAGE) {
        return Err(format!("a message of {bytes} bytes is too large for MPI: at most {LARGEST_MESSAGE}"));
    }
    match line.experiment {
        Experiment::Train { n: 0, .. } | Experiment::FixedWork { n: 0, .. } => Err("n is 0".to_owned()),
        _ => teams(&line.experiment, line.id.wrapping_add(launch.into()), &session.hosts),
    }
}

/// What the first rank of a team has to tell.
#[derive(Debug, Clone, PartialEq)]
struct Timed {
    /// Smallest difference that its clock can show.
    clock_resolution_s: f64,
    times: Times,
}

impl Timed {
    fn to_message(&self) -> Vec<u8> {
        let Times { units, each_s } = &self.times;
        control::bytes_of(&[&[self.clock_resolution_s, units.unwrap_or(f64::NAN)], &each_s[..]].concat())
    }

    fn from_message(message: &[u8]) -> Self {
        let numbers = control::numbers_of(message);
        let units = (!numbers[1].is_nan()).then_some(numbers[1]);
        Self { clock_resolution_s: numbers[0], times: Times { units, each_s: numbers[2..].to_vec() } }
    }
}

/// Runs all teams of a line at once, from rank 0; they have no rank in common. Returns what each has to tell.
fn run_teams(session: &Session, line: &PlanLine, i: usize, teams: &[Team]) -> Result<Vec<Timed>, KernelError> {
    let others =
        |(t, team): (usize, &Team)| team.iter().filter(|&&rank| rank != 0).map(move |&rank| (t, rank)).collect();
    let others: Vec<(usize, u32)> = teams.iter().enumerate().flat_map::<Vec<_>, _>(others).collect();
    for &(t, rank) in &others {
        control::send(session, rank, Topic::Order, &order((i, t)));
    }
    let mut told: Vec<Option<Timed>> = vec![None; teams.len()];
    if let Some(t) = teams.iter().position(|team| team.contains(&0)) {
        told[t] = play(session, line, &teams[t])?;
    }
    for _ in &others {
        let (from, report) = control::receive(session, Topic::Report);
        if let Some(t) = teams.iter().position(|team| team[0] == from) {
            told[t] = Some(Timed::from_message(&report));
        }
    }
    Ok(told.into_iter().map(|timed| timed.expect("invariant: the first rank of a team reports")).collect())
}

/// Takes this rank's part in an experiment; the first rank of the team has something to tell.
fn play(session: &Session, line: &PlanLine, team: &Team) -> Result<Option<Timed>, KernelError> {
    let part = point_to_point::Part { session, team, repeats: line.repeats };
    let of_messages = |each_s: Vec<f64>| Times { units: None, each_s };
    let times = match line.experiment {
        Experiment::PingPong { bytes, .. } => of_messages(part.ping_pong(length(bytes))?),
        Experiment::Send { bytes, recv_delay_s, .. } => of_messages(part.send(length(bytes), recv_delay_s)?),
        Experiment::Recv { bytes, .. } => of_messages(part.recv(length(bytes))?),
        Experiment::Train { bytes, n, delay_s, .. } => of_messages(part.train(length(bytes), n, delay_s)?),
        Experiment::FanIn { bytes, .. } => of_messages(part.fan_in(length(bytes))?),
        Experiment::Pairs { bytes, .. } => of_messages(part.pairs(length(bytes))?),
        Experiment::Exchange { bytes, .. } => of_messages(part.exchange(length(bytes))?),
        Experiment::Compute { kernel, units, .. } => compute::run(session, team, kernel, length(units), line.repeats),
        Experiment::FixedWork { darts, n } => compute::fixed_work(session, darts, n),
    };
    let is_first = team[0] == session.rank;
    Ok(is_first.then(|| Timed { clock_resolution_s: clock_resolution().as_secs_f64(), times }))
}

fn length(bytes: u64) -> usize {
    usize::try_from(bytes).expect("invariant: it fits in memory, so it fits in a length")
}

fn sample(session: &Session, line: &PlanLine, launch: u32, team: &Team, timed: Timed) -> Sample {
    let mut others = team[1..].to_vec();
    others.sort_unstable();
    let mut peers: Vec<String> = Vec::new();
    for rank in others {
        let host = session.host_of(rank);
        if peers.iter().all(|peer| peer != host) {
            peers.push(host.to_owned());
        }
    }
    let Timed { clock_resolution_s, times: Times { units, each_s } } = timed;
    let mut experiment = line.experiment.clone();
    if let (Experiment::FixedWork { darts: n, .. } | Experiment::Compute { units: n, .. }, Some(units)) =
        (&mut experiment, units)
    {
        *n = whole(units);
    }
    // Messages have a usual time, and stray ones that say nothing of it. Work adds up, all of it.
    let (seconds, repeats, each_is_kept) = match line.experiment {
        Experiment::Compute { .. } => (stats::mean(&each_s), line.repeats, true),
        Experiment::FixedWork { n, .. } => (stats::mean(&each_s), n, true),
        _ => (stats::median(&each_s), line.repeats, false),
    };
    Sample {
        format: FORMAT,
        id: line.id,
        launch,
        experiment,
        seconds,
        repeats,
        each_s: if each_is_kept { each_s } else { Vec::new() },
        host: session.host_of(team[0]).to_owned(),
        peers,
        ranks: session.n_ranks,
        clock_resolution_s,
        mpi: session.mpi.clone(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number that was sent as a float")]
fn whole(number: f64) -> u64 {
    number as u64
}

fn print(output: &mut dyn Write, line: &KernelLine) -> Result<(), KernelError> {
    let text = serde_json::to_string(line).expect("invariant: a sample can be written");
    writeln!(output, "{text}")
        .and_then(|()| output.flush())
        .map_err(|source| KernelError::Io { what: "write a sample", source })
}
