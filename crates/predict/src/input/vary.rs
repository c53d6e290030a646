//! A scenario with other values of some keys, as a sweep needs it.

use std::path::Path;

use dlpc_engine::units::Unit;

use super::{Experiment, Read, finish, load_experiment, raw_schemas};
use crate::diagnostic::{Diagnostics, FileId, Problem};
use crate::input::changes::key_path::{Filled, KeyPath, Keys};
use crate::input::changes::levels::{self, Source};
use crate::input::changes::{Change, Changes};
use crate::input::files::Files;
use crate::input::on_machine::Instead;
use crate::input::toml::schema::View;
use crate::sweep::plan::{self, Design, POINTS_MAX};
use crate::sweep::{Axis, Form, Level, Literal, RANKS, Values};

/// Name of the command-line option in messages.
const OPTION: &str = "--set";

/// Reads what varies: each of `sets` is `KEY=VALUES`, a key path of the scenario or, after `machine.`, of its machine
/// model, and its values. The rank count is always among the axes: if `sets` does not name it, the last one.
///
/// # Errors
/// All problems of the scenario, or else all of `sets`.
pub fn load_axes(path: &Path, sets: &[String], design: Design, read: Read<'_>) -> Result<Vec<Axis>, Diagnostics> {
    let base = load_experiment(path, read)?;
    let mut diagnostics = Diagnostics::default();
    let mut axes = axes_of(&base, sets, design, &mut diagnostics);
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

/// Reads a scenario with its machine model and hostfile, in which keys have other values: each of `sets` is `KEY=VALUE`, a
/// key path as a sweep takes it and one value, for `run.ranks` also a range. Measured runs are left out: they are those of
/// the values in the file.
///
/// # Errors
/// All problems of the scenario, or else all of `sets`, or else those that it has with these values.
pub fn load_set(path: &Path, sets: &[String], read: Read<'_>) -> Result<Experiment, Diagnostics> {
    let base = load_experiment(path, read)?;
    let mut diagnostics = Diagnostics::default();
    let axes = axes_of(&base, sets, Design::Grid, &mut diagnostics);
    let values: Vec<_> = axes.iter().zip(sets).map(|(axis, set)| only_value(axis, set, &mut diagnostics)).collect();
    let (values, _) = finish(values.into_iter().collect::<Option<Vec<Level>>>(), diagnostics)?;
    let changes: Vec<Change<'_>> = axes.iter().map(|axis| axis.key.as_str()).zip(&values).collect();
    load_varied(path, &changes, OPTION, read)
}

/// Returns the one value of a key; a range of rank counts is one, too.
fn only_value(axis: &Axis, set: &str, diagnostics: &mut Diagnostics) -> Option<Level> {
    let text = set.split_once('=').map_or("", |(_, text)| text.trim());
    match &axis.values {
        Values::List(levels) if levels.len() == 1 => levels.first().cloned(),
        Values::List(_) if axis.is_ranks() && !text.contains(',') => {
            Some(Level { text: text.to_owned(), literal: Literal::Text(text.to_owned()), number: None })
        }
        _ => {
            let file = diagnostics.add_source(Path::new(OPTION), set.to_owned());
            let span = file.span(axis.key.len() + 1, set.len());
            let problem = Problem::error("set::several", span, format!("`{}` has one value", axis.key));
            diagnostics.push(problem.help("several are for a sweep: dlpc-sim sweep SCENARIO --set KEY=VALUES"));
            None
        }
    }
}

/// Returns what `sets` say, as far as it is good.
fn axes_of(base: &Experiment, sets: &[String], design: Design, diagnostics: &mut Diagnostics) -> Vec<Axis> {
    let mut axes: Vec<Axis> = Vec::new();
    for set in sets {
        let file = diagnostics.add_source(Path::new(OPTION), set.clone());
        match axis(set, file, &keys(base), design) {
            Err(problems) => diagnostics.extend(problems),
            Ok(found) => match axes.iter().find(|other| overlap(&other.key, &found.key)) {
                None => axes.push(found),
                Some(other) => diagnostics.push(twice(&other.key, &found.key, file)),
            },
        }
    }
    axes
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

/// Returns whether two key paths name the same value, or one of them a part of what the other one names.
fn overlap(one: &str, other: &str) -> bool {
    let (one, other) = (KeyPath::parse(one), KeyPath::parse(other));
    let mut steps = one.steps.iter().zip(&other.steps);
    one.target == other.target && steps.all(|((step, _), (other, _))| step == other)
}

fn twice(first: &str, second: &str, file: FileId) -> Problem {
    let message = if first == second {
        format!("`{second}` is set twice")
    } else {
        format!("`{first}` and `{second}` set the same value")
    };
    let problem = Problem::error("sweep::twice", file.span(0, second.len()), message);
    problem.help("write all its values in one: --set KEY=\"A, B\"")
}

/// Refuses a single rank count: the rank counts are one axis, whatever list the scenario has.
fn check_ranks(key: &str, path: &KeyPath, file: FileId) -> Result<(), Problem> {
    let ranks = KeyPath::parse(RANKS);
    let is_part = path.target == ranks.target && path.steps.len() > ranks.steps.len() && overlap(key, RANKS);
    if !is_part {
        return Ok(());
    }
    let message = format!("`{key}` is one of the rank counts, which vary as a whole");
    let problem = Problem::error("sweep::part_of_ranks", file.span(0, key.len()), message);
    Err(problem.help(format!("write all that you want: --set {RANKS}=\"1, 2, 4..=8\"")))
}

fn axis(set: &str, file: FileId, keys: &Keys<'_>, design: Design) -> Result<Axis, Vec<Problem>> {
    let Some((key, _)) = set.split_once('=') else {
        let problem = Problem::error("sweep::no_values", file.span(0, set.len().max(1)), "no values");
        return Err(vec![problem.help("write KEY=VALUES, for instance run.ranks=\"1..=32\"; `--keys` lists all keys")]);
    };
    let path = KeyPath::parse(key);
    check_ranks(key, &path, file).map_err(|problem| vec![problem])?;
    let schema = keys.find(&path, file).map_err(|problem| vec![problem])?;
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
