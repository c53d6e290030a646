//! Files to checked types: TOML and CSV text in, scenarios, machine models and measurements out.
//!
//! Nothing here opens a file: all reading goes through a closure of the caller. All problems of all files are reported
//! at once, as [`Diagnostics`].

mod campaign;
mod changes;
mod files;
mod machine;
mod measurement;
mod on_machine;
mod scenario;
mod toml;
mod traced;
mod vary;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use dlpc_engine::machine::MachineModel;
pub use dlpc_formats::{Open, Recorded, load_goal, load_recorded};
use serde::Deserialize;

pub use self::campaign::load_campaign;
pub use self::changes::Change;
use self::changes::Changes;
use self::changes::key_path::Target;
use self::files::Files;
pub use self::files::{FILE_BYTES_MAX, Read};
pub(crate) use self::machine::intervals::{relative_sigma, relative_to};
pub use self::machine::provenance::Provenance;
use self::machine::raw::RawMachine;
pub use self::machine::spelling::{GroupSpelling, Spelling};
pub(crate) use self::machine::uncertainty::uncertainty;
pub(crate) use self::machine::writer::machine_text;
use self::on_machine::Instead;
pub use self::on_machine::{load_experiment_on, machine_of_scenario};
use self::scenario::MachineFile;
pub use self::scenario::effort::{RUNS_MAX, n_steps};
use self::scenario::hostfile;
pub use self::scenario::hostfile::HostSlots;
use self::scenario::raw::RawScenario;
use self::toml::tree::{Document, Node, Table, Value};
use self::toml::{document, schema, spanned, tree};
pub use self::vary::{load_axes, load_set, load_varied, sweep_keys};
use crate::diagnostic::{Diagnostics, FileId, Problem, Span};
use crate::measurement::Measurement;
use crate::scenario::Scenario;
pub(crate) use crate::written::quantity::time;

/// Everything that one prediction needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// What to run.
    pub scenario: Scenario,
    /// The cluster, with the scenario's overrides.
    pub machine: MachineModel,
    /// The scenario's measured curve, if it names one.
    pub measured: Option<MeasuredCurve>,
    /// Where the values of the machine model come from.
    pub provenance: Provenance,
    /// How its file says what can be said in several ways.
    pub spelling: Spelling,
    /// The scenario as JSON, defaults filled in and short forms written out.
    pub effective_scenario: serde_json::Value,
    /// The machine model as JSON, overrides merged and defaults filled in.
    pub effective_machine: serde_json::Value,
    /// Problems that do not stop a prediction.
    pub warnings: Diagnostics,
}

impl Experiment {
    /// Has it run so many times at each rank count, also in what results echo.
    pub fn set_replications(&mut self, replications: NonZeroU32) {
        self.scenario.run.replications = replications;
        self.effective_scenario["run"]["replications"] = replications.get().into();
    }

    /// Gives it another seed, also in what results echo.
    pub fn set_seed(&mut self, seed: u64) {
        self.scenario.run.seed = seed;
        self.effective_scenario["run"]["seed"] = seed.into();
    }
}

/// A measured curve and its file.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredCurve {
    /// The file, as seen from where the scenario was named.
    pub path: PathBuf,
    /// Its rows.
    pub measurement: Measurement,
}

/// A machine model on its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// The cluster.
    pub model: MachineModel,
    /// Where its values come from.
    pub provenance: Provenance,
    /// How its file says what can be said in several ways.
    pub spelling: Spelling,
    /// The file as JSON, defaults filled in.
    pub effective: serde_json::Value,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// What to run.
    Scenario,
    /// A cluster.
    Machine,
    /// A measured curve.
    Measurement,
}

impl FileKind {
    /// Returns the name in messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scenario => "scenario",
            Self::Machine => "machine model",
            Self::Measurement => "measurement",
        }
    }
}

/// Reads a scenario with its machine model, hostfile and measured curve.
///
/// # Errors
/// All problems of all these files.
pub fn load_experiment(path: &Path, read: Read<'_>) -> Result<Experiment, Diagnostics> {
    let mut files = Files::new(read);
    let experiment = files.open_first(path).and_then(|file| experiment(file, path, Instead::Nothing, &mut files));
    finish(experiment, files.diagnostics).map(|(experiment, warnings)| Experiment { warnings, ..experiment })
}

/// Reads a machine model on its own.
///
/// # Errors
/// All problems of the file.
pub fn load_machine(path: &Path, read: Read<'_>) -> Result<Machine, Diagnostics> {
    let mut files = Files::new(read);
    let file = files.open_first(path);
    let machine = file.and_then(|file| machine_of(file, Table::default(), None, &mut files.diagnostics));
    finish(machine, files.diagnostics).map(|(machine, _)| machine)
}

/// Reads a measured curve.
///
/// # Errors
/// All problems of the file.
pub fn load_measurement(path: &Path, read: Read<'_>) -> Result<Measurement, Diagnostics> {
    let mut files = Files::new(read);
    let file = files.open_first(path);
    let measurement = file.and_then(|file| measurement::read(file, &mut files.diagnostics));
    finish(measurement, files.diagnostics).map(|(measurement, _)| measurement)
}

/// Reads the hostfile of a real cluster: its hosts need not be in any machine model.
///
/// # Errors
/// All problems of the file.
pub fn load_hostfile(path: &Path, read: Read<'_>) -> Result<Vec<HostSlots>, Diagnostics> {
    let mut files = Files::new(read);
    let file = files.open_first(path);
    let hosts = file.and_then(|file| hostfile::read_cluster(file, &mut files.diagnostics));
    finish(hosts, files.diagnostics).map(|(hosts, _)| hosts)
}

/// Checks a file of any kind, with the files that it names, and returns what it is.
///
/// # Errors
/// All problems of all these files.
pub fn check_file(path: &Path, read: Read<'_>) -> Result<FileKind, Diagnostics> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
        return load_measurement(path, read).map(|_| FileKind::Measurement);
    }
    match kind_of(path, read)? {
        FileKind::Scenario => load_experiment(path, read).map(|_| FileKind::Scenario),
        FileKind::Machine => load_machine(path, read).map(|_| FileKind::Machine),
        FileKind::Measurement => load_measurement(path, read).map(|_| FileKind::Measurement),
    }
}

/// Returns the JSON Schema of scenarios.
#[must_use]
pub fn scenario_schema() -> serde_json::Value {
    schema::publish(schema::of::<RawScenario>("dlpc-sim scenario"))
}

/// Returns the JSON Schema of machine models.
#[must_use]
pub fn machine_schema() -> serde_json::Value {
    schema::publish(schema::of::<RawMachine>("dlpc-sim machine model"))
}

/// Returns the schemas that scenarios and machine models are checked against.
fn raw_schemas() -> (&'static serde_json::Value, &'static serde_json::Value) {
    static SCENARIO: LazyLock<serde_json::Value> = LazyLock::new(|| schema::of::<RawScenario>("scenario"));
    static MACHINE: LazyLock<serde_json::Value> = LazyLock::new(|| schema::of::<RawMachine>("machine"));
    (&SCENARIO, &MACHINE)
}

/// Takes the measured curve away: a point of a sweep is not compared.
fn leave_measured_out(root: &mut Node) {
    if let Value::Table(table) = &mut root.value {
        table.entries.retain(|entry| entry.key != "measured");
    }
}

/// Returns what a TOML file is.
fn kind_of(path: &Path, read: Read<'_>) -> Result<FileKind, Diagnostics> {
    let mut files = Files::new(read);
    let Some(file) = files.open_first(path) else { return Err(files.diagnostics) };
    let mut diagnostics = files.diagnostics;
    let Document { root, is_complete } = tree::parse(file, "file", &mut diagnostics);
    if let Some(kind) = kind_by_keys(&root) {
        return Ok(kind);
    }
    if is_complete {
        let message = "the file is neither a scenario nor a machine model";
        let help = "a scenario has [run] and [workload], a machine model [hosts]; a measurement ends in .csv";
        diagnostics.push(Problem::error("file::unknown_kind", file.whole(), message).help(help));
    }
    Err(diagnostics)
}

/// Tells a scenario from a machine model by its keys.
fn kind_by_keys(root: &Node) -> Option<FileKind> {
    let has = |keys: &[&str]| root.as_table().is_some_and(|table| keys.iter().any(|key| table.get(key).is_some()));
    if has(&["workload", "run", "machine"]) {
        Some(FileKind::Scenario)
    } else {
        has(&["hosts", "switch", "messages"]).then_some(FileKind::Machine)
    }
}

/// Reports a file that stands in the place of another kind of file; the rest of it cannot be judged.
fn is_of_other_kind(file: FileId, expected: FileKind, diagnostics: &mut Diagnostics) -> bool {
    let is_csv = diagnostics.path(file).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
    let found = if is_csv {
        Some(FileKind::Measurement)
    } else {
        // Its problems are reported when it is parsed as what it should be.
        kind_by_keys(&tree::parse(file, "file", &mut diagnostics.clone()).root)
    };
    let Some(found) = found.filter(|found| *found != expected) else { return false };
    let message = format!("the file is a {}, not a {}", found.name(), expected.name());
    let help = match expected {
        FileKind::Scenario => "a scenario has [run] and [workload]; dlpc-sim check FILE tells what a file is",
        FileKind::Machine | FileKind::Measurement => "a machine model has [hosts], [switch] and [messages]",
    };
    diagnostics.push(Problem::error("file::wrong_kind", file.whole(), message).help(help));
    true
}

/// Returns the value and the warnings, or all problems.
fn finish<T>(value: Option<T>, mut diagnostics: Diagnostics) -> Result<(T, Diagnostics), Diagnostics> {
    match value {
        Some(value) if diagnostics.is_empty() => Ok((value, Diagnostics::default())),
        Some(value) if !diagnostics.has_errors() => Ok((value, diagnostics)),
        Some(_) => Err(diagnostics),
        None => {
            if !diagnostics.has_errors() {
                let file = diagnostics.add_source(Path::new("dlpc-sim"), String::new());
                let message = "the file was refused without a reason: please report this as a bug";
                diagnostics.push(Problem::error("internal::no_reason", file.whole(), message));
            }
            Err(diagnostics)
        }
    }
}

fn experiment(file: FileId, path: &Path, instead: Instead<'_>, files: &mut Files<'_>) -> Option<Experiment> {
    let changes = instead.changes();
    if is_of_other_kind(file, FileKind::Scenario, &mut files.diagnostics) {
        return None;
    }
    let Document { mut root, is_complete } = tree::parse(file, "scenario", &mut files.diagnostics);
    if let Some(changes) = changes {
        changes.apply(Target::Scenario, &mut root);
        leave_measured_out(&mut root);
    }
    let overrides = overrides(&root);
    let machine_named = named_path(&root, "machine");
    let measured_named = named_path(&root, "measured");
    let raw = is_complete
        .then(|| checked::<RawScenario>(&mut root, raw_schemas().0, "scenario", None, &mut files.diagnostics));
    let raw = raw.flatten();
    let own_machine = machine_named.as_ref().map(|(named, _)| tree::beside(path, named));
    let machine_path = instead.machine().or(own_machine);
    let machine_file = machine_path
        .as_ref()
        .zip(machine_named.as_ref())
        .and_then(|(path, (_, span))| files.open_named(path, "scenario::machine", *span));
    let machine = machine_file.and_then(|file| machine_of(file, overrides, changes, &mut files.diagnostics));
    let measured_at = measured_named.as_ref().map(|(_, span)| *span);
    let measured = measured_named.map(|(named, span)| measured(&tree::beside(path, &named), span, files));
    let shown_path = machine_path.unwrap_or_default().display().to_string();
    let machine_file = machine.as_ref().map(|machine| MachineFile { model: &machine.model, path: &shown_path });
    let scenario = scenario::validate(&raw?, path, machine_file, files)?;
    let measured = match measured {
        None => None,
        Some(curve) => Some(curve?),
    };
    if let Some((curve, span)) = measured.as_ref().zip(measured_at) {
        warn_without_common_ranks(curve, &scenario, span, &mut files.diagnostics);
    }
    let Machine { model, provenance, spelling, effective } = machine?;
    Some(Experiment {
        scenario,
        machine: model,
        measured,
        provenance,
        spelling,
        effective_scenario: root.to_json(),
        effective_machine: effective,
        warnings: Diagnostics::default(),
    })
}

/// Checks a document, completes it and returns it as its raw struct.
fn checked<T>(
    root: &mut Node,
    schema: &serde_json::Value,
    prefix: &'static str,
    overrides: Option<FileId>,
    diagnostics: &mut Diagnostics,
) -> Option<T>
where
    T: for<'de> Deserialize<'de>,
{
    document::check(root, schema, prefix, overrides, diagnostics);
    match spanned::deserialise(root.clone()) {
        Ok(raw) => Some(raw),
        Err(error) => {
            let message = format!("the file passed all checks, but cannot be read: {error}; please report this");
            diagnostics.push(Problem::error("internal::unreadable", root.span, message));
            None
        }
    }
}

/// Reads a machine model and merges `overrides` over it.
fn machine_of(
    file: FileId,
    overrides: Table,
    changes: Option<&Changes>,
    diagnostics: &mut Diagnostics,
) -> Option<Machine> {
    if is_of_other_kind(file, FileKind::Machine, diagnostics) {
        return None;
    }
    let Document { mut root, is_complete } = tree::parse(file, "machine", diagnostics);
    if !is_complete {
        return None;
    }
    let overridden_in = overrides.entries.first().map(|entry| entry.key_span.file);
    if let Value::Table(table) = &mut root.value {
        drop_intervals(table, &overrides.leaf_paths());
        drop_intervals(table, &changes.map(Changes::machine_paths).unwrap_or_default());
        table.merge(overrides);
    }
    if let Some(changes) = changes {
        changes.apply(Target::Machine, &mut root);
    }
    let raw: RawMachine = checked(&mut root, raw_schemas().1, "machine", overridden_in, diagnostics)?;
    let model = machine::validate(&raw, diagnostics)?;
    Some(Machine { model, provenance: Provenance::of(&raw), spelling: Spelling::of(&raw), effective: root.to_json() })
}

/// Takes away the 95 % intervals and standard errors of overridden values: they belong to the values that were fitted.
fn drop_intervals(machine: &mut Table, overridden: &[String]) {
    for table in ["intervals", "standard_errors"] {
        if let Some(Value::Table(entries)) = machine.get_mut(table).map(|node| &mut node.value) {
            entries.entries.retain(|entry| !overridden.iter().any(|path| is_within(&entry.key, path)));
        }
    }
}

/// Returns whether a key path is `path`, or one below it: `hosts.pi.speed[3]` is a value of `hosts.pi.speed`.
fn is_within(key: &str, path: &str) -> bool {
    key.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
}

fn measured(path: &Path, named_at: Span, files: &mut Files<'_>) -> Option<MeasuredCurve> {
    let file = files.open_named(path, "scenario::measured", named_at)?;
    let measurement = measurement::read(file, &mut files.diagnostics)?;
    Some(MeasuredCurve { path: path.to_owned(), measurement })
}

fn warn_without_common_ranks(curve: &MeasuredCurve, scenario: &Scenario, at: Span, diagnostics: &mut Diagnostics) {
    let is_predicted = |ranks| scenario.run.ranks.binary_search_by_key(&ranks, |count| count.get()).is_ok();
    if !curve.measurement.rows.iter().any(|row| is_predicted(row.ranks)) {
        let message = format!("no rank count of `{}` is in `run.ranks`", curve.path.display());
        let problem = Problem::warning("scenario::measured_elsewhere", at, message);
        diagnostics.push(problem.help("predict the measured rank counts, to compare them"));
    }
}

/// Returns the path that a key of the scenario names, and its place.
fn named_path(root: &Node, key: &str) -> Option<(String, Span)> {
    let node = root.as_table()?.get(key)?;
    Some((node.as_text()?.to_owned(), node.span))
}

/// Returns the machine-model keys of the scenario.
fn overrides(root: &Node) -> Table {
    let node = root.as_table().and_then(|table| table.get("machine_override"));
    node.and_then(Node::as_table).cloned().unwrap_or_default()
}
