//! Checks a document tree against the schema of its raw struct, and completes it.
//!
//! Reports unknown keys, missing keys, wrong types and values out of range; takes those values out of the tree; writes
//! short forms out; and inserts the defaults of absent keys. What is left deserialises into the raw struct, and is what
//! results echo.

use super::leaf;
use super::schema::{Expected, View};
use super::tree::{Entry, Node, Origin, Table, Value, lower_first};
use crate::diagnostic::{Diagnostics, FileId, Problem, Span};

/// The version of the file formats.
pub(in crate::input) const FORMAT: u32 = 1;

/// Key of a scenario with the values that differ from those of the machine model.
const OVERRIDES: &str = "machine_override";

/// Checks and completes `root`; problems get codes of `prefix`. `overrides` is the file whose values were merged into the
/// document, if there is one: messages name them as that file does.
pub(in crate::input) fn check(
    root: &mut Node,
    schema: &serde_json::Value,
    prefix: &'static str,
    overrides: Option<FileId>,
    diagnostics: &mut Diagnostics,
) {
    if has_other_format(root, prefix, diagnostics) {
        root.value = Value::Table(Table::default());
        return;
    }
    let view = View::root(schema);
    Walker { prefix, diagnostics, root: view, path: Vec::new(), overrides }.value(root, view);
}

/// Reports a format that this version cannot read: then nothing else in the file can be judged.
fn has_other_format(root: &Node, prefix: &str, diagnostics: &mut Diagnostics) -> bool {
    let Some(node) = root.as_table().and_then(|table| table.get("format")) else { return false };
    let Value::Integer(format) = node.value else { return false };
    if format == i128::from(FORMAT) {
        return false;
    }
    let message = format!("format {format} is not supported");
    let problem = Problem::error(format!("{prefix}::format"), node.span, message);
    diagnostics.push(problem.label(format!("this version of dlpc-sim reads format {FORMAT}")));
    true
}

/// The place of the value that is checked.
pub(in crate::input) struct Walker<'d> {
    prefix: &'static str,
    diagnostics: &'d mut Diagnostics,
    root: View<'d>,
    path: Vec<String>,
    overrides: Option<FileId>,
}

impl Walker<'_> {
    /// Checks a value; returns whether it can stay in the tree.
    fn value(&mut self, node: &mut Node, schema: View<'_>) -> bool {
        write_out(node, schema);
        let span = node.span;
        match (schema.expected(), &mut node.value) {
            (Expected::Table, Value::Table(table)) => self.table(table, span, schema),
            (Expected::Array, Value::Array(nodes)) => self.array(nodes, span, schema),
            (_, Value::Bad) => false,
            (Expected::Anything, _) => true,
            _ => match leaf::check(&self.shown_path(span), node, schema, self.diagnostics.text(span.file)) {
                None => true,
                Some(fault) => {
                    let problem = self.problem(fault.code, span, fault.message);
                    self.diagnostics.push(problem.label(fault.label).help(fault.help));
                    false
                }
            },
        }
    }

    fn table(&mut self, table: &mut Table, span: Span, schema: View<'_>) -> bool {
        self.report_missing(table, span, schema);
        self.report_count(table, span, schema);
        let absent: Vec<_> = schema.properties().filter(|(key, _)| table.get(key).is_none()).collect();
        table.entries.retain_mut(|entry| self.entry(entry, schema));
        for (key, property) in absent {
            let Some(default) = property.get("default") else { continue };
            let Some(mut node) = Node::from_json(default, span) else { continue };
            write_out(&mut node, property);
            table.entries.push(Entry { key: key.to_owned(), key_span: span, node });
        }
        true
    }

    fn entry(&mut self, entry: &mut Entry, schema: View<'_>) -> bool {
        let Some(property) = schema.property(&entry.key).or(schema.any_key()) else {
            self.report_unknown(entry, schema);
            return false;
        };
        let is_written = entry.node.origin == Origin::Own;
        self.path.extend(is_written.then(|| entry.key.clone()));
        let stays = self.value(&mut entry.node, property);
        self.path.truncate(self.path.len() - usize::from(is_written));
        stays
    }

    fn array(&mut self, nodes: &mut [Node], span: Span, schema: View<'_>) -> bool {
        let n = nodes.len() as u64;
        let bound = |key| schema.get(key).and_then(serde_json::Value::as_u64);
        if let Some(least) = bound("minItems").filter(|least| n < *least) {
            self.report_length(span, n, &format!("at least {least}"));
            return false;
        }
        if let Some(most) = bound("maxItems").filter(|most| n > *most) {
            self.report_length(span, n, &format!("at most {most}"));
            return false;
        }
        let Some(items) = schema.items() else { return true };
        let mut stays = true;
        for (i, node) in nodes.iter_mut().enumerate() {
            let is_written = node.origin == Origin::Own;
            self.path.extend(is_written.then(|| format!("[{i}]")));
            stays &= self.value(node, items);
            self.path.truncate(self.path.len() - usize::from(is_written));
        }
        stays
    }

    /// Reports required keys that are absent, unless an unknown key is most likely a slip of it.
    fn report_missing(&mut self, table: &Table, span: Span, schema: View<'_>) {
        let keys: Vec<_> = schema.properties().map(|(key, _)| key).collect();
        let unknown = table.entries.iter().filter(|entry| !keys.contains(&entry.key.as_str()));
        let slips: Vec<_> = unknown.filter_map(|entry| leaf::nearest(&entry.key, &keys)).collect();
        for key in schema.required().filter(|key| table.get(key).is_none() && !slips.contains(key)) {
            let message = format!("missing key `{key}`{}", self.in_table(span));
            let property = schema.property(key);
            let mut help = match property.and_then(leaf::example) {
                Some(example) => format!("add `{key} = {example}`"),
                None => self.what_to_add(key, span, property),
            };
            if let Some(description) =
                property.filter(|property| !property.is_exactly_one()).and_then(|property| property.text("description"))
            {
                help = format!("{help} ({})", lower_first(description.trim_end_matches('.')));
            }
            let problem = self.problem("missing_key", span, message);
            self.diagnostics.push(problem.label(format!("`{key}` is required here")).help(help));
        }
    }

    /// Returns what to add where a key without an example is missing, in the table at `span`.
    fn what_to_add(&self, key: &str, span: Span, schema: Option<View<'_>>) -> String {
        let Some(table) = schema.filter(|schema| schema.expected() == Expected::Table) else {
            return format!("add `{key}`");
        };
        let path = [self.shown_path(span), key.to_owned()].into_iter().filter(|part| !part.is_empty());
        let path = path.collect::<Vec<_>>().join(".");
        if !table.is_exactly_one() {
            return format!("add the table `[{path}]`");
        }
        let tables: Vec<_> = table.properties().map(|(key, _)| format!("`[{path}.{key}]`")).collect();
        format!("add one of the tables {}", tables.join(", "))
    }

    /// Reports a table that has not exactly one key, or none where at least one is needed.
    fn report_count(&mut self, table: &Table, span: Span, schema: View<'_>) {
        let besides = schema.besides();
        let keys: Vec<_> = schema.properties().map(|(key, _)| key).filter(|key| !besides.contains(key)).collect();
        let here = Some(self.shown_path(span)).filter(|path| !path.is_empty());
        let here = here.map_or_else(|| "the table".to_owned(), |path| format!("`{path}`"));
        let is_empty = table.entries.iter().all(|entry| besides.contains(&entry.key.as_str()));
        if is_empty && schema.get("minProperties").is_some() {
            let what = if table.entries.is_empty() { "is empty" } else { "says only when" };
            let problem = self.problem("empty", span, format!("{here} {what}"));
            let help = if schema.is_exactly_one() {
                format!("give exactly one of {}", keys.join(", "))
            } else {
                "give at least one entry".to_owned()
            };
            self.diagnostics.push(problem.help(help));
        }
        let known: Vec<_> = table.entries.iter().filter(|entry| keys.contains(&entry.key.as_str())).collect();
        if let (true, [first, second, ..]) = (schema.is_exactly_one(), known.as_slice()) {
            let message = format!("{here} has both `{}` and `{}`", first.key, second.key);
            let problem = self.problem("more_than_one", second.key_span, message);
            self.diagnostics
                .push(problem.label(format!("`{}` is already given", first.key)).help("remove one of them"));
        }
    }

    fn report_unknown(&mut self, entry: &Entry, schema: View<'_>) {
        let keys: Vec<_> = schema.properties().map(|(key, _)| key).collect();
        let message = format!("unknown key `{}`{}", entry.key, self.in_table(entry.key_span));
        let problem = self.problem("unknown_key", entry.key_span, message);
        let all = match keys.as_slice() {
            [] => "this table has no keys".to_owned(),
            keys => format!("keys are {}", keys.join(", ")),
        };
        let problem = match (leaf::nearest(&entry.key, &keys), home(&entry.key, self.root)) {
            (Some(key), _) => problem.label(format!("did you mean `{key}`?")),
            (None, Some(table)) => problem.label(format!("`{}` belongs in `{table}`", entry.key)),
            (None, None) => problem.label("not a key of this table"),
        };
        self.diagnostics.push(problem.help(all));
    }

    fn report_length(&mut self, span: Span, n: u64, expected: &str) {
        let message = format!("`{}` has {n} entries, not {expected}", self.shown_path(span));
        let problem = self.problem("wrong_length", span, message);
        self.diagnostics.push(problem.label(format!("expected {expected}")));
    }

    fn problem(&self, code: &str, span: Span, message: String) -> Problem {
        Problem::error(format!("{}::{code}", self.prefix), span, message)
    }

    fn in_table(&self, at: Span) -> String {
        let path = self.shown_path(at);
        if path.is_empty() { path } else { format!(" in `{path}`") }
    }

    /// Returns the key path of what is written at `at`, as its file has it.
    fn shown_path(&self, at: Span) -> String {
        let is_override = self.overrides == Some(at.file);
        let steps = is_override.then_some(OVERRIDES).into_iter().chain(self.path.iter().map(String::as_str));
        steps.collect::<Vec<_>>().join(".").replace(".[", "[")
    }
}

/// Returns the only table of fixed name, directly in the file or one table deeper, that has this key.
fn home(key: &str, root: View<'_>) -> Option<String> {
    let mut homes = Vec::new();
    for (name, table) in root.properties() {
        homes.extend(table.property(key).is_some().then(|| name.to_owned()));
        let inner = table.properties().filter(|(_, inner)| inner.property(key).is_some());
        homes.extend(inner.map(|(inner, _)| format!("{name}.{inner}")));
    }
    homes.pop().filter(|_| homes.is_empty())
}

/// Writes a short form out: a word for the table with one key, a single value for the list of one.
fn write_out(node: &mut Node, schema: View<'_>) {
    let span = node.span;
    let take = |node: &mut Node| {
        let value = std::mem::replace(&mut node.value, Value::Bad);
        Node { span, value, origin: Origin::ShortForm }
    };
    if let Some(key) = schema.text("x-short-for")
        && matches!(node.value, Value::Text(_) | Value::Integer(_) | Value::Float(_))
    {
        let entry = Entry { key: key.to_owned(), key_span: span, node: take(node) };
        node.value = Value::Table(Table { entries: vec![entry] });
    }
    if schema.get("x-one-or-list").is_some() && !matches!(node.value, Value::Array(_)) {
        node.value = Value::Array(vec![take(node)]);
    }
}
