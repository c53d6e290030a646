//! A parsed TOML document whose every value knows its file and place.

use std::path::Path;

use serde_json::{Map, Number, json};
use toml::de::{DeFloat, DeInteger, DeTable, DeValue};

use crate::diagnostic::{Diagnostics, FileId, Problem, Span};

/// Tables and arrays within each other.
const DEPTH_MAX: usize = 64;

/// A value, its place, and whether its key is in the file.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::input) struct Node {
    pub(in crate::input) span: Span,
    pub(in crate::input) value: Value,
    pub(in crate::input) origin: Origin,
}

/// How a value came into its table or list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::input) enum Origin {
    /// Under a key, or as an entry, of its own.
    Own,
    /// As a short form: the file has the value, but not the table or list around it.
    ShortForm,
}

/// A TOML value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::input) enum Value {
    Text(String),
    /// Between `i64::MIN` and `u64::MAX`.
    Integer(i128),
    /// Finite.
    Float(f64),
    Boolean(bool),
    Array(Vec<Node>),
    Table(Table),
    /// A value that was reported as a problem; keeps its key from being reported as missing.
    Bad,
}

/// Entries in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::input) struct Table {
    pub(in crate::input) entries: Vec<Entry>,
}

/// A key with its place, and its value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::input) struct Entry {
    pub(in crate::input) key: String,
    pub(in crate::input) key_span: Span,
    pub(in crate::input) node: Node,
}

impl Table {
    pub(in crate::input) fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// Returns the key path of each value below this table: `hosts.pi.count`.
    pub(in crate::input) fn leaf_paths(&self) -> Vec<String> {
        let of_entry = |entry: &Entry| match entry.node.as_table() {
            Some(table) => table.leaf_paths().into_iter().map(|path| format!("{}.{path}", entry.key)).collect(),
            None => vec![entry.key.clone()],
        };
        self.entries.iter().flat_map(of_entry).collect()
    }

    pub(in crate::input) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.node)
    }

    /// Adds the entries of `other`, which win over those of this table; tables are merged key by key.
    pub(in crate::input) fn merge(&mut self, other: Self) {
        for theirs in other.entries {
            let Some(ours) = self.entries.iter_mut().find(|entry| entry.key == theirs.key) else {
                self.entries.push(theirs);
                continue;
            };
            match (&mut ours.node.value, theirs.node.value) {
                (Value::Table(ours), Value::Table(theirs)) => ours.merge(theirs),
                (_, value) => ours.node = Node::new(theirs.node.span, value),
            }
        }
    }
}

impl Node {
    /// Returns a value that has a key, or is an entry, of its own.
    pub(in crate::input) const fn new(span: Span, value: Value) -> Self {
        Self { span, value, origin: Origin::Own }
    }

    /// Returns the value as JSON, as results echo it.
    pub(in crate::input) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Text(text) => json!(text),
            Value::Integer(integer) => Number::from_i128(*integer).map_or(serde_json::Value::Null, Into::into),
            Value::Float(float) => json!(float),
            Value::Boolean(boolean) => json!(boolean),
            Value::Bad => serde_json::Value::Null,
            Value::Array(nodes) => nodes.iter().map(Self::to_json).collect(),
            Value::Table(table) => {
                let entries = table.entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json()));
                serde_json::Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    /// Returns the value of a schema default, with the place of the table that lacks it.
    pub(in crate::input) fn from_json(json: &serde_json::Value, span: Span) -> Option<Self> {
        let value = match json {
            serde_json::Value::Null => return None,
            serde_json::Value::Bool(boolean) => Value::Boolean(*boolean),
            serde_json::Value::Number(number) => match number.as_i128() {
                Some(integer) => Value::Integer(integer),
                None => Value::Float(number.as_f64()?),
            },
            serde_json::Value::String(text) => Value::Text(text.clone()),
            serde_json::Value::Array(values) => {
                Value::Array(values.iter().map(|value| Self::from_json(value, span)).collect::<Option<_>>()?)
            }
            serde_json::Value::Object(map) => {
                let entry = |(key, value): (&String, _)| {
                    Some(Entry { key: key.clone(), key_span: span, node: Self::from_json(value, span)? })
                };
                Value::Table(Table { entries: map.iter().map(entry).collect::<Option<_>>()? })
            }
        };
        Some(Self::new(span, value))
    }

    pub(in crate::input) fn as_table(&self) -> Option<&Table> {
        match &self.value {
            Value::Table(table) => Some(table),
            Value::Text(_) | Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Array(_) | Value::Bad => {
                None
            }
        }
    }

    pub(in crate::input) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Array(_)
            | Value::Table(_)
            | Value::Bad => None,
        }
    }

    /// Returns what kind of value this is, with its article.
    pub(in crate::input) fn kind(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "a string",
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Boolean(_) => "a boolean",
            Value::Array(_) => "an array",
            Value::Table(_) => "a table",
            Value::Bad => "no value",
        }
    }
}

/// A document and whether it was free of syntax errors.
pub(in crate::input) struct Document {
    pub(in crate::input) root: Node,
    pub(in crate::input) is_complete: bool,
}

/// Parses TOML; what cannot be read is reported as a problem with a code of `prefix`.
pub(in crate::input) fn parse(file: FileId, prefix: &'static str, diagnostics: &mut Diagnostics) -> Document {
    let text = diagnostics.text(file).to_owned();
    let (root, errors) = DeTable::parse_recoverable(&text);
    let mut converter = Converter { file, prefix, problems: Vec::new() };
    for error in &errors {
        let span = error.span().map_or(file.whole(), |span| file.span(span.start, span.end.max(span.start + 1)));
        converter.problems.push(syntax_problem(prefix, span, error.message(), &text));
    }
    let root = root.into_inner();
    let table = converter.table(&root, 0);
    dismantle(root);
    diagnostics.extend(converter.problems);
    Document { root: Node::new(file.whole(), Value::Table(table)), is_complete: errors.is_empty() }
}

/// Words a syntax error of the TOML parser, with what to write instead where that is known.
fn syntax_problem(prefix: &str, span: Span, message: &str, text: &str) -> Problem {
    let marked = text.get(span.start..span.end).unwrap_or_default();
    let code = format!("{prefix}::syntax");
    if message == "duplicate key" {
        let problem = Problem::error(code, span, format!("the key `{marked}` is given twice"));
        return problem.help("remove one of the two");
    }
    let help = if message.starts_with("string values must be quoted") {
        "after `=` write a number, true, false, or text in quotes: \"...\""
    } else if message.starts_with("invalid basic string") {
        "text stands in quotes and ends on its line: \"...\"; a backslash is written twice"
    } else if message.starts_with("key with no value") {
        "write `key = value`"
    } else if message.starts_with("unclosed table") {
        "close the header of the table: `[...]`"
    } else {
        ""
    };
    Problem::error(code, span, lower_first(message)).help(help)
}

/// Turns what the TOML parser returns into nodes.
struct Converter {
    file: FileId,
    prefix: &'static str,
    problems: Vec<Problem>,
}

impl Converter {
    fn table(&mut self, table: &DeTable<'_>, depth: usize) -> Table {
        let mut entries: Vec<Entry> = Vec::with_capacity(table.len());
        for (key, value) in table {
            let span = value.span();
            let span = self.file.span(span.start, span.end);
            let node = self.node(value.get_ref(), span, depth + 1);
            let key_span = self.file.span(key.span().start, key.span().end);
            if key.get_ref().contains(char::is_control) {
                self.report("control_character", key_span, "a key has a control character");
            }
            entries.push(Entry { key: key.get_ref().to_string(), key_span, node });
        }
        entries.sort_by_key(|entry| entry.key_span);
        Table { entries }
    }

    fn node(&mut self, value: &DeValue<'_>, span: Span, depth: usize) -> Node {
        if depth > DEPTH_MAX {
            self.report("too_deep", span, &format!("more than {DEPTH_MAX} tables and arrays within each other"));
            return Node::new(span, Value::Bad);
        }
        let value = match value {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(integer) => self.integer(integer, span).map_or(Value::Bad, Value::Integer),
            DeValue::Float(float) => self.float(float, span).map_or(Value::Bad, Value::Float),
            DeValue::Boolean(boolean) => Value::Boolean(*boolean),
            DeValue::Datetime(date) => {
                let problem = self.problem("wrong_type", span, "dates and times of day are not used in this file");
                self.problems.push(problem.help(format!("quote it: \"{date}\"")));
                Value::Bad
            }
            DeValue::Array(values) => {
                let node = |value: &toml::Spanned<DeValue<'_>>| {
                    let span = self.file.span(value.span().start, value.span().end);
                    self.node(value.get_ref(), span, depth + 1)
                };
                Value::Array(values.iter().map(node).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table, depth)),
        };
        Node::new(span, value)
    }

    fn integer(&mut self, integer: &DeInteger<'_>, span: Span) -> Option<i128> {
        let value = i128::from_str_radix(integer.as_str(), integer.radix()).ok();
        let value = value.filter(|value| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(value));
        if value.is_none() {
            self.report("out_of_range", span, "the integer does not fit in 64 bits");
        }
        value
    }

    fn float(&mut self, float: &DeFloat<'_>, span: Span) -> Option<f64> {
        let value = float.as_str().parse().ok().filter(|value: &f64| value.is_finite());
        if value.is_none() {
            self.report("out_of_range", span, &format!("`{float}` is not a finite number"));
        }
        value
    }

    fn report(&mut self, code: &str, span: Span, message: &str) {
        let problem = self.problem(code, span, message);
        self.problems.push(problem);
    }

    fn problem(&self, code: &str, span: Span, message: &str) -> Problem {
        Problem::error(format!("{}::{code}", self.prefix), span, message)
    }
}

/// Drops a table level by level: keys such as `a.a.a.a = 1` within each other nest deeper than the stack can drop.
fn dismantle(root: DeTable<'_>) {
    let mut values = vec![DeValue::Table(root)];
    while let Some(value) = values.pop() {
        match value {
            DeValue::Table(table) => values.extend(table.into_iter().map(|(_, value)| value.into_inner())),
            DeValue::Array(array) => values.extend(array.into_iter().map(toml::Spanned::into_inner)),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => {}
        }
    }
}

/// Returns `text` as it stands within a sentence.
pub(in crate::input) fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// Returns `path` as seen from the folder of the file `from`.
pub(in crate::input) fn beside(from: &Path, path: &str) -> std::path::PathBuf {
    from.parent().unwrap_or(Path::new("")).join(path)
}
