//! A scenario with other values of some keys, as a sweep needs it.

use std::path::Path;

use super::files::Files;
use super::key_path::{Filled, KeyPath, Keys, Step, Target};
use super::levels::{self, Source};
use super::on_machine::Instead;
use super::schema::View;
use super::tree::{Entry, Node, Table, Value};
use super::{Experiment, Read, finish, load_experiment, raw_schemas};
use crate::diagnostic::{Diagnostics, FileId, Problem};
use crate::sweep::plan::{self, Design, POINTS_MAX};
use crate::sweep::{Axis, Form, Level, RANKS, Values};
use crate::units::Unit;

/// Name of the command-line option in messages.
const OPTION: &str = "--set";

/// A value that a key gets.
pub type Change<'c> = (&'c str, &'c Level);

/// Reads what varies: each of `sets` is `KEY=VALUES`, a key path of the scenario or, after `machine.`, of its machine
/// model, and its values. The rank count is always among the axes: if `sets` does not name it, the last one.
///
/// # Errors
/// All problems of the scenario, or else all of `sets`.
pub fn load_axes(path: &Path, sets: &[String], design: Design, read: Read<'_>) -> Result<Vec<Axis>, Diagnostics> {
    let base = load_experiment(path, read)?;
    let mut diagnostics = Diagnostics::default();
    let mut axes: Vec<Axis> = Vec::new();
    for set in sets {
        let file = diagnostics.add_source(Path::new(OPTION), set.clone());
        match axis(set, file, &keys(&base), design) {
            Err(problems) => diagnostics.extend(problems),
            Ok(found) if axes.iter().any(|other| other.key == found.key) => {
                let at = file.span(0, found.key.len());
                let problem = Problem::error("sweep::twice", at, format!("`{}` is set twice", found.key));
                diagnostics.push(problem.help("write all its values in one: --set KEY=\"A, B\""));
            }
            Ok(found) => axes.push(found),
        }
    }
    if !axes.iter().any(Axis::is_ranks) {
        axes.push(ranks_of(&base));
    }
    if plan::n_points(&axes, design).is_none_or(|n| n > POINTS_MAX) {
        let file = diagnostics.add_source(Path::new(OPTION), String::new());
        let n = plan::n_points(&axes, design).map_or_else(|| "far".to_owned(), |n| n.to_string());
        let message = format!("the sweep has {n} points, more than {POINTS_MAX}");
        let help = "vary less, or take a sample of the combinations: --samples 1000";
        diagnostics.push(Problem::error("sweep::too_many", file.whole(), message).help(help));
    }
    finish(Some(axes), diagnostics).map(|(axes, _)| axes)
}

/// Returns every key path that a sweep of this scenario can vary, with its value as text; none if it has no value.
///
/// # Errors
/// All problems of the scenario.
pub fn sweep_keys(path: &Path, read: Read<'_>) -> Result<Vec<(String, Option<String>)>, Diagnostics> {
    let base = load_experiment(path, read)?;
    let all = keys(&base).all().into_iter().map(|(key, value)| (key, value.map(shown)));
    Ok(all.collect())
}

/// Reads a scenario with its machine model and hostfile, with other values of some keys; `name` is what messages call
/// them, for instance `point 17`. Measured runs are left out.
///
/// # Errors
/// All problems of all these files with those values.
pub fn load_varied(path: &Path, changes: &[Change<'_>], name: &str, read: Read<'_>) -> Result<Experiment, Diagnostics> {
    let mut files = Files::new(read);
    let experiment = files.open_first(path).and_then(|file| {
        let changes = Changes::new(changes, name, &mut files.diagnostics);
        super::experiment(file, path, Instead::Changes(&changes), &mut files)
    });
    finish(experiment, files.diagnostics).map(|(experiment, warnings)| Experiment { warnings, ..experiment })
}

fn keys(base: &Experiment) -> Keys<'_> {
    let (scenario, machine) = raw_schemas();
    Keys {
        scenario: Filled { schema: View::root(scenario), values: &base.effective_scenario },
        machine: Filled { schema: View::root(machine), values: &base.effective_machine },
    }
}

fn axis(set: &str, file: FileId, keys: &Keys<'_>, design: Design) -> Result<Axis, Vec<Problem>> {
    let Some((key, _)) = set.split_once('=') else {
        let problem = Problem::error("sweep::no_values", file.span(0, set.len().max(1)), "no values");
        return Err(vec![problem.help("write KEY=VALUES, for instance run.ranks=\"1..=32\"; `--keys` lists all keys")]);
    };
    let schema = keys.find(&KeyPath::parse(key), file).map_err(|problem| vec![problem])?;
    let is_sampled = matches!(design, Design::LatinHypercube { .. });
    let source = Source { key, schema, text: set, file, is_sampled };
    let (unit, values) = levels::parse(source, key.len() + 1)?;
    Ok(Axis { key: key.to_owned(), unit, values })
}

/// Returns the scenario's rank counts: they are an axis, too.
fn ranks_of(base: &Experiment) -> Axis {
    let levels = base.scenario.run.ranks.iter().map(|ranks| Form::Integer.level(f64::from(ranks.get())));
    Axis { key: RANKS.to_owned(), unit: Some(Unit::One), values: Values::List(levels.collect()) }
}

fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        serde_json::Value::Object(table) if table.len() == 1 => {
            table.iter().map(|(key, value)| if value.is_object() { key.clone() } else { shown(value) }).collect()
        }
        other => other.to_string(),
    }
}

/// Values that keys get, with their places in a source of their own.
pub(super) struct Changes {
    changes: Vec<(KeyPath, Entry)>,
}

impl Changes {
    fn new(changes: &[Change<'_>], name: &str, diagnostics: &mut Diagnostics) -> Self {
        let lines: Vec<String> = changes.iter().map(|(key, level)| format!("{key} = {}\n", level.text)).collect();
        let file = diagnostics.add_source(Path::new(name), lines.concat());
        let mut start = 0;
        let mut placed = Vec::new();
        for ((key, level), line) in changes.iter().zip(&lines) {
            let key_span = file.span(start, start + key.len());
            let span = file.span(start + key.len() + 3, start + line.len() - 1);
            let node = Node { span, value: levels::value_of(&level.literal) };
            placed.push((KeyPath::parse(key), Entry { key: (*key).to_owned(), key_span, node }));
            start += line.len();
        }
        Self { changes: placed }
    }

    /// Changes the values of one file.
    pub(super) fn apply(&self, target: Target, root: &mut Node) {
        for (path, entry) in self.changes.iter().filter(|(path, _)| path.target == target) {
            put(root, &path.steps, entry);
        }
    }

    /// Returns the key paths in the machine model.
    pub(super) fn machine_paths(&self) -> Vec<String> {
        let paths = self.changes.iter().filter(|(path, _)| path.target == Target::Machine);
        paths.map(|(_, entry)| entry.key.trim_start_matches("machine.").to_owned()).collect()
    }
}

/// Puts the value of `change` at `steps` below `node`; what is no table or list on the way there becomes one.
fn put(node: &mut Node, steps: &[(Step, std::ops::Range<usize>)], change: &Entry) {
    let Some(((step, _), rest)) = steps.split_first() else {
        *node = change.node.clone();
        return;
    };
    let child = match step {
        Step::Key(key) => table_of(node).entry_of(key, change),
        Step::Index(index) => list_of(node).get_mut(*index),
    };
    if let Some(child) = child {
        put(child, rest, change);
    }
}

fn table_of(node: &mut Node) -> &mut Table {
    if node.as_table().is_none() {
        node.value = Value::Table(Table::default());
    }
    match &mut node.value {
        Value::Table(table) => table,
        _ => unreachable!("bug: it was made a table"),
    }
}

/// Returns the entries of a list; a single value, the short form of a list of one, becomes that list.
fn list_of(node: &mut Node) -> &mut Vec<Node> {
    if !matches!(node.value, Value::Array(_)) {
        node.value = Value::Array(vec![node.clone()]);
    }
    match &mut node.value {
        Value::Array(nodes) => nodes,
        _ => unreachable!("bug: it was made a list"),
    }
}

impl Table {
    /// Returns the value of `key`, which is added if it is not there, with the place of `change`.
    fn entry_of(&mut self, key: &str, change: &Entry) -> Option<&mut Node> {
        if let Some(i) = self.entries.iter().position(|entry| entry.key == key) {
            return self.entries.get_mut(i).map(|entry| &mut entry.node);
        }
        let node = Node { span: change.node.span, value: Value::Table(Table::default()) };
        self.entries.push(Entry { key: key.to_owned(), key_span: change.key_span, node });
        self.entries.last_mut().map(|entry| &mut entry.node)
    }
}
