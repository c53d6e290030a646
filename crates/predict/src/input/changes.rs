//! Values that take the place of those in the files of a scenario.

pub(super) mod key_path;
pub(super) mod levels;

use std::path::Path;

use self::key_path::{KeyPath, Step, Target};
use crate::diagnostic::Diagnostics;
use crate::input::toml::tree::{Entry, Node, Table, Value};
use crate::sweep::Level;

/// A value that a key gets.
pub type Change<'c> = (&'c str, &'c Level);

/// Values that keys get, with their places in a source of their own.
pub(super) struct Changes {
    changes: Vec<(KeyPath, Entry)>,
}

impl Changes {
    pub(super) fn new(changes: &[Change<'_>], name: &str, diagnostics: &mut Diagnostics) -> Self {
        let lines: Vec<String> = changes.iter().map(|(key, level)| format!("{key} = {}\n", level.text)).collect();
        let file = diagnostics.add_source(Path::new(name), lines.concat());
        let mut start = 0;
        let mut placed = Vec::new();
        for ((key, level), line) in changes.iter().zip(&lines) {
            let key_span = file.span(start, start + key.len());
            let span = file.span(start + key.len() + 3, start + line.len() - 1);
            let node = Node::new(span, levels::value_of(&level.literal));
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
        let node = Node::new(change.node.span, Value::Table(Table::default()));
        self.entries.push(Entry { key: key.to_owned(), key_span: change.key_span, node });
        self.entries.last_mut().map(|entry| &mut entry.node)
    }
}
