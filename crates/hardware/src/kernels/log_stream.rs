//! Analysing log files, really run: a producer process writes them, rank 0 looks for them and deals them out.

mod first_free;
mod item;
mod rounds;
mod shelf;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use dlpc_predict::calibration::work;
use mpi::collective::CommunicatorCollectives;
use serde_json::json;

use self::item::{Analysis, Tally};
use self::shelf::Shelf;
use super::outcome::{Run, print};
use super::session::Session;
use super::{KernelError, stopwatch};
use crate::workload::{AnalysisWork, RealLogStream};

/// Rank 0's view of a run: what is there, what has been analysed, and where it tells that it is alive.
struct Lead<'a> {
    session: &'a Session,
    stream: &'a RealLogStream,
    shelf: Shelf,
    tally: Tally,
    output: &'a mut dyn Write,
}

/// Runs a log stream. The clock runs on rank 0 from the cue for the producer to after the last result.
///
/// Returns the result on rank 0, and nothing on the others.
pub(super) fn run(
    session: &Session,
    stream: &RealLogStream,
    program: &Path,
    output: &mut dyn Write,
) -> Result<Option<Run>, KernelError> {
    if session.rank != 0 {
        if stream.is_first_free {
            session.world.barrier();
            first_free::work(session, stream)?;
        } else {
            // The practice round, then those with log files.
            rounds::follow(session, stream)?;
            session.world.barrier();
            rounds::follow(session, stream)?;
        }
        return Ok(None);
    }
    let shelf = Shelf::open(program, stream)?;
    let tally = Tally::new(stream.items, session.n_ranks);
    let mut lead = Lead { session, stream, shelf, tally, output };
    if !stream.is_first_free {
        rounds::practise(session, stream)?;
    }
    session.world.barrier();
    let start = Instant::now();
    lead.shelf.give_cue()?;
    match (stream.is_first_free, session.n_ranks) {
        (true, 1) => first_free::alone(&mut lead)?,
        (true, _) => first_free::deal_out(&mut lead)?,
        (false, _) => rounds::lead(&mut lead)?,
    }
    let seconds = start.elapsed().as_secs_f64();
    lead.shelf.close()?;
    let result = json!({
        "items": stream.items,
        "analysed_by_rank": lead.tally.by_rank(),
        "mean_celsius": lead.tally.mean_celsius()?,
    });
    Ok(Some(Run { seconds, result, records: Vec::new() }))
}

impl Lead<'_> {
    /// Keeps a finding and tells that the run is alive.
    fn keep(&mut self, rank: u32, finding: Analysis) -> Result<(), KernelError> {
        self.tally.keep(rank, finding)?;
        let (analysed, items) = (self.tally.n_analysed(), self.stream.items);
        print(self.output, &json!({ "analysed": analysed, "items": items }).to_string())
    }

    fn sleep_until_next_look(&self) {
        stopwatch::sleep(self.stream.poll_s);
    }
}

/// Reads a log and works on it for its service time.
fn analyse(session: &Session, stream: &RealLogStream, item: u32, text: &str) -> Result<Analysis, KernelError> {
    let finding = Analysis::of(item, text)?;
    match stream.work {
        AnalysisWork::Sleep => stopwatch::sleep(stream.analysis_s),
        AnalysisWork::Compute { seconds_per_dart } => {
            let mut rng = work::stream(u64::from(item), session.rank);
            work::throw_and_count(&mut rng, n_darts(stream.analysis_s, seconds_per_dart));
        }
    }
    Ok(finding)
}

/// Returns how many darts fill a service time.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
fn n_darts(analysis_s: f64, seconds_per_dart: f64) -> u64 {
    (analysis_s / seconds_per_dart).round() as u64
}

fn poll(stream: &RealLogStream) -> Duration {
    Duration::from_secs_f64(stream.poll_s)
}
