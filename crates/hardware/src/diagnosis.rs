//! Whether a cluster is fit for measurements: what its hosts say, held against what is needed.

use dlpc_predict::input::HostSlots;

use super::host_report::HostReport;

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFinding {
    /// How good it is.
    pub grade: Grade,
    /// What was looked at: a host, or the launcher.
    pub subject: String,
    /// What was found.
    pub found: String,
    /// What to do; empty if all is well.
    pub advice: String,
}

/// How good a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    /// All is well.
    Good,
    /// Measurements are possible, but will be doubtful.
    Doubtful,
    /// Measurements are not possible.
    Bad,
}

/// Warmer than this, a Raspberry Pi 3 is about to slow down (its firmware does so from 80 °C on).
const WARM_CELSIUS: f64 = 75.0;
/// Coarser clocks cannot time a small message.
const COARSE_CLOCK_S: f64 = 1e-5;
/// Flags of `vcgencmd get_throttled` for what is going on now: under-voltage, capped, throttled, soft limit.
const THROTTLED_NOW: u32 = 0xF;
/// The same for what has happened since the start.
const THROTTLED_BEFORE: u32 = 0xF_0000;

impl Grade {
    /// Returns the word in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Doubtful => "doubtful",
            Self::Bad => "bad",
        }
    }
}

/// Holds the reports of the hosts against what is needed; `expected` are the hosts that should have answered.
#[must_use]
pub fn diagnose(reports: &[HostReport], expected: &[HostSlots]) -> Vec<HostFinding> {
    let mut findings = Vec::new();
    for host in expected {
        if !reports.iter().any(|report| is_same_host(&report.host, &host.name)) {
            findings.push(bad(
                &host.name,
                "does not answer",
                "check its power, cable and name, and that the launcher reaches it without a password",
            ));
        }
    }
    let place = |report: &&HostReport| expected.iter().position(|host| is_same_host(&report.host, &host.name));
    let mut reports: Vec<&HostReport> = reports.iter().collect();
    reports.sort_by_key(place);
    for report in reports {
        let host = expected.iter().find(|host| is_same_host(&report.host, &host.name));
        findings.extend(about_host(report, host));
    }
    findings
}

/// Returns whether a host that calls itself `name` is the one that the hostfile calls `named`: `pi0` is `pi0.local`.
#[must_use]
pub fn is_same_host(name: &str, named: &str) -> bool {
    let short = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    name == named || (short(name) == short(named) && !name.starts_with(|c: char| c.is_ascii_digit()))
}

fn about_host(report: &HostReport, expected: Option<&HostSlots>) -> Vec<HostFinding> {
    let mut findings = vec![about_software(report), about_clock(report)];
    if let Some(host) = expected {
        findings.push(about_cores(report, host));
    }
    findings.extend(report.governor.as_deref().map(|governor| about_governor(report, governor)));
    findings.extend(report.temperature_celsius.map(|celsius| about_temperature(report, celsius)));
    findings.extend(report.throttled.map(|flags| about_throttling(report, flags)));
    findings.extend(report.load.map(|load| about_load(report, load)));
    findings
}

fn about_software(report: &HostReport) -> HostFinding {
    let ours = env!("CARGO_PKG_VERSION");
    let found = format!("dlpc-sim {}", report.tool_version);
    if report.tool_version != ours {
        return bad(&report.host, &found, &format!("copy the same binary to all hosts; here it is {ours}"));
    }
    if report.has_mpi {
        return good(&report.host, &format!("{found} with MPI kernels"));
    }
    bad(&report.host, &format!("{found} without MPI kernels"), "build it with `cargo build --release --features mpi`")
}

fn about_clock(report: &HostReport) -> HostFinding {
    let found = format!("clock resolution {:.0} ns", report.clock_resolution_s * 1e9);
    if report.clock_resolution_s > COARSE_CLOCK_S {
        return doubtful(&report.host, &found, "small messages cannot be timed one by one on this host");
    }
    good(&report.host, &found)
}

fn about_cores(report: &HostReport, expected: &HostSlots) -> HostFinding {
    let Some(slots) = expected.slots else {
        return good(&report.host, &format!("{} cores, so {} slots", report.cores, report.cores));
    };
    let found = format!("{} cores for {slots} slots", report.cores);
    if report.cores < slots {
        let advice =
            format!("write slots={} for it in the hostfile: ranks that share a core cannot be timed", report.cores);
        return doubtful(&report.host, &found, &advice);
    }
    good(&report.host, &found)
}

fn about_governor(report: &HostReport, governor: &str) -> HostFinding {
    let found = format!("CPU governor `{governor}`");
    if governor == "performance" {
        return good(&report.host, &found);
    }
    doubtful(
        &report.host,
        &found,
        "choose `performance` (cpufreq-set -r -g performance): other governors change the speed",
    )
}

fn about_temperature(report: &HostReport, celsius: f64) -> HostFinding {
    let found = format!("{celsius:.0} °C");
    if celsius < WARM_CELSIUS {
        return good(&report.host, &found);
    }
    doubtful(&report.host, &found, "cool it: a hot host slows down in the middle of a run")
}

fn about_throttling(report: &HostReport, flags: u32) -> HostFinding {
    let found = format!("throttling flags {flags:#x}");
    if flags & THROTTLED_NOW != 0 {
        return bad(
            &report.host,
            &found,
            "it is slowed down now: better power supply and cooling, then start it again",
        );
    }
    if flags & THROTTLED_BEFORE != 0 {
        return doubtful(&report.host, &found, "it was slowed down since it started: check power supply and cooling");
    }
    good(&report.host, &found)
}

fn about_load(report: &HostReport, load: f64) -> HostFinding {
    let found = format!("load {load:.2} of {} cores", report.cores);
    if load < 0.3 * f64::from(report.cores) {
        return good(&report.host, &found);
    }
    doubtful(&report.host, &found, "something else is running there: stop it, or wait a minute")
}

fn finding(grade: Grade, subject: &str, found: &str, advice: &str) -> HostFinding {
    HostFinding { grade, subject: subject.to_owned(), found: found.to_owned(), advice: advice.to_owned() }
}

/// A finding with which all is well.
#[must_use]
pub fn good(subject: &str, found: &str) -> HostFinding {
    finding(Grade::Good, subject, found, "")
}

/// A finding that makes measurements doubtful.
#[must_use]
pub fn doubtful(subject: &str, found: &str, advice: &str) -> HostFinding {
    finding(Grade::Doubtful, subject, found, advice)
}

/// A finding that makes measurements impossible.
#[must_use]
pub fn bad(subject: &str, found: &str, advice: &str) -> HostFinding {
    finding(Grade::Bad, subject, found, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy(host: &str) -> HostReport {
        HostReport {
            host: host.to_owned(),
            cores: 4,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            has_mpi: true,
            clock_resolution_s: 1e-7,
            governor: Some("performance".to_owned()),
            temperature_celsius: Some(50.0),
            throttled: Some(0),
            load: Some(0.1),
        }
    }

    fn pi0() -> Vec<HostSlots> {
        vec![HostSlots { name: "pi0".to_owned(), user: None, port: None, slots: Some(4) }]
    }

    fn worst(report: HostReport) -> HostFinding {
        diagnose(&[report], &pi0()).into_iter().max_by_key(|finding| finding.grade).expect("findings")
    }

    #[test]
    fn a_healthy_host_has_only_good_findings() {
        assert_eq!(worst(healthy("pi0.local")).grade, Grade::Good);
    }

    #[test]
    fn a_host_that_does_not_answer_is_bad() {
        let findings = diagnose(&[], &pi0());
        assert_eq!((findings[0].grade, findings[0].subject.as_str()), (Grade::Bad, "pi0"));
    }

    #[test]
    fn each_illness_is_found() {
        let cases = [
            (HostReport { tool_version: "0.0.1".to_owned(), ..healthy("pi0") }, Grade::Bad),
            (HostReport { has_mpi: false, ..healthy("pi0") }, Grade::Bad),
            (HostReport { throttled: Some(0x50005), ..healthy("pi0") }, Grade::Bad),
            (HostReport { throttled: Some(0x50000), ..healthy("pi0") }, Grade::Doubtful),
            (HostReport { clock_resolution_s: 1e-4, ..healthy("pi0") }, Grade::Doubtful),
            (HostReport { cores: 2, ..healthy("pi0") }, Grade::Doubtful),
            (HostReport { governor: Some("ondemand".to_owned()), ..healthy("pi0") }, Grade::Doubtful),
            (HostReport { temperature_celsius: Some(82.0), ..healthy("pi0") }, Grade::Doubtful),
            (HostReport { load: Some(3.0), ..healthy("pi0") }, Grade::Doubtful),
        ];
        for (report, grade) in cases {
            let worst = worst(report);
            assert_eq!(worst.grade, grade, "{worst:?}");
            assert!(!worst.advice.is_empty());
        }
    }
}
