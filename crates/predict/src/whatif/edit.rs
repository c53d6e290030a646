//! From positions of knobs to a scenario file: the user's own, with its comments, and what was changed.

use std::path::Path;

use dlpc_engine::machine::HostGroup;
use serde_json::Value as Json;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, Value, value};

use super::knobs::largest_sigma;
use super::refusal::Refusal;
use super::state::State;
use crate::input::Experiment;
use crate::knob::rounded::rounded;
use crate::knob::{DIGITS, Knob, Range, Turned, integer};

/// Rank counts up to which all are predicted; above it, steps get longer.
const ALL_RANKS_UPTO: u64 = 48;

/// Returns the scenario file of a state, and what the page should say of it.
pub(super) fn scenario(
    text: &str,
    path: &Path,
    base: &Experiment,
    state: &State,
    knobs: &[Knob],
) -> Result<(String, Vec<String>), Refusal> {
    let mut document: DocumentMut =
        text.parse().map_err(|error: toml_edit::TomlError| Refusal::File(error.to_string()))?;
    let mut edit = Edit { document: &mut document, base, state, notes: Vec::new() };
    edit.name_files(path);
    edit.run(knobs)?;
    edit.hosts()?;
    edit.network()?;
    edit.workload()?;
    edit.noise()?;
    let notes = edit.notes;
    Ok((document.to_string(), notes))
}

/// A scenario file that is being changed.
struct Edit<'a> {
    document: &'a mut DocumentMut,
    base: &'a Experiment,
    state: &'a State,
    notes: Vec<String>,
}

impl Edit<'_> {
    /// Names other files from the root, so that the scenario may be saved anywhere.
    fn name_files(&mut self, path: &Path) {
        let folder = path.parent().unwrap_or(Path::new(""));
        for keys in [
            &["machine"][..],
            &["measured"],
            &["run", "placement", "hostfile"],
            &["run", "placement", "rankfile"],
            &["workload", "recorded", "file"],
        ] {
            let Some(item) = find(self.document.as_item_mut(), keys) else { continue };
            if let Some(named) = item.as_str() {
                let whole = folder.join(named).display().to_string();
                replace(item, whole.into());
            }
        }
    }

    fn run(&mut self, knobs: &[Knob]) -> Result<(), Refusal> {
        let counts = &self.base.scenario.run.ranks;
        let most_of_file = counts.last().map_or(1, |most| u64::from(most.get()));
        let wanted = self.state.count("ranks").unwrap_or(most_of_file);
        let most = wanted.min(self.slots().unwrap_or(u64::MAX));
        if most < wanted {
            self.notes.push(format!("The curve ends at {most} ranks: that is how many cores this cluster has."));
        }
        if most != most_of_file {
            let counts: Vec<u64> = counts.iter().map(|count| u64::from(count.get())).collect();
            self.set(&["run", "ranks"], written(&rank_counts(&counts, most)).into())?;
        }
        let of_page = knobs.iter().find(|knob| knob.id == "replications").and_then(|knob| match &knob.range {
            Range::Number(number) => Some(number.value),
            Range::Choice(_) => None,
        });
        let replications = self.state.number("replications").or(of_page);
        if let Some(replications) = replications
            && replications.total_cmp(&f64::from(self.base.scenario.run.replications.get())).is_ne()
        {
            self.set(&["run", "replications"], integer(replications))?;
        }
        Ok(())
    }

    /// Returns how many ranks there is a core for, if the file does not allow more.
    fn slots(&self) -> Option<u64> {
        let run = &self.base.scenario.run;
        if run.may_oversubscribe || run.order.is_none() {
            return None;
        }
        let [group] = self.base.machine.host_groups.as_slice() else {
            return u64::try_from(self.base.machine.n_cores()).ok();
        };
        let hosts = self.state.count("hosts").unwrap_or(group.speeds.len() as u64);
        Some(hosts * self.state.count("cores").unwrap_or(u64::from(group.cores.get())))
    }

    fn hosts(&mut self) -> Result<(), Refusal> {
        let base = self.base;
        for (group, spelling) in base.machine.host_groups.iter().zip(&base.spelling.groups) {
            let key = |name| ["machine_override", "hosts", group.name.as_str(), name];
            let n_hosts = self.state.count("hosts");
            if let Some(n_hosts) = n_hosts {
                self.set(&key("count"), Value::from(to_integer(n_hosts)))?;
            }
            if let Some(cores) = self.state.count("cores") {
                self.set(&key("cores"), Value::from(to_integer(cores)))?;
                if spelling.has_slowdown {
                    self.set(&key("slowdown"), numbers(resized(&group.slowdown, cores)))?;
                }
            }
            let speed = self.state.number("speed");
            if speed.is_some() || (n_hosts.is_some() && spelling.has_speeds) {
                let n_hosts = n_hosts.unwrap_or(group.speeds.len() as u64);
                self.set(&key("speed"), speeds(group, n_hosts, speed.unwrap_or(1.0)))?;
            }
        }
        Ok(())
    }

    fn network(&mut self) -> Result<(), Refusal> {
        let base = self.base;
        if let (Some(bandwidth), Some(first)) = (self.state.number("bandwidth"), base.machine.host_groups.first()) {
            let bits_of_first = first.nic.bandwidth.as_f64() * 8.0 / 1e6;
            for group in &base.machine.host_groups {
                let of_group = bandwidth * (group.nic.bandwidth.as_f64() / first.nic.bandwidth.as_f64());
                let text = format!("{} Mbit/s", if group == first { bandwidth } else { rounded(of_group, DIGITS) });
                self.set(&["machine_override", "hosts", &group.name, "nic", "bandwidth"], text.into())?;
            }
            if let Some(port) = base.machine.switch.port_bandwidth {
                // The ports of a switch are as fast as the cables that they are bought for.
                let of_port = port.as_f64() * 8.0 / 1e6 * (bandwidth / bits_of_first);
                let text = format!("{} Mbit/s", rounded(of_port, DIGITS));
                self.set(&["machine_override", "switch", "port_bandwidth"], text.into())?;
            }
        }
        if let Some(latency) = self.state.number("latency") {
            self.latency(latency)?;
        }
        Ok(())
    }

    /// Gives the first segment of messages between hosts this latency in microseconds, and changes the others in
    /// proportion.
    fn latency(&mut self, micros: f64) -> Result<(), Refusal> {
        let segments = &self.base.machine.remote.segments;
        let first_micros = segments[0].latency.as_seconds() * 1e6;
        let written = self.base.effective_machine["messages"]["remote"]["segments"].as_array();
        let Some(written) = written else { return Ok(()) };
        let mut list = Array::new();
        for (json, segment) in written.iter().zip(segments) {
            let latency = rounded(micros * (segment.latency.as_seconds() * 1e6 / first_micros), DIGITS);
            let latency = if std::ptr::eq(segment, &raw const segments[0]) { micros } else { latency };
            let mut table = from_json(json);
            if let Some(table) = table.as_inline_table_mut() {
                table.insert("latency", format!("{latency} us").into());
            }
            list.push(table);
        }
        self.set(&["machine_override", "messages", "remote", "segments"], list.into())
    }

    fn workload(&mut self) -> Result<(), Refusal> {
        let workload = self.base.scenario.workload.facts();
        for (knob, position) in self.state.positions() {
            if let Some(Turned { keys, value }) = workload.turned(knob, position) {
                let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
                self.set(&keys, value)?;
            }
        }
        Ok(())
    }

    /// Gives the noisiest kernel of the workload this sigma, and changes the others in proportion; none gets more.
    fn noise(&mut self) -> Result<(), Refusal> {
        let Some(percent) = self.state.number("noise") else { return Ok(()) };
        let base = self.base;
        let sigma = percent / 100.0;
        let largest = largest_sigma(base);
        let share = |of_file: f64| if 0.0 < largest { (of_file / largest).min(1.0) } else { 1.0 };
        let turned = |of_file: f64| Value::from(rounded(sigma * share(of_file), DIGITS));
        self.set(&["machine_override", "noise", "compute_sigma"], turned(base.spelling.general_sigma))?;
        for kernel in &base.spelling.own_sigmas {
            let of_file = base.machine.noise.sigma(*kernel);
            self.set(&["machine_override", "noise", "kernel_sigma", kernel.name()], turned(of_file))?;
        }
        Ok(())
    }

    /// Sets a key, with the tables on the way to it.
    fn set(&mut self, keys: &[&str], new: Value) -> Result<(), Refusal> {
        let (last, tables) = keys.split_last().expect("invariant: a key has a name");
        let mut item = self.document.as_item_mut();
        for key in tables {
            let is_inline = item.is_inline_table();
            let table = item.as_table_like_mut().ok_or_else(|| not_a_table(key))?;
            item = table.entry(key).or_insert_with(|| new_table(is_inline));
        }
        let table = item.as_table_like_mut().ok_or_else(|| not_a_table(last))?;
        match table.get_mut(last) {
            Some(item) => replace(item, new),
            None => {
                table.insert(last, value(new));
            }
        }
        Ok(())
    }
}

/// Finds what is written at a key. [`Item::get_mut`] would make what is not there.
fn find<'i>(root: &'i mut Item, keys: &[&str]) -> Option<&'i mut Item> {
    keys.iter().try_fold(root, |item, key| item.as_table_like_mut()?.get_mut(key))
}

/// Returns an empty table that can be written where it is: an inline table holds no others.
fn new_table(is_inline: bool) -> Item {
    if is_inline {
        return value(InlineTable::new());
    }
    let mut table = Table::new();
    table.set_implicit(true);
    Item::Table(table)
}

/// Puts a value in the place of another one, whose comment stays.
fn replace(item: &mut Item, mut new: Value) {
    if let Some(old) = item.as_value() {
        *new.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(new);
}

fn not_a_table(key: &str) -> Refusal {
    Refusal::File(format!("`{key}` stands where a table is needed"))
}

/// Returns the rank counts of a curve up to `most`: those of the file, and more if it needs more.
fn rank_counts(of_file: &[u64], most: u64) -> Vec<u64> {
    let most_of_file = of_file.last().copied().unwrap_or(1);
    let is_whole_range = of_file.len() as u64 == most_of_file;
    let mut counts: Vec<u64> = if is_whole_range {
        (1..=most.min(ALL_RANKS_UPTO)).collect()
    } else {
        of_file.iter().copied().filter(|count| *count < most).collect()
    };
    if counts.is_empty() {
        counts.push(most);
    }
    while let Some(last) = counts.last().copied().filter(|last| *last < most) {
        // As many as in the file double; all of a range go on by an eighth: 48, 54, 60, 67, ...
        let next = if is_whole_range { last + last / 8 } else { 2 * last };
        counts.push(next.min(most));
    }
    counts
}

/// Returns rank counts as the file format says them: `1..=8, 12, 16`.
fn written(counts: &[u64]) -> String {
    let follows = |a: &u64, b: &u64| a + 1 == *b;
    let run = |run: &[u64]| match run {
        [first, .., last] if 2 < run.len() => format!("{first}..={last}"),
        _ => run.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    counts.chunk_by(follows).map(run).collect::<Vec<_>>().join(", ")
}

fn is_uniform(group: &HostGroup) -> bool {
    group.speeds.iter().all(|speed| speed.total_cmp(&group.speeds[0]).is_eq())
}

/// Returns the speeds of a group of `n_hosts` hosts, all `factor` times as fast; new hosts are like the first ones.
fn speeds(group: &HostGroup, n_hosts: u64, factor: f64) -> Value {
    if is_uniform(group) {
        return rounded(group.speeds[0] * factor, DIGITS).into();
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 10^7 hosts")]
    let speeds = group.speeds.iter().cycle().take(n_hosts as usize);
    numbers(speeds.map(|speed| rounded(speed * factor, DIGITS)).collect())
}

/// Returns a list with `n` entries; its last one is repeated.
fn resized(list: &[f64], n: u64) -> Vec<f64> {
    let repeated = list.last().copied().unwrap_or(1.0);
    #[expect(clippy::cast_possible_truncation, reason = "at most 65,536 cores")]
    list.iter().copied().chain(std::iter::repeat(repeated)).take(n as usize).collect()
}

fn numbers(list: Vec<f64>) -> Value {
    list.into_iter().collect::<Array>().into()
}

fn to_integer(count: u64) -> i64 {
    i64::try_from(count).expect("invariant: knobs are bounded")
}

/// Returns a value of a completed input file as TOML.
fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(""),
        Json::Bool(boolean) => Value::from(*boolean),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::from(integer),
            None => Value::from(number.as_f64().unwrap_or(0.0)),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(values) => values.iter().map(from_json).collect::<Array>().into(),
        Json::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| (key.as_str(), from_json(value)));
            Value::InlineTable(entries.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rank_counts_of_a_range_are_followed_by_longer_steps() {
        let range: Vec<u64> = (1..=32).collect();
        assert_eq!(written(&rank_counts(&range, 16)), "1..=16");
        // 48 + 6 = 54, 54 + 6 = 60, 60 + 7 = 67
        assert_eq!(written(&rank_counts(&range, 64)), "1..=48, 54, 60, 64");
        assert_eq!(written(&rank_counts(&range, 1)), "1");
    }

    #[test]
    fn single_rank_counts_go_on_by_doubling() {
        let list = [1, 2, 4, 8, 16];
        assert_eq!(written(&rank_counts(&list, 6)), "1, 2, 4, 6");
        assert_eq!(written(&rank_counts(&list, 100)), "1, 2, 4, 8, 16, 32, 64, 100");
        assert_eq!(written(&rank_counts(&[8, 16], 4)), "4");
    }
}
