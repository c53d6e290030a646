//! `sweep`: many what-ifs of one scenario.

mod alone;
mod finish;
mod inputs;
mod job;
mod messages;
mod orders;
mod store;
#[cfg(feature = "mpi")]
mod with_mpi;
mod world;

use dlpc_predict::input;
use dlpc_predict::sweep::tasks;

use self::inputs::Inputs;
use self::job::Job;
use self::store::Store;
use crate::cli::sweep::SweepArgs;
use crate::failure::Failure;
use crate::files;

pub(crate) fn run(args: &SweepArgs) -> Result<(), Failure> {
    if args.keys {
        return list_keys(args);
    }
    match world::n_ranks() {
        Some(n_ranks) if n_ranks > 1 => under_mpi(args, n_ranks),
        _ => on_this_machine(args),
    }
}

fn on_this_machine(args: &SweepArgs) -> Result<(), Failure> {
    let inputs = Inputs::from_disk();
    let job = Job::prepare(args, &inputs)?;
    job.threads(0)?.install(|| {
        let checked = job.needs(&inputs)?;
        let needs = &checked.needs;
        let mut store = Store::open(&job.store_path())?;
        let open = tasks::open_tasks(needs, &|key| store.has(key));
        messages::say_what_is_open(tasks::open_tasks(needs, &|_| false).len(), &open, &store);
        messages::say_what_was_lost(&job, &open);
        checked.announce(&open);
        let failed = alone::compute(&job, &inputs, &open, &mut store)?;
        finish::write(&job, needs, &store)?;
        messages::cannot_compute(&job, failed)
    })
}

#[cfg(feature = "mpi")]
fn under_mpi(args: &SweepArgs, n_ranks: u32) -> Result<(), Failure> {
    with_mpi::run(args, n_ranks)
}

#[cfg(not(feature = "mpi"))]
fn under_mpi(_: &SweepArgs, n_ranks: u32) -> Result<(), Failure> {
    Err(Failure::Measurement {
        message: format!("one of {n_ranks} MPI ranks, but this dlpc-sim was built without MPI"),
        help: "build it with `cargo build --release --features mpi`, or start it without the launcher".to_owned(),
    })
}

fn list_keys(args: &SweepArgs) -> Result<(), Failure> {
    let keys = input::sweep_keys(&args.scenario, &files::read)?;
    let width = keys.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    let line = |(key, value): &(String, Option<String>)| match value {
        Some(value) => format!("{key:width$}  {value}\n"),
        None => format!("{key:width$}  -\n"),
    };
    files::print(&keys.iter().map(line).collect::<String>())
}
