//! Simulating a program that is not a workload: one that is only known while it runs.

use dlpc_engine::engine::{self, Setup, SimError};
use dlpc_engine::machine::{MachineModel, Noise};
use dlpc_engine::platform::Platform;
use dlpc_engine::program::Program;
use dlpc_engine::random::Streams;
use dlpc_engine::trace::{Recording, Trace};

use super::{bound_cores, hosts_of_ranks};
use crate::scenario::Scenario;

/// Simulates one run of `program` where `scenario` would run its workload, without noise and on the machine as fitted.
///
/// # Errors
/// [`SimError`] if it cannot be finished.
pub fn rehearse(
    scenario: &Scenario,
    machine: &MachineModel,
    program: &mut Program,
    n_ranks: u32,
) -> Result<Trace, SimError> {
    let platform = Platform::new(machine);
    let setup = Setup {
        platform: &platform,
        local: &machine.local,
        remote: &machine.remote,
        noise: &Noise::NONE,
        network: scenario.run.network,
        hosts_of_ranks: &hosts_of_ranks(scenario, n_ranks),
        bound: &bound_cores(scenario, n_ranks),
        streams: Streams::new(scenario.run.seed, 0),
        production: None,
        recording: Recording::Off,
    };
    engine::simulate(&setup, program)
}
