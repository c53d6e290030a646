//! The schedule of a scenario: what its ranks do, for other tools to simulate.

use dlpc_engine::machine::MachineModel;
use dlpc_engine::platform::Platform;
use dlpc_engine::program::history::History;
use dlpc_engine::program::{Program, as_schedule};
use dlpc_engine::random::Streams;
use dlpc_engine::schedule::Schedule;
use dlpc_engine::trace::Recording;

use super::{Model, SimError};
use crate::scenario::Scenario;

/// Where a schedule comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The program does the same on any machine.
    Program,
    /// What the program does depends on when things happen: this is what it did in the first simulated replication.
    Run,
}

/// Returns the schedule of `scenario` on `n_ranks` ranks. Calculations are as long as on a core of speed 1, without noise.
///
/// # Errors
/// [`SimError`] if the scenario has to be simulated for that and cannot be finished.
pub fn schedule(scenario: &Scenario, machine: &MachineModel, n_ranks: u32) -> Result<(Schedule, Origin), SimError> {
    let program = scenario.workload.program(n_ranks, machine.collectives, Streams::new(scenario.run.seed, 0));
    if program.is_static() {
        return Ok((as_schedule::schedule(&History::of_static(program, n_ranks)), Origin::Program));
    }
    let mut program = Program::Remembered(History::new(program, n_ranks));
    let model = Model { scenario, machine, platform: Platform::new(machine) };
    model.run_program(&mut program, n_ranks, 0, Recording::Off, u64::MAX)?;
    let Program::Remembered(history) = program else { unreachable!("bug: a program stays what it is") };
    Ok((as_schedule::schedule(&history), Origin::Run))
}
