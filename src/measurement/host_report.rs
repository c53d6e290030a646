//! What one host says of itself: cores, clock, governor, temperature, throttling, load.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::core_count;

/// What one host says of itself; one line of JSON from each host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostReport {
    /// Host name.
    pub host: String,
    /// Cores for ranks, whatever this process is bound to.
    pub cores: u32,
    /// Version of this tool on that host.
    pub tool_version: String,
    /// Whether the tool there has the MPI kernels.
    pub has_mpi: bool,
    /// Smallest difference that its clock shows.
    pub clock_resolution_s: f64,
    /// CPU frequency governor, if the host tells.
    pub governor: Option<String>,
    /// Temperature of the processor, if the host tells.
    pub temperature_celsius: Option<f64>,
    /// Flags of `vcgencmd get_throttled`, if it exists.
    pub throttled: Option<u32>,
    /// Load average of the last minute.
    pub load: Option<f64>,
}

impl HostReport {
    /// Looks at this host.
    #[must_use]
    pub fn of_this_host() -> Self {
        Self {
            host: host_name(),
            cores: core_count::cores(Path::new("/")).unwrap_or_else(processors),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            has_mpi: cfg!(feature = "mpi"),
            clock_resolution_s: clock_resolution().as_secs_f64(),
            governor: read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            temperature_celsius: temperature_celsius(),
            throttled: vcgencmd("get_throttled").and_then(|text| parse_throttled(&text)),
            load: read_line("/proc/loadavg").and_then(|line| line.split(' ').next()?.parse().ok()),
        }
    }
}

/// Returns the processors that this process may use, where the kernel lists none.
fn processors() -> u32 {
    thread::available_parallelism().map_or(1, |n| u32::try_from(n.get()).unwrap_or(u32::MAX))
}

/// Returns the name of this host, as the UTS namespace has it.
#[must_use]
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Returns the smallest difference that the clock shows.
#[must_use]
pub fn clock_resolution() -> Duration {
    const TRIES: u32 = 1000;
    (0..TRIES).map(|_| next_tick()).min().unwrap_or(Duration::ZERO)
}

fn next_tick() -> Duration {
    let start = Instant::now();
    loop {
        let elapsed = start.elapsed();
        if elapsed > Duration::ZERO {
            return elapsed;
        }
    }
}

/// Returns the temperature of the processor: from `vcgencmd` on a Raspberry Pi, else from the first thermal zone.
#[must_use]
pub fn temperature_celsius() -> Option<f64> {
    let of_firmware = vcgencmd("measure_temp").and_then(|text| parse_temperature(&text));
    of_firmware.or_else(|| {
        let millidegrees: f64 = read_line("/sys/class/thermal/thermal_zone0/temp")?.parse().ok()?;
        Some(millidegrees / 1000.0)
    })
}

fn vcgencmd(question: &str) -> Option<String> {
    let output = Command::new("vcgencmd").arg(question).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Reads `temp=48.3'C`.
fn parse_temperature(text: &str) -> Option<f64> {
    text.strip_prefix("temp=")?.split('\'').next()?.parse().ok()
}

/// Reads `throttled=0x50000`.
fn parse_throttled(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("throttled=0x")?, 16).ok()
}

fn read_line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().next().map(|line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_a_raspberry_pi_says() {
        assert_eq!(parse_temperature("temp=48.3'C"), Some(48.3));
        assert_eq!(parse_temperature("error"), None);
        assert_eq!(parse_throttled("throttled=0x50005"), Some(0x50005));
        assert_eq!(parse_throttled("throttled="), None);
    }

    #[test]
    fn a_report_survives_its_line_of_json() {
        let report = HostReport::of_this_host();
        assert!(!report.host.is_empty() && report.cores > 0 && report.clock_resolution_s > 0.0);
        let line = serde_json::to_string(&report).expect("a line");
        let read: HostReport = serde_json::from_str(&line).expect("a report");
        assert_eq!(read.host, report.host);
    }
}
