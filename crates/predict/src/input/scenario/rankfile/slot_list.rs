//! The slot list of a rankfile: `0`, `0-1`, `0,2`, `p0`, `0:1`, `1:0-2`, `0:*`, `0:0;1:0`.

use dlpc_engine::platform::core_set::CoreSet;

/// Why a slot list names no cores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is no slot list.
    Malformed,
    /// The host has no such core.
    NoCore {
        /// The core.
        core: u32,
    },
    /// The host has no such core in that socket.
    NoSocketCore {
        /// The core.
        core: u32,
        /// The socket.
        socket: u32,
        /// Cores of a socket.
        per_socket: u32,
    },
}

/// Returns the cores that `slots` names on a host of `n_cores`.
///
/// A machine model knows no sockets. If the list names socket *s*, the host is taken to have the least number of equal
/// sockets that has it: cores 0, 1, ... are those of socket 0, and so on, as Open MPI numbers them.
pub(super) fn cores(slots: &str, n_cores: u32) -> Result<CoreSet, Wrong> {
    let items: Vec<Item<'_>> = items(slots)?;
    let n_sockets = items.iter().filter_map(|item| item.socket).max().map(|most| most.saturating_add(1));
    let per_socket =
        n_sockets.map_or(n_cores, |n| (n..=n_cores).find(|n| n_cores.is_multiple_of(*n)).map_or(0, |n| n_cores / n));
    let ranges = items.iter().map(|item| item.range(n_cores, per_socket)).collect::<Result<_, Wrong>>()?;
    CoreSet::new(ranges).ok_or(Wrong::Malformed)
}

/// Cores of one socket, or of the host.
struct Item<'t> {
    socket: Option<u32>,
    cores: &'t str,
}

/// Splits `0:1,2;1:0`: a socket holds until another one is named.
fn items(slots: &str) -> Result<Vec<Item<'_>>, Wrong> {
    let mut items = Vec::new();
    for part in slots.split(';') {
        let mut socket = None;
        for word in part.split(',') {
            let word = word.strip_prefix(['p', 'P']).unwrap_or(word);
            let cores = match word.split_once(':') {
                Some((number, cores)) => {
                    socket = Some(number.parse().map_err(|_| Wrong::Malformed)?);
                    cores
                }
                None => word,
            };
            items.push(Item { socket, cores });
        }
    }
    Ok(items)
}

impl Item<'_> {
    fn range(&self, n_cores: u32, per_socket: u32) -> Result<(u32, u32), Wrong> {
        let n_here = if self.socket.is_some() { per_socket } else { n_cores };
        let number = |text: &str| text.parse::<u32>().map_err(|_| Wrong::Malformed);
        let (first, last) = match self.cores.split_once('-') {
            _ if self.cores == "*" => (0, n_here.saturating_sub(1)),
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(self.cores)?, number(self.cores)?),
        };
        match self.socket {
            _ if last < first => Err(Wrong::Malformed),
            Some(socket) if n_here <= last => Err(Wrong::NoSocketCore { core: last, socket, per_socket }),
            None if n_here <= last => Err(Wrong::NoCore { core: last }),
            Some(socket) => Ok((socket * per_socket + first, socket * per_socket + last)),
            None => Ok((first, last)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(slots: &str, n_cores: u32) -> Vec<u32> {
        cores(slots, n_cores).unwrap_or_else(|wrong| panic!("{slots}: {wrong:?}")).cores().collect()
    }

    #[test]
    fn cores_are_named_one_by_one_as_ranges_and_by_socket() {
        assert_eq!(found("2", 4), [2]);
        assert_eq!(found("1-2", 4), [1, 2]);
        assert_eq!(found("0,2", 4), [0, 2]);
        assert_eq!(found("p3", 4), [3]);
        assert_eq!(found("*", 3), [0, 1, 2]);
        // One socket: all cores are its.
        assert_eq!(found("0:1", 4), [1]);
        assert_eq!(found("0:*", 4), [0, 1, 2, 3]);
        // Two sockets of 4: core 0 of socket 1 is core 4.
        assert_eq!(found("1:0-2", 8), [4, 5, 6]);
        assert_eq!(found("0:1;1:0-2", 8), [1, 4, 5, 6]);
        assert_eq!(found("1:0,1", 8), [4, 5]);
        assert_eq!(found("0:3,1:3", 8), [3, 7]);
    }

    #[test]
    fn what_names_no_core_is_wrong() {
        for slots in ["", "p", "x", "0-", "2-1", ":0", "0:", "0;", "-1", "0.5"] {
            assert_eq!(cores(slots, 4), Err(Wrong::Malformed), "{slots}");
        }
        assert_eq!(cores("4", 4), Err(Wrong::NoCore { core: 4 }));
        assert_eq!(cores("1:2", 4), Err(Wrong::NoSocketCore { core: 2, socket: 1, per_socket: 2 }));
        assert_eq!(cores("9:0", 4), Err(Wrong::NoSocketCore { core: 0, socket: 9, per_socket: 0 }));
        assert_eq!(cores("4294967295:0", 4), Err(Wrong::NoSocketCore { core: 0, socket: u32::MAX, per_socket: 0 }));
    }
}
