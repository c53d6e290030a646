//! Findings about measured runs, in words.

use dlpc_engine::units::significant;

use crate::number::{percent, signed_percent};
use dlpc_predict::analysis::finding::Finding;

/// Returns a finding as a sentence.
#[must_use]
pub fn sentence(finding: &Finding) -> String {
    match finding {
        Finding::SingleRun { ranks } => {
            format!("{ranks} ranks: one run only, so that it cannot be told from bad luck; run it again.")
        }
        Finding::SlowRun { ranks, seconds, others_s, host } => {
            let host = host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
            let (seconds, others) = (significant(*seconds, 4), significant(*others_s, 4));
            format!("{ranks} ranks: one run{host} took {seconds} s, the others {others} s.")
        }
        Finding::RunsAgree { ranks, n_runs } => {
            format!("{ranks} ranks: all {n_runs} runs agree, so the model misses something there.")
        }
        Finding::Step { from_ranks, before, after } => format!(
            "From {from_ranks} ranks on the error is {}, before that {}: something begins there that the model does not \
             have.",
            signed_percent(*after),
            signed_percent(*before)
        ),
        Finding::Host { host, slower, n_runs } => {
            let than = if *slower > 0.0 { "longer" } else { "less" };
            format!("Host {host} takes {} {than} than the others, over {n_runs} runs.", percent(slower.abs()))
        }
    }
}
