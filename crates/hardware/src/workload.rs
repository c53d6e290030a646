//! Workloads as the real MPI kernels run them: what goes to rank 0 on standard input, and what comes back.

use dlpc_engine::random::Distribution;
use dlpc_predict::calibration::work::RECORD_BYTES;
use dlpc_predict::workload::{Dispatch, Pi, Returns, Workload};
use serde::{Deserialize, Serialize};

/// MPI counts the bytes of a message in a C integer.
pub(crate) const LARGEST_MESSAGE: u64 = i32::MAX as u64;
/// No time is longer than the simulator's.
const LONGEST_S: f64 = 1.8e7;

/// A workload as one line of JSON on standard input of rank 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RealWorkload {
    /// Estimating pi by throwing darts.
    Pi {
        /// Darts of all ranks together.
        darts: u64,
        /// Whether every dart's record goes to rank 0, or only the count.
        returns_coordinates: bool,
        /// Seed of the darts.
        seed: u64,
    },
    /// Analysing log files that a sequential producer writes.
    LogStream(RealLogStream),
}

/// Analysing log files that a sequential producer writes. Seconds are finite and not negative.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RealLogStream {
    /// Log files in all.
    pub items: u32,
    /// Seconds between two log files.
    pub interval_s: f64,
    /// Seconds until the first log file is complete.
    pub first_s: f64,
    /// Seconds of analysis of one log file.
    pub analysis_s: f64,
    /// Seconds between two looks of rank 0.
    pub poll_s: f64,
    /// Size of the message that hands a log file to a rank; larger if the log needs it.
    pub item_bytes: u64,
    /// Size of the message with the result of one analysis; larger if the result needs it.
    pub result_bytes: u64,
    /// Whether the first free worker takes the next log file; else all go in rounds.
    pub is_first_free: bool,
    /// How a rank spends the analysis time.
    pub work: AnalysisWork,
}

/// How a rank spends the analysis time of a log file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AnalysisWork {
    /// It sleeps: the service time is exact, and no core is busy.
    Sleep,
    /// It throws as many darts as fill the time at this cost per dart.
    Compute {
        /// Seconds per dart on a core of speed 1.
        seconds_per_dart: f64,
    },
}

/// The result of a workload: one line of JSON on standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkloadResult {
    /// The program's own time on rank 0, in seconds.
    pub seconds: f64,
    /// Ranks that took part.
    pub ranks: u32,
    /// Hosts that took part, without repeats.
    pub hosts: Vec<String>,
    /// MPI library and version.
    pub mpi: String,
    /// What the program found, for checks.
    pub result: serde_json::Value,
}

impl RealWorkload {
    /// Returns the real form of a scenario's workload; none for workloads that exist in the simulator only (custom
    /// phases, random service times).
    #[must_use]
    pub fn of(workload: &Workload, seed: u64, work: AnalysisWork) -> Option<Self> {
        match workload {
            Workload::Pi(Pi { darts, returns, .. }) => {
                Some(Self::Pi { darts: *darts, returns_coordinates: matches!(returns, Returns::Coordinates(_)), seed })
            }
            Workload::LogStream(stream) => {
                let Distribution::Constant(analysis) = stream.analysis else { return None };
                Some(Self::LogStream(RealLogStream {
                    items: stream.items,
                    interval_s: stream.interval.as_seconds(),
                    first_s: stream.first.as_seconds(),
                    analysis_s: analysis.as_seconds(),
                    poll_s: stream.poll.as_seconds(),
                    item_bytes: stream.item_bytes.0,
                    result_bytes: stream.result_bytes.0,
                    is_first_free: stream.dispatch == Dispatch::FirstFree,
                    work,
                }))
            }
            Workload::Custom(_) => None,
        }
    }

    /// Checks what the types leave open.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self, n_ranks: u32) -> Result<(), String> {
        match self {
            Self::Pi { darts: 0, .. } => Err("there are no darts".to_owned()),
            Self::Pi { darts, returns_coordinates: true, .. } => {
                let n_ranks = u64::from(n_ranks);
                let bytes = darts.div_ceil(n_ranks).saturating_mul(n_ranks).saturating_mul(RECORD_BYTES as u64);
                if bytes > LARGEST_MESSAGE {
                    let most = LARGEST_MESSAGE / RECORD_BYTES as u64;
                    return Err(format!("rank 0 cannot receive {darts} records: MPI takes {most} at most"));
                }
                Ok(())
            }
            Self::Pi { .. } => Ok(()),
            Self::LogStream(stream) => stream.check(),
        }
    }
}

impl RealLogStream {
    fn check(&self) -> Result<(), String> {
        let times = [
            ("interval_s", self.interval_s),
            ("first_s", self.first_s),
            ("analysis_s", self.analysis_s),
            ("poll_s", self.poll_s),
        ];
        for (name, seconds) in times {
            if !(0.0..=LONGEST_S).contains(&seconds) {
                return Err(format!("{name} is {seconds}, which is not a time"));
            }
        }
        let bytes = [("item_bytes", self.item_bytes), ("result_bytes", self.result_bytes)];
        for (name, bytes) in bytes {
            if bytes > LARGEST_MESSAGE {
                return Err(format!("{name} is {bytes}, and MPI takes {LARGEST_MESSAGE} at most"));
            }
        }
        match self.work {
            AnalysisWork::Compute { seconds_per_dart } if !(seconds_per_dart > 0.0 && seconds_per_dart.is_finite()) => {
                Err(format!("seconds_per_dart is {seconds_per_dart}, which is not above zero"))
            }
            AnalysisWork::Compute { .. } | AnalysisWork::Sleep => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> RealLogStream {
        RealLogStream {
            items: 1,
            interval_s: 0.0,
            first_s: 0.0,
            analysis_s: 0.0,
            poll_s: 0.0,
            item_bytes: 64,
            result_bytes: 64,
            is_first_free: false,
            work: AnalysisWork::Sleep,
        }
    }

    #[test]
    fn a_usual_workload_is_right() {
        assert_eq!(RealWorkload::LogStream(stream()).check(3), Ok(()));
        assert_eq!(RealWorkload::Pi { darts: u64::MAX, returns_coordinates: false, seed: 0 }.check(3), Ok(()));
    }

    #[test]
    fn records_must_fit_in_one_message() {
        // (2^31 - 1) / 25 = 85,899,345
        let pi = |darts| RealWorkload::Pi { darts, returns_coordinates: true, seed: 0 };
        assert_eq!(pi(85_899_345).check(1), Ok(()));
        assert!(pi(85_899_346).check(1).is_err_and(|message| message.contains("85899345 at most")));
        assert!(pi(u64::MAX).check(7).is_err());
    }

    #[test]
    fn times_must_be_times() {
        for seconds in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            let workload = RealWorkload::LogStream(RealLogStream { poll_s: seconds, ..stream() });
            assert!(workload.check(1).is_err_and(|message| message.starts_with("poll_s is ")), "{seconds}");
        }
        let work = AnalysisWork::Compute { seconds_per_dart: 0.0 };
        assert!(RealWorkload::LogStream(RealLogStream { work, ..stream() }).check(1).is_err());
    }
}
