//! What Slurm says of the hosts that it has given to this job, in the words of its environment variables.

use crate::input::HostSlots;

/// Returns the hosts of an allocation: `nodes` as in `SLURM_JOB_NODELIST` (`pi[0-3,7],fat`), `cpus` as in
/// `SLURM_JOB_CPUS_PER_NODE` (`4(x5),64`). Nothing if they cannot be read or do not fit together.
#[must_use]
pub fn hosts(nodes: &str, cpus: &str) -> Option<Vec<HostSlots>> {
    let names = names(nodes)?;
    let slots = counts(cpus)?;
    let host = |(name, slots)| HostSlots { name, user: None, port: None, slots: Some(slots) };
    (names.len() == slots.len()).then(|| names.into_iter().zip(slots).map(host).collect())
}

/// More hosts than that are a mistake.
const HOSTS_MAX: usize = 1_000_000;

/// Reads `pi[0-3,07],fat`.
fn names(text: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = end_of_item(rest);
        names.extend(expand(&rest[..end])?);
        rest = rest[end..].strip_prefix(',').unwrap_or_default();
        if HOSTS_MAX < names.len() {
            return None;
        }
    }
    (!names.is_empty()).then_some(names)
}

/// Returns where the first item ends: at a comma that is not in brackets.
fn end_of_item(text: &str) -> usize {
    let mut is_inside = false;
    for (i, c) in text.char_indices() {
        match c {
            '[' => is_inside = true,
            ']' => is_inside = false,
            ',' if !is_inside => return i,
            _ => {}
        }
    }
    text.len()
}

/// Expands the first brackets of an item, and what comes behind them.
fn expand(item: &str) -> Option<Vec<String>> {
    let Some((stem, rest)) = item.split_once('[') else {
        return (!item.is_empty() && !item.contains(']')).then(|| vec![item.to_owned()]);
    };
    let (ranges, rest) = rest.split_once(']')?;
    let ends = if rest.is_empty() { vec![String::new()] } else { expand(rest)? };
    let mut names = Vec::new();
    for range in ranges.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let width = first.len();
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        if last < first || HOSTS_MAX < (last - first) as usize {
            return None;
        }
        for number in first..=last {
            names.extend(ends.iter().map(|end| format!("{stem}{number:0width$}{end}")));
        }
    }
    Some(names)
}

/// Reads `4(x3),2`: 4, 4, 4, 2.
fn counts(text: &str) -> Option<Vec<u32>> {
    let mut counts = Vec::new();
    for item in text.split(',') {
        let (count, times) = match item.split_once("(x") {
            Some((count, times)) => (count, times.strip_suffix(')')?.parse().ok()?),
            None => (item, 1),
        };
        let count: u32 = count.parse().ok().filter(|count| 0 < *count)?;
        if HOSTS_MAX < times {
            return None;
        }
        counts.extend(std::iter::repeat_n(count, times));
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_hosts_are_written_out() {
        let found = |text: &str| names(text).expect("names").join(" ");
        assert_eq!(found("pi[0-2,7],fat"), "pi0 pi1 pi2 pi7 fat");
        assert_eq!(found("node[008-011]"), "node008 node009 node010 node011");
        assert_eq!(found("r[1-2]n[0-1]"), "r1n0 r1n1 r2n0 r2n1");
        for wrong in ["", "pi[", "pi[]", "pi[3-1]", "pi]", "pi[0-99999999]", "a,,b"] {
            assert_eq!(names(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn each_host_has_its_slots() {
        let found = hosts("pi[0-2],fat", "4(x3),64").expect("hosts");
        let slots: Vec<_> = found.iter().map(|host| (host.name.as_str(), host.slots)).collect();
        assert_eq!(slots, [("pi0", Some(4)), ("pi1", Some(4)), ("pi2", Some(4)), ("fat", Some(64))]);
        for (nodes, cpus) in [("pi[0-2]", "4(x2)"), ("pi0", ""), ("pi0", "0"), ("pi0", "4(x")] {
            assert_eq!(hosts(nodes, cpus), None, "{nodes} {cpus}");
        }
    }
}
