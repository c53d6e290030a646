//! One line of a hostfile, in the syntax of Open MPI (`pi@pi0 slots=4 max_slots=8`) or of MPICH (`pi0:4 user=pi`).

use crate::diagnostic::Problem;
use crate::input::scenario::lines::Line;
use crate::input::scenario::named_hosts;
use crate::input::scenario::raw::RANKS_MAX;

/// What a line says of a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry<'t> {
    pub(super) line: Line<'t>,
    /// Name or address, without user and slots.
    pub(super) name: &'t str,
    pub(super) user: Option<&'t str>,
    /// Port of ssh.
    pub(super) port: Option<u32>,
    /// Slots, if the line states them; zero excludes the host.
    pub(super) slots: Option<u32>,
}

impl<'t> Entry<'t> {
    pub(super) fn read(line: Line<'t>) -> Result<Self, Problem> {
        let word = line.first_word();
        let (user, rest) = word.split_once('@').map_or((None, word), |(user, rest)| (Some(user), rest));
        let (name, count) = split_count(rest);
        if !is_host_name(name) || user.is_some_and(|user| !is_user_name(user)) {
            return Err(no_host(&line, word));
        }
        let mut entry = Self { line, name, user, port: None, slots: None };
        let mut max_slots = None;
        if let Some(count) = count {
            entry.slots = Some(entry.number("slots", count, RANKS_MAX)?);
        }
        for (key, value) in line.settings() {
            match key {
                "slots" | "cpu" | "count" => entry.slots = Some(entry.number(key, value, RANKS_MAX)?),
                "port" => entry.port = Some(entry.number(key, value, u16::MAX.into())?),
                "user" | "username" | "user-name" | "user_name" if is_user_name(value) => entry.user = Some(value),
                key if is_max(key) => max_slots = Some((key, entry.number(key, value, RANKS_MAX)?)),
                _ => return Err(unknown_key(&line, word, key, value)),
            }
        }
        if let Some((key, most)) = max_slots {
            let slots = *entry.slots.get_or_insert(most);
            if most < slots {
                let message = format!("`{name}` has {slots} slots, more than its {key}={most}");
                let problem = Problem::error("hostfile::out_of_range", line.span, message);
                return Err(problem.help(format!("write slots={most}, or a larger {key}")));
            }
        }
        Ok(entry)
    }

    fn number(&self, key: &str, value: &str, most: u32) -> Result<u32, Problem> {
        value.parse().ok().filter(|number| *number <= most).ok_or_else(|| {
            let message = format!("`{key}={value}` is not a number from 0 to {most}");
            let problem = Problem::error("hostfile::out_of_range", self.line.span, message);
            problem.help(format!("write `{} slots=N`, N ranks at most", self.name))
        })
    }
}

/// Splits `pi0:4`; an IPv6 address has more colons, and stands in brackets if slots follow it.
fn split_count(word: &str) -> (&str, Option<&str>) {
    if let Some((address, rest)) = word.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address, rest.strip_prefix(':'));
    }
    match word.split_once(':') {
        Some((name, count)) if !count.contains(':') => (name, Some(count)),
        Some(_) | None => (word, None),
    }
}

/// A name that begins with `-` would be an option of ssh.
fn is_host_name(name: &str) -> bool {
    let name = if named_hosts::relative(name).is_some() { &name[1..] } else { name };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
    !name.is_empty() && !name.starts_with('-') && name.chars().all(is_plain)
}

fn is_user_name(name: &str) -> bool {
    is_host_name(name)
}

/// `max_slots` and the seven other ways to write it.
fn is_max(key: &str) -> bool {
    let key = key.replace('-', "_");
    let other = key.strip_prefix("max_").or_else(|| key.strip_suffix("_max"));
    other.is_some_and(|other| ["slots", "cpu", "count"].contains(&other))
}

fn no_host(line: &Line<'_>, word: &str) -> Problem {
    let problem = Problem::error("hostfile::malformed", line.word_span(word), format!("`{word}` is no name of a host"));
    problem.help("a line is `host`, `host slots=N` or `host:N`, with `user@` before the host if need be")
}

fn unknown_key(line: &Line<'_>, word: &str, key: &str, value: &str) -> Problem {
    let problem = Problem::error("hostfile::unknown_key", line.span, format!("unknown key `{key}`"));
    if word == "rank" || word.starts_with("rank=") {
        return problem.help("this is a line of a rankfile, which `run.placement.rankfile` names");
    }
    if value.is_empty() && key.parse::<u32>().is_ok() {
        return problem.help(format!("write `{word} slots={key}`"));
    }
    problem.help("a line is `host slots=N max_slots=N`; user= and port= are known, too")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Diagnostics;
    use crate::input::scenario::lines;

    /// Name, user, slots and port.
    type Read = (String, Option<String>, Option<u32>, Option<u32>);

    fn read(text: &str) -> Result<Read, String> {
        let file = Diagnostics::default().add_source("x".as_ref(), text.to_owned());
        let line = lines::of(file, text).next().expect("a line");
        let entry = Entry::read(line).map_err(|problem| problem.help.to_string())?;
        Ok((entry.name.to_owned(), entry.user.map(str::to_owned), entry.slots, entry.port))
    }

    #[test]
    fn both_syntaxes_say_the_same() {
        let pi0 = |slots| Ok(("pi0".to_owned(), None, slots, None));
        for (text, slots) in [
            ("pi0", None),
            ("pi0:4", Some(4)),
            ("pi0 slots=4", Some(4)),
            ("pi0 slots = 4 max-slots=8", Some(4)),
            ("pi0 cpu=4", Some(4)),
            ("pi0 count=4", Some(4)),
            ("pi0 max_slots=8", Some(8)),
            ("pi0 slots_max=8", Some(8)),
            ("pi0 slots=0", Some(0)),
        ] {
            assert_eq!(read(text), pi0(slots), "{text}");
        }
    }

    #[test]
    fn users_ports_and_addresses_are_read() {
        let host =
            |name: &str, user: Option<&str>, slots, port| Ok((name.to_owned(), user.map(str::to_owned), slots, port));
        assert_eq!(read("pi@pi0.local slots=4"), host("pi0.local", Some("pi"), Some(4), None));
        assert_eq!(read("pi0:4 user=pi"), host("pi0", Some("pi"), Some(4), None));
        assert_eq!(read("pi0 username=pi port=2222"), host("pi0", Some("pi"), None, Some(2222)));
        assert_eq!(read("192.168.0.7:2"), host("192.168.0.7", None, Some(2), None));
        assert_eq!(read("fe80::1 slots=2"), host("fe80::1", None, Some(2), None));
        assert_eq!(read("[fe80::1]:2"), host("fe80::1", None, Some(2), None));
        assert_eq!(read("+n3 slots=2"), host("+n3", None, Some(2), None));
    }

    #[test]
    fn a_line_that_cannot_be_read_says_what_to_write() {
        for (text, help) in [
            ("pi0 4", "write `pi0 slots=4`"),
            ("pi0:x", "write `pi0 slots=N`"),
            ("pi0 slots=-1", "write `pi0 slots=N`"),
            ("rank 0=pi0 slot=1", "this is a line of a rankfile"),
            ("-oProxyCommand=x", "a line is `host`"),
            ("\"pi0\"", "a line is `host`"),
            ("pi0, pi1", "a line is `host`"),
            ("pi0 slots=4 max_slots=2", "write slots=2"),
            ("pi0 colour=red", "a line is `host slots=N"),
        ] {
            let found = read(text).expect_err(text);
            assert!(found.starts_with(help), "{text}: {found}");
        }
    }
}
