//! Looks hosts up by their names without listing them all.

use dlpc_engine::machine::HostGroup;
use dlpc_engine::platform::HostId;

/// Names and cores of the hosts of a machine model.
#[derive(Debug, Clone, Copy)]
pub(in crate::input) struct HostNames<'m> {
    groups: &'m [HostGroup],
}

impl<'m> HostNames<'m> {
    pub(in crate::input) const fn new(groups: &'m [HostGroup]) -> Self {
        Self { groups }
    }

    /// Returns the host called `name`.
    pub(in crate::input) fn find(self, name: &str) -> Option<HostId> {
        let mut first = 0;
        for group in self.groups {
            if let Some(i) = index_in(group, name) {
                return u32::try_from(first + i).ok().map(HostId);
            }
            first += group.speeds.len();
        }
        None
    }

    /// Returns each host and its cores, in the order of their numbers.
    pub(in crate::input) fn all(self) -> impl Iterator<Item = (HostId, u32)> + Clone {
        let cores = self.groups.iter().flat_map(|group| std::iter::repeat_n(group.cores.get(), group.speeds.len()));
        (0..).map(HostId).zip(cores)
    }

    /// Returns the cores of a host.
    pub(in crate::input) fn cores(self, host: HostId) -> u32 {
        let mut i = host.0 as usize;
        for group in self.groups {
            if i < group.speeds.len() {
                return group.cores.get();
            }
            i -= group.speeds.len();
        }
        0
    }

    /// Returns the number of cores of all hosts.
    pub(in crate::input) fn n_cores(self) -> u64 {
        self.groups.iter().map(|group| group.speeds.len() as u64 * u64::from(group.cores.get())).sum()
    }

    /// Returns the number of hosts.
    pub(in crate::input) fn n_hosts(self) -> u64 {
        self.groups.iter().map(|group| group.speeds.len() as u64).sum()
    }

    /// Returns whether `name` is that of a group, but for its number: `pi8` where there are pi0 to pi7.
    pub(in crate::input) fn is_nearly(self, name: &str) -> bool {
        let stem = |name: &str| name.trim_end_matches(|c: char| c.is_ascii_digit()).to_lowercase();
        let of_name = stem(name);
        !of_name.is_empty() && self.groups.iter().any(|group| stem(&group.name) == of_name)
    }

    /// Returns the names for messages: `pi0 to pi7, fat`.
    pub(in crate::input) fn known(self) -> String {
        let names = self.groups.iter().map(|group| match group.speeds.len() {
            1 => group.name.clone(),
            n => format!("{0}0 to {0}{1}", group.name, n - 1),
        });
        names.collect::<Vec<_>>().join(", ")
    }
}

/// Returns the number of the host called `name` within its group.
fn index_in(group: &HostGroup, name: &str) -> Option<usize> {
    let digits = name.strip_prefix(group.name.as_str())?;
    match group.speeds.len() {
        1 => digits.is_empty().then_some(0),
        n => digits.parse().ok().filter(|i: &usize| *i < n && i.to_string() == digits),
    }
}

/// Returns the first host name that two groups share, with the number of the later group.
pub(in crate::input) fn duplicate(groups: &[HostGroup]) -> Option<(usize, String)> {
    // Of all hosts of a group, the first has the shortest and least number, so it is the first that is shared.
    groups.iter().enumerate().find_map(|(i, group)| {
        let first = if group.speeds.len() == 1 { group.name.clone() } else { format!("{}0", group.name) };
        let is_shared = groups.iter().enumerate().any(|(j, other)| i != j && index_in(other, &first).is_some());
        is_shared.then_some((i, first))
    })
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use dlpc_engine::machine::{Duplex, Nic};
    use dlpc_engine::units::{BytesPerSecond, SimDuration};

    use super::*;

    fn group(name: &str, n: usize, cores: u32) -> HostGroup {
        let nic = Nic { bandwidth: BytesPerSecond::from_mbit(100.0), latency: SimDuration::ZERO, duplex: Duplex::Full };
        let cores = NonZeroU32::new(cores).expect("cores");
        HostGroup { name: name.to_owned(), cores, speeds: vec![1.0; n], slowdown: vec![1.0], nic }
    }

    #[test]
    fn finds_exactly_the_names_that_hosts_have() {
        let groups = [group("pi", 12, 4), group("fat", 1, 64)];
        let names = HostNames::new(&groups);
        for (i, name) in groups.iter().flat_map(HostGroup::host_names).enumerate() {
            assert_eq!(names.find(&name).map(|host| host.0 as usize), Some(i), "{name}");
        }
        for name in ["pi", "pi12", "pi01", "pi+1", "fat0", ""] {
            assert_eq!(names.find(name), None, "{name}");
        }
        assert_eq!(names.cores(HostId(11)), 4);
        assert_eq!(names.cores(HostId(12)), 64);
    }

    #[test]
    fn finds_a_name_that_two_groups_share() {
        assert_eq!(duplicate(&[group("pi", 8, 4), group("pi7", 1, 4)]), Some((1, "pi7".to_owned())));
        assert_eq!(duplicate(&[group("pi1", 3, 4), group("pi", 11, 4)]), Some((0, "pi10".to_owned())));
        assert_eq!(duplicate(&[group("pi", 8, 4), group("pi8", 1, 4), group("pi0", 2, 4)]), None);
    }
}
