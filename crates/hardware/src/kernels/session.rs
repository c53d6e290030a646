//! The MPI session: its ranks, the hosts they are on, and its end if something goes wrong.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::panic;
use std::thread;
use std::time::{Duration, Instant};

use mpi::collective::CommunicatorCollectives;
use mpi::environment::{self, Universe};
use mpi::topology::{Communicator, Process, Rank, SimpleCommunicator};

use super::casting::Host;
use super::{KernelError, control};

/// Exit code of a job in which a rank failed.
const EXIT_MEASUREMENT: i32 = 5;
/// Exit code of a job with a bug.
const EXIT_INTERNAL: i32 = 1;
/// Longest wait for a launcher that does not read what a rank has said.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running MPI job, as one of its ranks sees it.
pub struct Session {
    /// All ranks.
    pub(super) world: SimpleCommunicator,
    /// This rank.
    pub rank: u32,
    /// Ranks in all.
    pub n_ranks: u32,
    /// Hosts in the order of their lowest ranks.
    pub hosts: Vec<Host>,
    /// MPI library and version, for instance `Open MPI v4.1.4`.
    pub mpi: String,
    /// Finalises MPI when the session is dropped, so the last field.
    _universe: Universe,
}

/// Starts MPI, runs `body` on this rank and ends MPI.
///
/// If `body` fails on any rank, or panics, that rank says why on standard error and ends the whole job, since the
/// others would wait for it for ever. `host` is the name of this host if it should not be the one it gives itself.
///
/// # Errors
/// [`KernelError::Ranks`] on all ranks, if there are not `expect_ranks`.
///
/// # Panics
/// If the MPI library answers against its own rules.
pub fn run<T>(
    expect_ranks: u32,
    host: Option<&str>,
    body: impl FnOnce(&Session) -> Result<T, KernelError>,
) -> Result<T, KernelError> {
    let universe = mpi::initialize().expect("invariant: MPI is started in one place only");
    abort_on_panic();
    let world = universe.world();
    let (rank, n_ranks) = (rank_from_mpi(world.rank()), rank_from_mpi(world.size()));
    let mpi = library();
    if n_ranks != expect_ranks {
        return Err(KernelError::Ranks { expected: expect_ranks, found: n_ranks, mpi });
    }
    let hosts = find_hosts(&world, host);
    let session = Session { world, rank, n_ranks, hosts, mpi, _universe: universe };
    let result = body(&session).unwrap_or_else(|error| session.abort(&error));
    session.gather_at_the_exit();
    Ok(result)
}

impl Session {
    /// Returns another rank, to send to or to receive from.
    pub(super) fn process(&self, rank: u32) -> Process<'_> {
        self.world.process_at_rank(rank_to_mpi(rank))
    }

    /// Returns the name of the host that `rank` is on.
    ///
    /// # Panics
    /// If there is no such rank.
    #[must_use]
    pub fn host_of(&self, rank: u32) -> &str {
        let host = self.hosts.iter().find(|host| host.ranks.contains(&rank));
        &host.expect("invariant: every rank is on a host").name
    }

    /// Ends all ranks with an exit code, without waiting for any of them.
    pub fn end(&self, code: u8) -> ! {
        abort(&self.world, i32::from(code))
    }

    /// Waits quietly until no rank can end the job early any more.
    ///
    /// The launcher of Open MPI 4.1 crashes or hangs if a job is aborted while some of its ranks finalise MPI: 9 times out of
    /// 40 here, never in 60 while they waited in MPI.
    fn gather_at_the_exit(&self) {
        control::finish(self.world.immediate_barrier());
    }

    fn abort(&self, error: &KernelError) -> ! {
        let message = format!("error: rank {} on {}: {error}\n", self.rank, self.host_of(self.rank));
        // If standard error is closed, the exit code still tells.
        let _ = io::stderr().write_all(message.as_bytes());
        abort(&self.world, EXIT_MEASUREMENT)
    }
}

/// Ends all ranks, once the launcher has taken what this rank has said.
///
/// A launcher may drop what is still in the pipes of a job that is aborted: the samples and the reason of the end.
fn abort(world: &SimpleCommunicator, code: i32) -> ! {
    let start = Instant::now();
    while start.elapsed() < PATIENCE && (is_unread(io::stdout().as_fd()) || is_unread(io::stderr().as_fd())) {
        thread::sleep(Duration::from_millis(1));
    }
    world.abort(code)
}

/// Returns whether there is something in a pipe that its reader has not taken.
fn is_unread(fd: BorrowedFd<'_>) -> bool {
    rustix::io::ioctl_fionread(fd).is_ok_and(|n_bytes| n_bytes > 0)
}

/// A panic on one rank would leave the others waiting.
fn abort_on_panic() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        report(info);
        if !environment::is_finalized() {
            abort(&SimpleCommunicator::world(), EXIT_INTERNAL);
        }
    }));
}

/// Returns name and version out of what the library says of itself: up to the first comma of the first line.
fn library() -> String {
    let text = environment::library_version().unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let name = line.split(',').next().unwrap_or_default();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the hosts of all ranks.
///
/// A host is told by its name and by the lowest rank with which its ranks can share memory: Raspberry Pis are all called
/// `raspberrypi` until somebody renames them. Hosts of the same name get a number.
fn find_hosts(world: &SimpleCommunicator, host: Option<&str>) -> Vec<Host> {
    let own = host.map_or_else(|| environment::processor_name().unwrap_or_default(), str::to_owned);
    let names = all_gather_text(world, &own);
    let mut neighbours = vec![0; world.size().unsigned_abs() as usize];
    let shared = world.split_shared(world.rank());
    let mut lowest = vec![0; shared.size().unsigned_abs() as usize];
    shared.all_gather_into(&world.rank(), &mut lowest[..]);
    world.all_gather_into(&lowest[0], &mut neighbours[..]);
    group_by_host(&names, &neighbours)
}

fn group_by_host(names: &[String], neighbours: &[Rank]) -> Vec<Host> {
    let mut hosts: Vec<(&str, Rank, Host)> = Vec::new();
    for (rank, (name, &neighbour)) in (0..).zip(names.iter().zip(neighbours)) {
        if let Some((.., host)) = hosts.iter_mut().find(|(n, lowest, _)| n == name && *lowest == neighbour) {
            host.ranks.push(rank);
            continue;
        }
        let namesakes = hosts.iter().filter(|(n, ..)| n == name).count();
        let label = if namesakes == 0 { name.clone() } else { format!("{name}#{}", namesakes + 1) };
        hosts.push((name, neighbour, Host { name: label, ranks: vec![rank] }));
    }
    hosts.into_iter().map(|(.., host)| host).collect()
}

fn all_gather_text(world: &SimpleCommunicator, own: &str) -> Vec<String> {
    // MPI allows 256 bytes for a processor name, and POSIX 255 for a host name.
    const LONGEST: usize = 256;
    let mut padded = [0; LONGEST];
    let n = own.len().min(LONGEST);
    padded[..n].copy_from_slice(&own.as_bytes()[..n]);
    let mut all = vec![0; LONGEST * world.size().unsigned_abs() as usize];
    world.all_gather_into(&padded[..], &mut all[..]);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned();
    all.chunks_exact(LONGEST).map(text).collect()
}

pub(super) fn rank_from_mpi(rank: Rank) -> u32 {
    u32::try_from(rank).expect("invariant: MPI numbers ranks from 0")
}

pub(super) fn rank_to_mpi(rank: u32) -> Rank {
    Rank::try_from(rank).expect("invariant: MPI has at most 2^31 ranks")
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn what_a_reader_has_not_taken_is_unread() {
        let (mut reader, mut writer) = io::pipe().expect("a pipe");
        assert!(!is_unread(writer.as_fd()));
        writer.write_all(b"sample").expect("room for six bytes");
        assert!(is_unread(writer.as_fd()));
        reader.read_exact(&mut [0; 6]).expect("six bytes");
        assert!(!is_unread(writer.as_fd()));
    }

    #[test]
    fn hosts_of_the_same_name_that_share_no_memory_are_told_apart() {
        let names = ["pi", "pi", "pi", "pc", "pi"].map(str::to_owned);
        let hosts = group_by_host(&names, &[0, 1, 0, 0, 1]);
        let found: Vec<(&str, &[u32])> = hosts.iter().map(|host| (host.name.as_str(), &host.ranks[..])).collect();
        assert_eq!(found, [("pi", &[0, 2][..]), ("pi#2", &[1, 4]), ("pc", &[3])]);
    }
}
