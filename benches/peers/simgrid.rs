//! `SimGrid`'s programs: how they are built and started.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `SimGrid`'s flows without its corrections for TCP: what is left is max-min sharing. The window is so large that it limits
/// nothing; with the value that should switch it off, 0, `SimGrid` 3.32 lets flows run faster than a link of their route.
const PLAIN_NETWORK: [&str; 7] = [
    "--cfg=network/model:CM02",
    "--cfg=network/bandwidth-factor:1",
    "--cfg=network/latency-factor:1",
    "--cfg=network/weight-S:0",
    "--cfg=network/TCP-gamma:1e12",
    "--cfg=network/crosstraffic:0",
    "--log=root.thres:error",
];

/// Small stacks without guard pages, so that many ranks cost it no more than they have to.
const SMALL_STACKS: [&str; 2] = ["--cfg=contexts/stack-size:16", "--cfg=contexts/guard-size:0"];
const STACKS_OF_MPI: [&str; 2] = ["--cfg=contexts/stack-size:64", "--cfg=contexts/guard-size:0"];

/// The compiled programs.
#[derive(Debug)]
pub(crate) struct SimGrid {
    folder: PathBuf,
    pub(crate) version: String,
}

impl SimGrid {
    /// Compiles the programs; none if `SimGrid` is not installed.
    pub(crate) fn build() -> Option<Self> {
        let version = Command::new("smpirun").arg("-version").output().ok()?;
        let version = String::from_utf8_lossy(&version.stdout);
        let version =
            version.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?.to_owned();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
        std::fs::create_dir_all(&folder).expect("a folder");
        let simgrid = Self { folder, version: version.trim_end_matches(&['.', ','][..]).to_owned() };
        for program in ["flows", "patterns"] {
            let (source, target) = (source(&format!("{program}.cpp")), simgrid.folder.join(program));
            compile(Command::new("g++").args(["-O2", "-std=c++17", "-o"]).arg(target).arg(source).arg("-lsimgrid"));
        }
        let (source, target) = (source("barrier.c"), simgrid.folder.join("barrier"));
        compile(Command::new("smpicc").args(["-O2", "-o"]).arg(target).arg(source));
        Some(simgrid)
    }

    /// A pattern as an S4U program.
    pub(crate) fn pattern(&self, pattern: &str, n_ranks: u32) -> Command {
        let mut command = Command::new(self.folder.join("patterns"));
        command.args([pattern, &n_ranks.to_string()]).args(PLAIN_NETWORK).args(SMALL_STACKS);
        command
    }

    /// The flows of a configuration.
    pub(crate) fn flows(&self, file: &Path, configuration: &str) -> Command {
        let mut command = Command::new(self.folder.join("flows"));
        command.arg(file).arg(configuration).args(PLAIN_NETWORK).arg("--cfg=surf/precision:1e-9");
        command
    }

    /// The barrier as an SMPI program: its dissemination is called `ompi_bruck`.
    pub(crate) fn smpi_barrier(&self, n_ranks: u32) -> Command {
        let mut command = self.smpirun(n_ranks, 4);
        command.args(STACKS_OF_MPI);
        command.args(["--cfg=smpi/barrier:ompi_bruck", "--cfg=smpi/async-small-thresh:65536"]);
        command.args(["--cfg=smpi/simulate-computation:no", "-no-privatize"]);
        command.arg(self.folder.join("barrier"));
        command
    }

    /// A trace, with one rank to a host, the collective algorithms of `traces/star.toml`, and small messages sent before
    /// they are asked for.
    pub(crate) fn replay(&self, trace: &Path, n_ranks: u32) -> Command {
        let mut command = self.smpirun(n_ranks, 1);
        command.args(["--log=smpi_replay.thres:info", "--cfg=smpi/async-small-thresh:65536"]);
        command.args(["--cfg=smpi/barrier:ompi_bruck", "--cfg=smpi/bcast:binomial_tree"]);
        command.args(["--cfg=smpi/scatter:ompi_basic_linear", "--cfg=smpi/gather:ompi_binomial"]);
        command.args(["--cfg=smpi/allreduce:rdb", "-replay"]).arg(trace.file_name().expect("a file"));
        // It looks for the files of the list from where it runs.
        command.current_dir(trace.parent().expect("a folder"));
        command
    }

    fn smpirun(&self, n_ranks: u32, ranks_per_host: u32) -> Command {
        let (platform, hosts) = self.star(n_ranks, ranks_per_host);
        let mut command = Command::new("smpirun");
        command.args(["-np", &n_ranks.to_string(), "-platform"]).arg(platform).arg("-hostfile").arg(hosts);
        command.args(PLAIN_NETWORK);
        command
    }

    /// Writes the star as a platform file, and its hostfile.
    fn star(&self, n_ranks: u32, ranks_per_host: u32) -> (PathBuf, PathBuf) {
        let n_hosts = n_ranks.div_ceil(ranks_per_host);
        let (platform, hosts) = (self.folder.join("star.xml"), self.folder.join("hosts"));
        let cluster = format!(
            r#"<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="star" prefix="h" suffix="" radical="0-{}" speed="1Gf" bw="100Mbps" lat="25us"
           loopback_bw="500MBps" loopback_lat="1us"/>
</platform>
"#,
            n_hosts - 1
        );
        std::fs::write(&platform, cluster).expect("a file");
        let names = (0..n_ranks).fold(String::new(), |mut text, rank| {
            writeln!(text, "h{}", rank / ranks_per_host).expect("memory");
            text
        });
        std::fs::write(&hosts, names).expect("a file");
        (platform, hosts)
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/simgrid").join(name)
}

fn compile(command: &mut Command) {
    let output = command.output().expect("a compiler");
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}
