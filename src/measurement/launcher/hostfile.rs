//! The hosts of a cluster in the launcher's own syntax.

use std::fmt::Write as _;

use super::Flavour;
use crate::input::HostSlots;

/// Returns the hostfile of `hosts` as a launcher of this flavour reads it; for Slurm, the names, separated by commas.
///
/// Hosts without a number of slots have as many as Open MPI or Hydra give them.
#[must_use]
pub fn hostfile(flavour: Flavour, hosts: &[HostSlots]) -> String {
    let mut text = String::new();
    for HostSlots { name, user, port, slots } in hosts {
        // Writing to a string cannot fail.
        let _ = match flavour {
            Flavour::OpenMpi => {
                let user = user.as_ref().map_or(String::new(), |user| format!("{user}@"));
                let slots = slots.map_or(String::new(), |slots| format!(" slots={slots}"));
                let port = port.map_or(String::new(), |port| format!(" port={port}"));
                writeln!(text, "{user}{name}{slots}{port}")
            }
            Flavour::Hydra => {
                let slots = slots.map_or(String::new(), |slots| format!(":{slots}"));
                let user = user.as_ref().map_or(String::new(), |user| format!(" user={user}"));
                writeln!(text, "{name}{slots}{user}")
            }
            Flavour::Slurm => write!(text, "{}{name}", if text.is_empty() { "" } else { "," }),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_launcher_gets_its_own_syntax() {
        let host = |name: &str, user: Option<&str>, slots| HostSlots {
            name: name.to_owned(),
            user: user.map(str::to_owned),
            port: None,
            slots,
        };
        let hosts = [host("pi0", None, Some(4)), host("192.168.0.7", Some("pi"), Some(2)), host("pi2", None, None)];
        let open_mpi = "pi0 slots=4\npi@192.168.0.7 slots=2\npi2\n";
        assert_eq!(hostfile(Flavour::OpenMpi, &hosts), open_mpi);
        assert_eq!(hostfile(Flavour::Hydra, &hosts), "pi0:4\n192.168.0.7:2 user=pi\npi2\n");
        assert_eq!(hostfile(Flavour::Slurm, &hosts), "pi0,192.168.0.7,pi2");
    }
}
