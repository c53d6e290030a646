//! How many cores a host has for ranks, whatever this process is bound to.
//!
//! A launcher binds each rank, so a process that asks how many cores it may use hears of one. What the kernel lists is the
//! same for all: processors that are on, without those that a control group keeps away; hardware threads of a core count
//! once, since launchers give one slot to a core.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Returns the cores of this host for ranks, as the files below `root` tell (`/` on a host), at least one.
pub(super) fn cores(root: &Path) -> Option<u32> {
    let mut online = cpu_list(&read(&root.join("sys/devices/system/cpu/online"))?)?;
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    for folder in group_folders(root, &groups, "cpuset") {
        let of_group = ["cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus"];
        let list = of_group.iter().find_map(|name| cpu_list(&read(&folder.join(name))?));
        if let Some(list) = list.filter(|list| !list.is_disjoint(&online)) {
            online.retain(|cpu| list.contains(cpu));
            break;
        }
    }
    let first_threads = online.iter().map(|cpu| first_thread(root, *cpu)).collect::<BTreeSet<u32>>();
    let n = u32::try_from(first_threads.len()).ok()?;
    let quotas = group_folders(root, &groups, "cpu").into_iter().filter_map(|folder| quota(&folder));
    // A quota below a core makes a core slow, and says nothing of their number.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to u32::MAX, cut off")]
    let n = quotas.filter(|quota| 1.0 <= *quota).fold(n, |n, quota| n.min(quota as u32));
    Some(n.max(1))
}

/// Returns the lowest hardware thread of the core that `cpu` is a thread of.
fn first_thread(root: &Path, cpu: u32) -> u32 {
    let topology = root.join(format!("sys/devices/system/cpu/cpu{cpu}/topology"));
    let siblings = read(&topology.join("thread_siblings_list")).and_then(|list| cpu_list(&list));
    siblings.and_then(|siblings| siblings.first().copied()).unwrap_or(cpu)
}

/// Returns the folders of this process's control group and all above it, for one controller: version 2, then version 1.
fn group_folders(root: &Path, groups: &str, controller: &str) -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let base = root.join("sys/fs/cgroup");
        let base = if controllers.is_empty() {
            base
        } else if controllers.split(',').any(|name| name == controller) {
            base.join(controller)
        } else {
            continue;
        };
        let path = Path::new(path.trim_start_matches('/'));
        folders.extend(path.ancestors().map(|path| base.join(path)));
    }
    folders
}

/// Returns the processor time that a control group may use, in cores.
fn quota(folder: &Path) -> Option<f64> {
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| 0.0 < *number);
    if let Some(max) = read(&folder.join("cpu.max")) {
        let (quota, period) = max.split_once(' ')?;
        return Some(number(quota)? / number(period)?);
    }
    Some(number(&read(&folder.join("cpu.cfs_quota_us"))?)? / number(&read(&folder.join("cpu.cfs_period_us"))?)?)
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Reads `0-3,8`.
fn cpu_list(text: &str) -> Option<BTreeSet<u32>> {
    let mut cpus = BTreeSet::new();
    for range in text.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        cpus.extend(first..=last.min(first.saturating_add(1 << 16)));
    }
    Some(cpus)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host with these files.
    fn host(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, format!("{text}\n")).expect("a file");
        }
        root
    }

    const PI: (&str, &str) = ("sys/devices/system/cpu/online", "0-3");

    #[test]
    fn a_pi_has_four_cores_even_if_this_process_is_bound_to_one() {
        // Binding is not in these files at all.
        assert_eq!(cores(host(&[PI]).path()), Some(4));
        assert_eq!(cores(host(&[]).path()), None);
    }

    #[test]
    fn hardware_threads_of_a_core_count_once() {
        let threads = |cpu: u32| format!("sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list");
        let paths: Vec<String> = (0..4).map(threads).collect();
        let lists = ["0,2", "1,3", "0,2", "1,3"];
        let files: Vec<(&str, &str)> = paths.iter().map(String::as_str).zip(lists).chain([PI]).collect();
        assert_eq!(cores(host(&files).path()), Some(2));
    }

    #[test]
    fn a_container_has_the_cores_that_its_group_has() {
        let own = ("proc/self/cgroup", "0::/box/job");
        let set = host(&[PI, own, ("sys/fs/cgroup/box/cpuset.cpus.effective", "2-3")]);
        assert_eq!(cores(set.path()), Some(2));
        let quota = |max| host(&[PI, own, ("sys/fs/cgroup/box/cpu.max", max)]);
        assert_eq!(cores(quota("250000 100000").path()), Some(2));
        assert_eq!(cores(quota("max 100000").path()), Some(4));
        assert_eq!(cores(quota("20000 100000").path()), Some(4), "slow cores are cores");
        let old = host(&[
            PI,
            ("proc/self/cgroup", "4:cpu,cpuacct:/box\n3:cpuset:/"),
            ("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "300000"),
            ("sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000"),
            ("sys/fs/cgroup/cpuset/cpuset.cpus", "0-3"),
        ]);
        assert_eq!(cores(old.path()), Some(3));
    }
}
