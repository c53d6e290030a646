//! Which hosts of the machine model the names in a hostfile or rankfile mean.

use std::collections::BTreeMap;

use dlpc_engine::platform::HostId;

use super::lines::Line;
use crate::diagnostic::{Problem, Span};
use crate::input::machine::host_names::HostNames;

/// The names of one file.
#[derive(Debug)]
pub(in crate::input) struct NamedHosts<'m, 't> {
    hosts: HostNames<'m>,
    /// Names of which none is in the machine model: the first is its host 0, and so on. Empty if they are its own.
    in_order: BTreeMap<&'t str, u32>,
}

impl<'m, 't> NamedHosts<'m, 't> {
    /// Looks at all names of a file, in their order.
    ///
    /// A file from elsewhere calls its hosts by names or addresses of which the model knows none: they are its hosts one
    /// by one. A name that differs from those of the model in its number only is a mistake.
    pub(in crate::input) fn of(hosts: HostNames<'m>, names: impl Iterator<Item = &'t str>) -> Self {
        let mut in_order = BTreeMap::new();
        for name in names.filter(|name| relative(name).is_none()) {
            let name = plain(name);
            let next = u32::try_from(in_order.len()).unwrap_or(u32::MAX);
            in_order.entry(name).or_insert(next);
            let is_of_the_model = hosts.find(name).is_some() || hosts.is_nearly(name);
            if is_of_the_model || in_order.len() as u64 > hosts.n_hosts() {
                return Self { hosts, in_order: BTreeMap::new() };
            }
        }
        Self { hosts, in_order }
    }

    /// Returns the host that `name` means.
    pub(in crate::input) fn find(&self, name: &str) -> Option<HostId> {
        if let Some(number) = relative(name) {
            return (u64::from(number) < self.hosts.n_hosts()).then_some(HostId(number));
        }
        let in_order = || self.in_order.get(plain(name)).copied().map(HostId);
        self.hosts.find(name).or_else(|| self.hosts.find(plain(name))).or_else(in_order)
    }

    /// Returns a warning if names of the file are taken for other hosts.
    pub(in crate::input) fn doubt(&self, code: &str, first: Span) -> Option<Problem> {
        let name = self.in_order.keys().next()?;
        let known = self.hosts.known();
        let message = match self.in_order.len() {
            1 => format!("no host is called `{name}`, so it is taken for the first of the machine model ({known})"),
            n => format!(
                "none of the {n} hosts is called as one of the machine model ({known}), so they are taken for its first {n}, \
                 in their order"
            ),
        };
        Some(Problem::warning(code, first, message).help("use the names of the machine model"))
    }

    /// Returns the problem of a name that is none of the machine model.
    pub(in crate::input) fn unknown(&self, line: &Line<'_>, name: &str, code: &str) -> Problem {
        let known = self.hosts.known();
        let problem = Problem::error(code, line.word_span(name), format!("unknown host `{name}`"));
        if relative(name).is_some() {
            return problem.label("not in the machine model").help(format!("hosts are {known}, from +n0 on"));
        }
        if name == "localhost" || name.starts_with("127.") {
            return problem.help(format!("write which host of the machine model that is: {known}"));
        }
        problem.label("not in the machine model").help(format!("hosts are {known}"))
    }
}

/// Returns the number of a host that is named by its place: `+n2`.
pub(in crate::input) fn relative(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("+n").or_else(|| name.strip_prefix("+N"))?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// Returns a name without its domain, as Open MPI takes it; an address as it is.
pub(crate) fn plain(name: &str) -> &str {
    let is_address = name.contains(':') || name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if is_address { name } else { name.split('.').next().unwrap_or(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_without_its_domain_and_an_address_stays() {
        assert_eq!(plain("pi0.local"), "pi0");
        assert_eq!(plain("192.168.0.7"), "192.168.0.7");
        assert_eq!(plain("fe80::1"), "fe80::1");
    }

    #[test]
    fn a_place_is_a_number_behind_its_sign() {
        assert_eq!(relative("+n12"), Some(12));
        for name in ["+n", "n1", "+e", "+n-1", "+n99999999999"] {
            assert_eq!(relative(name), None, "{name}");
        }
    }
}
