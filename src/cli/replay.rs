//! Arguments of replay.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use dlpc_sim::schedule::cost::Loggops;
use dlpc_sim::units::{Bytes, FlopsPerSecond, Quantity, SecondsPerByte, SimDuration};

use super::Format;

/// Arguments of replay.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    #[arg(
        value_name = "SCHEDULE",
        help = "Schedule in the GOAL text format, or time-independent trace of SimGrid; plain or compressed with gzip"
    )]
    pub(crate) schedule: PathBuf,
    /// Machine model: its hosts, messages and network, ranks placed by slot, instead of the parameters below
    #[arg(long, value_name = "FILE")]
    pub(crate) machine: Option<PathBuf>,
    /// Network of the machine model [default: flow]
    #[arg(long, value_enum, requires = "machine")]
    pub(crate) network: Option<Network>,
    /// How fast a core computes, for instance "1 Gflop/s": traces count operations
    #[arg(long, value_name = "SPEED", value_parser = speed)]
    pub(crate) core_speed: Option<FlopsPerSecond>,
    #[command(flatten)]
    pub(crate) loggops: LoggopsArgs,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Leave the critical path out: less memory
    #[arg(long)]
    pub(crate) no_critical_path: bool,
}

/// How the network of a machine model is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Network {
    /// Messages share links max-min fairly
    Flow,
    /// Messages keep the interfaces of their hosts busy
    Loggops,
}

/// The parameters of `LogGOPS`: numbers without a unit are ns, ns per byte and bytes, as in `LogGOPSim`.
#[derive(Debug, Args)]
pub(crate) struct LoggopsArgs {
    /// Latency [default: 2500 ns]
    #[arg(short = 'L', long = "L", value_name = "TIME", value_parser = time, help_heading = "LogGOPS parameters", conflicts_with = "machine")]
    latency: Option<SimDuration>,
    /// CPU time to send, and to receive, a message [default: 1500 ns]
    #[arg(short = 'o', long = "o", value_name = "TIME", value_parser = time, help_heading = "LogGOPS parameters", conflicts_with = "machine")]
    overhead: Option<SimDuration>,
    /// Time that a message keeps a network interface busy [default: 1000 ns]
    #[arg(short = 'g', long = "g", value_name = "TIME", value_parser = time, help_heading = "LogGOPS parameters", conflicts_with = "machine")]
    message_gap: Option<SimDuration>,
    /// The same for each further byte [default: 6 ns/B]
    #[arg(short = 'G', long = "G", value_name = "TIME/B", value_parser = gap, help_heading = "LogGOPS parameters", conflicts_with = "machine")]
    byte_gap: Option<SecondsPerByte>,
    /// CPU time for each further byte [default: 0 ns/B]
    #[arg(short = 'O', long = "O", value_name = "TIME/B", value_parser = gap, help_heading = "LogGOPS parameters", conflicts_with = "machine")]
    byte_overhead: Option<SecondsPerByte>,
    /// Largest message that is sent eagerly [default: 65535 B]
    #[arg(short = 'S', long = "S", value_name = "SIZE", value_parser = size, help_heading = "LogGOPS parameters", conflicts_with = "machine")]
    eager_limit: Option<Bytes>,
}

impl LoggopsArgs {
    /// Returns the parameters, with the defaults of `LogGOPSim`.
    pub(crate) fn parameters(&self) -> Loggops {
        let usual = Loggops::usual();
        Loggops {
            latency: self.latency.unwrap_or(usual.latency),
            overhead: self.overhead.unwrap_or(usual.overhead),
            message_gap: self.message_gap.unwrap_or(usual.message_gap),
            byte_gap: self.byte_gap.unwrap_or(usual.byte_gap),
            byte_overhead: self.byte_overhead.unwrap_or(usual.byte_overhead),
            eager_limit: self.eager_limit.unwrap_or(usual.eager_limit),
        }
    }
}

/// A number of ns, or a time with its unit.
fn time(text: &str) -> Result<SimDuration, String> {
    with_unit(text, " ns")
}

/// A number of ns per byte, or a time per byte with its unit.
fn gap(text: &str) -> Result<SecondsPerByte, String> {
    with_unit(text, " ns/B")
}

/// A number of bytes, or a size with its unit.
fn size(text: &str) -> Result<Bytes, String> {
    with_unit(text, " B")
}

fn speed(text: &str) -> Result<FlopsPerSecond, String> {
    FlopsPerSecond::parse(text).map_err(|error| format!("{error}; {}", error.help()))
}

fn with_unit<Q: Quantity>(text: &str, unit: &str) -> Result<Q, String> {
    let is_bare = text.parse::<f64>().is_ok();
    let text = if is_bare { format!("{text}{unit}") } else { text.to_owned() };
    Q::parse(&text).map_err(|error| format!("{error}; {}", error.help()))
}
