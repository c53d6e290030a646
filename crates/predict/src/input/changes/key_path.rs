//! Key paths on the command line, `machine.messages.remote.segments[0].latency`: which value of which file they name.

use serde_json::Value as Json;

use crate::diagnostic::{FileId, Problem, Span};
use crate::input::toml::leaf;
use crate::input::toml::schema::{Expected, View};

/// Keys of a scenario that do not change a prediction.
const FIXED_IN_SCENARIO: [&str; 4] = ["format", "title", "measured", "machine_override"];
/// Keys of a machine model that do not change a prediction.
const FIXED_IN_MACHINE: [&str; 6] = ["format", "name", "title", "provenance", "intervals", "standard_errors"];
/// Most keys that a message lists.
const LISTED_MAX: usize = 6;

/// One step from a value to one within it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::input) enum Step {
    Key(String),
    Index(usize),
}

/// Which file a key path is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::input) enum Target {
    Scenario,
    Machine,
}

/// A key path, each step with the place of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::input) struct KeyPath {
    pub(in crate::input) target: Target,
    pub(in crate::input) steps: Vec<(Step, std::ops::Range<usize>)>,
}

/// A file's schema and the values that it has, defaults filled in.
#[derive(Debug, Clone, Copy)]
pub(in crate::input) struct Filled<'f> {
    pub(in crate::input) schema: View<'f>,
    pub(in crate::input) values: &'f Json,
}

/// A scenario and its machine model.
#[derive(Debug, Clone, Copy)]
pub(in crate::input) struct Keys<'f> {
    pub(in crate::input) scenario: Filled<'f>,
    pub(in crate::input) machine: Filled<'f>,
}

impl KeyPath {
    /// Reads a key path; `machine.` leads into the machine model, `machine` alone is its file.
    pub(in crate::input) fn parse(text: &str) -> Self {
        let mut steps = Vec::new();
        let mut at = 0;
        for part in text.split('.') {
            let name_end = part.find('[').unwrap_or(part.len());
            steps.push((Step::Key(part[..name_end].to_owned()), at..at + name_end));
            let mut from = name_end;
            for index in part[name_end..].split_inclusive(']') {
                let digits = index.strip_prefix('[').and_then(|index| index.strip_suffix(']'));
                let step = match digits.and_then(|digits| digits.parse().ok()) {
                    Some(index) => Step::Index(index),
                    None => Step::Key(index.to_owned()),
                };
                steps.push((step, at + from..at + from + index.len()));
                from += index.len();
            }
            at += part.len() + 1;
        }
        let is_machine = steps.len() > 1 && steps[0].0 == Step::Key("machine".to_owned());
        if is_machine {
            steps.remove(0);
        }
        Self { target: if is_machine { Target::Machine } else { Target::Scenario }, steps }
    }
}

impl<'f> Keys<'f> {
    /// Returns the schema of the single value that `path` names.
    ///
    /// # Errors
    /// A problem in `file`, where the text of the path stands from its start.
    pub(in crate::input) fn find(&self, path: &KeyPath, file: FileId) -> Result<View<'f>, Problem> {
        let Filled { schema, values } = self.of(path.target);
        let shown = if path.target == Target::Machine { "machine".to_owned() } else { String::new() };
        let mut place = Place { shown, schema, values: Some(values), at: file.whole() };
        for (i, (step, range)) in path.steps.iter().enumerate() {
            place.at = file.span(range.start, range.end);
            match step {
                Step::Key(key) if i == 0 && fixed(path.target).contains(&key.as_str()) => return Err(place.fixed(key)),
                Step::Key(key) => {
                    place.enter(key)?.ok_or_else(|| place.unknown(key, &self.namesakes(path)))?;
                }
                Step::Index(index) => place.entry(*index)?,
            }
        }
        let end = path.steps.last().map_or(0, |(_, range)| range.end);
        place.at = file.span(0, end);
        place.single()
    }

    /// Returns every key path that can be set, with its value if it has one.
    pub(in crate::input) fn all(&self) -> Vec<(String, Option<&'f Json>)> {
        let mut all = Vec::new();
        for (target, prefix) in [(Target::Scenario, ""), (Target::Machine, "machine")] {
            let Filled { schema, values } = self.of(target);
            for (key, property) in schema.properties().filter(|(key, _)| !fixed(target).contains(key)) {
                collect(&joined(prefix, key), property, values.get(key), &mut all);
            }
        }
        all
    }

    /// Returns the key paths that end as `path` does.
    fn namesakes(&self, path: &KeyPath) -> Vec<String> {
        let Some((Step::Key(last), _)) = path.steps.last() else { return Vec::new() };
        let all = self.all().into_iter().map(|(path, _)| path);
        all.filter(|path| path.rsplit('.').next() == Some(last)).collect()
    }

    fn of(&self, target: Target) -> Filled<'f> {
        match target {
            Target::Scenario => self.scenario,
            Target::Machine => self.machine,
        }
    }
}

const fn fixed(target: Target) -> &'static [&'static str] {
    match target {
        Target::Scenario => &FIXED_IN_SCENARIO,
        Target::Machine => &FIXED_IN_MACHINE,
    }
}

/// Where a key path has led so far, and the place of its next step.
struct Place<'f> {
    shown: String,
    schema: View<'f>,
    values: Option<&'f Json>,
    at: Span,
}

impl<'f> Place<'f> {
    /// Goes to the value of a key; none if there is no such key.
    fn enter(&mut self, key: &str) -> Result<Option<()>, Problem> {
        let value = self.values.and_then(|values| values.get(key));
        let chosen = self.schema.any_key().filter(|_| value.is_some());
        let Some(schema) = self.schema.property(key).or(chosen) else { return Ok(None) };
        self.check_alternative(key)?;
        self.shown = joined(&self.shown, key);
        (self.schema, self.values) = (schema, value);
        Ok(Some(()))
    }

    /// Goes to an entry of a list.
    fn entry(&mut self, index: usize) -> Result<(), Problem> {
        let entries = self.values.and_then(Json::as_array);
        let (Some(items), Some(entries)) = (self.schema.items(), entries) else {
            let problem = self.problem("unknown_key", format!("`{}` is no list", self.shown));
            return Err(problem.help("leave the number in brackets out"));
        };
        let Some(value) = entries.get(index) else {
            let message = format!("`{}` has no entry {index}: it has {}", self.shown, entries.len());
            return Err(self.problem("unknown_key", message).help("entries are numbered from 0"));
        };
        self.shown = format!("{}[{index}]", self.shown);
        (self.schema, self.values) = (items, Some(value));
        Ok(())
    }

    /// Reports a table where only one of several is allowed, and another one is there.
    fn check_alternative(&self, key: &str) -> Result<(), Problem> {
        let is_choice = self.schema.is_exactly_one() && self.schema.text("x-short-for").is_none();
        let there = self.values.and_then(Json::as_object).and_then(|table| table.keys().next());
        match there.filter(|there| is_choice && *there != key) {
            None => Ok(()),
            Some(there) => {
                let message = format!("`{}` of this scenario is `{there}`, not `{key}`", self.shown);
                let problem = self.problem("other_alternative", message);
                Err(problem.help(format!("keys below `{}.{there}` can vary", self.shown)))
            }
        }
    }

    /// Returns the schema of this value, if it is a single one.
    fn single(&self) -> Result<View<'f>, Problem> {
        let short = self.schema.text("x-short-for").and_then(|key| self.schema.property(key));
        let only = self.schema.get("x-one-or-list").and_then(|_| self.schema.items());
        let schema = short.or(only).unwrap_or(self.schema);
        match schema.expected() {
            Expected::Table | Expected::Anything => {
                let problem = self.problem("not_a_value", format!("`{}` is a table, not a value", self.shown));
                Err(problem.help(format!("its keys are {}", self.known_keys().join(", "))))
            }
            Expected::Array => {
                let problem = self.problem("not_a_value", format!("`{}` is a list, not a value", self.shown));
                Err(problem.help(format!("name one of its entries, the first is `{}[0]`", self.shown)))
            }
            _ => Ok(schema),
        }
    }

    fn known_keys(&self) -> Vec<&'f str> {
        let fixed = self.schema.properties().map(|(key, _)| key);
        let chosen = self.schema.any_key().and(self.values).and_then(Json::as_object);
        let keys = fixed.chain(chosen.into_iter().flatten().map(|(key, _)| key.as_str()));
        keys.filter(|key| !FIXED_IN_SCENARIO.contains(key) && !FIXED_IN_MACHINE.contains(key)).collect()
    }

    fn unknown(&self, key: &str, namesakes: &[String]) -> Problem {
        let here = if self.shown.is_empty() { String::new() } else { format!(" in `{}`", self.shown) };
        let problem = self.problem("unknown_key", format!("unknown key `{key}`{here}"));
        let known = self.known_keys();
        let help = if known.is_empty() { LIST.to_owned() } else { format!("keys are {}; {LIST}", known.join(", ")) };
        match (leaf::nearest(key, &known), namesakes) {
            (Some(nearest), _) => problem.label(format!("did you mean `{nearest}`?")).help(help),
            (None, []) => problem.label("not a key of this table").help(help),
            (None, [only]) => problem.label(format!("did you mean `{only}`?")).help(help),
            (None, several) => {
                let listed: Vec<String> = several.iter().take(LISTED_MAX).map(|path| format!("`{path}`")).collect();
                problem.label("did you mean one of those below?").help(format!("{}; {LIST}", listed.join(", ")))
            }
        }
    }

    fn fixed(&self, key: &str) -> Problem {
        self.problem("fixed_key", format!("`{key}` does not change a prediction")).help(LIST)
    }

    fn problem(&self, code: &str, message: String) -> Problem {
        Problem::error(format!("sweep::{code}"), self.at, message)
    }
}

const LIST: &str = "`--keys` lists all that can vary";

fn joined(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Adds the key paths of the single values at and below `path`.
fn collect<'f>(path: &str, schema: View<'f>, value: Option<&'f Json>, all: &mut Vec<(String, Option<&'f Json>)>) {
    match (schema.expected(), value) {
        (Expected::Table, _) if schema.text("x-short-for").is_some() => all.push((path.to_owned(), value)),
        (Expected::Table, Some(Json::Object(table))) => {
            let is_there = |key: &str| !schema.is_exactly_one() || table.contains_key(key);
            for (key, property) in schema.properties().filter(|(key, _)| is_there(key)) {
                collect(&joined(path, key), property, table.get(key), all);
            }
            if let Some(property) = schema.any_key() {
                table.iter().for_each(|(key, value)| collect(&joined(path, key), property, Some(value), all));
            }
        }
        // A table that may be left out, and needs nothing if it is there.
        (Expected::Table, None) if !schema.is_exactly_one() && schema.required().next().is_none() => {
            schema.properties().for_each(|(key, property)| collect(&joined(path, key), property, None, all));
        }
        (Expected::Array, _) if schema.get("x-one-or-list").is_some() => all.push((path.to_owned(), value)),
        (Expected::Array, Some(Json::Array(values))) => {
            let Some(items) = schema.items() else { return };
            for (i, value) in values.iter().enumerate() {
                collect(&format!("{path}[{i}]"), items, Some(value), all);
            }
        }
        (Expected::Table | Expected::Array | Expected::Anything, _) => {}
        _ => all.push((path.to_owned(), value)),
    }
}
