//! Which launches determine a value: those with samples of it.
//!
//! A campaign may end in the middle of a launch. That launch says nothing of what it did not come to, so it does not count
//! for the interval of that.

use std::collections::{BTreeMap, BTreeSet};

use dlpc_engine::machine::{COSTED, Kernel, MachineModel};

use crate::calibration::experiment::Experiment;
use crate::calibration::sample::Sample;
use crate::calibration::simulated::machine_kernel;
use crate::fit::trust::residuals::kind;

/// Returns sets of launches, ascending, and the values that each set determines.
///
/// `fitted` are the key paths and the experiments that determine them, for instance `ping_pong remote, fan_in`.
pub(in crate::fit) fn telling(
    samples: &[&Sample],
    machine: &MachineModel,
    fitted: &BTreeMap<String, String>,
) -> BTreeMap<Vec<u32>, BTreeSet<String>> {
    let mut kinds: BTreeMap<(u32, String), Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        kinds.entry((sample.launch, kind(&sample.experiment))).or_default().push(sample);
    }
    let all: BTreeSet<u32> = samples.iter().map(|sample| sample.launch).collect();
    let mut sets: BTreeMap<Vec<u32>, BTreeSet<String>> = BTreeMap::new();
    for (key, experiments) in fitted {
        let own = about(machine, key);
        let tells = |launch: &u32| {
            experiments.split(", ").all(|kind| {
                let samples = kinds.get(&(*launch, kind.to_owned()));
                samples.is_some_and(|samples| samples.iter().any(|sample| own.is_told_by(sample)))
            })
        };
        let launches = all.iter().copied().filter(tells).collect();
        sets.entry(launches).or_default().insert(key.clone());
    }
    sets
}

/// Returns the launches that have samples of each of these kinds.
pub(in crate::fit) fn of_kinds(samples: &[&Sample], kinds: &[String]) -> BTreeSet<u32> {
    let of_kind = |wanted: &String| -> BTreeSet<u32> {
        let of_kind = samples.iter().filter(|sample| kind(&sample.experiment) == *wanted);
        of_kind.map(|sample| sample.launch).collect()
    };
    kinds.iter().map(of_kind).reduce(|all, own| all.intersection(&own).copied().collect()).unwrap_or_default()
}

/// What a sample of computing must be about to determine a value.
enum About {
    Host(String),
    Kernel(Kernel),
    Busy(u32),
    Anything,
}

fn about(machine: &MachineModel, key: &str) -> About {
    let name = key.rsplit('.').next().unwrap_or(key);
    let index = |what: &str| name.strip_prefix(what)?.strip_prefix('[')?.strip_suffix(']')?.parse::<usize>().ok();
    if let Some(host) = index("speed") {
        let group = machine.host_groups.iter().find(|group| key == format!("hosts.{}.speed[{host}]", group.name));
        return group.and_then(|group| group.host_names().get(host).cloned()).map_or(About::Anything, About::Host);
    }
    if let Some(i) = index("slowdown") {
        return u32::try_from(i + 1).map_or(About::Anything, About::Busy);
    }
    let of_cost = COSTED.iter().find(|costed| costed.key == key).map(|costed| costed.kernel);
    let of_sigma = Kernel::ALL.into_iter().find(|kernel| kernel.sigma_key() == key);
    of_cost.or(of_sigma).map_or(About::Anything, About::Kernel)
}

impl About {
    fn is_told_by(&self, sample: &Sample) -> bool {
        match (self, &sample.experiment) {
            (Self::Host(host), _) => sample.host == *host,
            (Self::Kernel(own), Experiment::Compute { kernel, .. }) => machine_kernel(*kernel) == *own,
            (Self::Busy(busy), Experiment::Compute { busy: found, .. }) => found == busy,
            (Self::Anything, _) => true,
            (Self::Kernel(_) | Self::Busy(_), _) => false,
        }
    }
}
