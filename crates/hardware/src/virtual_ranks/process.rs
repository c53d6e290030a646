//! Processes that are ranks: how they start, are spoken to, and end.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use dlpc_virtual_mpi::wire::{self, Call, Frame, RANK, SOCKET};
use dlpc_virtual_mpi::{FILE_NAMES, LIBRARY};
use process_wrap::std::{ChildWrapper, CommandWrap, ProcessSession};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tempfile::TempDir;

use super::{Play, PlayError};
use crate::launcher::session;

/// How often to look whether a process has ended, or is to be ended.
const LOOK: Duration = Duration::from_millis(50);
/// How long a process may take to end once its connection is closed.
const PATIENCE: Duration = Duration::from_secs(5);

/// A folder with the virtual library and the socket; it goes away with the value.
pub(super) struct Theatre {
    folder: TempDir,
    listener: UnixListener,
    command: Vec<OsString>,
    time_limit: Duration,
    prints_to_stderr: bool,
    stop: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl fmt::Debug for Theatre {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Theatre").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A rank's process and its connection.
#[derive(Debug)]
pub(super) struct Process {
    rank: u32,
    child: Box<dyn ChildWrapper>,
    stream: UnixStream,
    /// Its last call.
    pub(super) last: String,
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> PlayError {
    move |source| PlayError::System { what, source }
}

impl Theatre {
    pub(super) fn new(play: &Play, stop: Arc<dyn Fn() -> bool + Send + Sync>) -> Result<Self, PlayError> {
        if LIBRARY.is_empty() {
            return Err(PlayError::NotHere);
        }
        let folder = tempfile::Builder::new().prefix("dlpc-sim-").tempdir().map_err(system("make a folder"))?;
        let [library, other_name] = FILE_NAMES;
        fs::write(folder.path().join(library), LIBRARY)
            .and_then(|()| symlink(library, folder.path().join(other_name)))
            .map_err(system("write the virtual MPI library"))?;
        let listener = UnixListener::bind(folder.path().join("socket")).map_err(system("open a socket"))?;
        listener.set_nonblocking(true).map_err(system("open a socket"))?;
        Ok(Self {
            folder,
            listener,
            command: play.command.clone(),
            time_limit: play.time_limit,
            prints_to_stderr: play.prints_to_stderr,
            stop,
        })
    }

    fn library(&self) -> PathBuf {
        self.folder.path().join(FILE_NAMES[0])
    }

    /// Starts a rank and waits until it has made its first call.
    pub(super) fn start(&self, rank: u32) -> Result<Process, PlayError> {
        let mut child = self.spawn(rank)?;
        let connected = self.connection(rank, child.as_mut());
        if connected.is_err() {
            let _ = session::end(child.as_mut());
        }
        let stream = connected?;
        let mut process = Process { rank, child, stream, last: "its start".to_owned() };
        let hello = process.receive(self)?;
        if Call::decode(hello.kind, &hello.numbers) == Some(Call::Hello { rank }) {
            return Ok(process);
        }
        let source = io::Error::other("another process has taken its place");
        process.end();
        Err(PlayError::System { what: "speak with a rank", source })
    }

    fn spawn(&self, rank: u32) -> Result<Box<dyn ChildWrapper>, PlayError> {
        let program = &self.command[0];
        let mut command = Command::new(program);
        command.args(&self.command[1..]).stdin(Stdio::null());
        if self.prints_to_stderr {
            command.stdout(io::stderr());
        }
        command.env(SOCKET, self.folder.path().join("socket")).env(RANK, rank.to_string());
        command.env("LD_LIBRARY_PATH", before("LD_LIBRARY_PATH", self.folder.path().as_os_str()));
        // Its clocks are before those of the C library.
        command.env("LD_PRELOAD", before("LD_PRELOAD", self.library().as_os_str()));
        // The wheels of mpi4py look for a library when they are loaded.
        command.env("MPI4PY_MPIABI", "mpich").env("MPI4PY_LIBMPI", self.library());
        CommandWrap::from(command)
            .wrap(ProcessSession)
            .spawn()
            .map_err(|source| PlayError::Start { program: program.clone(), source })
    }

    fn connection(&self, rank: u32, child: &mut dyn ChildWrapper) -> Result<UnixStream, PlayError> {
        let started_at = Instant::now();
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).map_err(system("open a connection"))?;
                    return Ok(stream);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(source) => return Err(PlayError::System { what: "open a connection", source }),
            }
            if let Some(status) = child.try_wait().map_err(system("ask how a rank is"))? {
                return Err(PlayError::NoMpi { rank, status });
            }
            self.check(rank, started_at, "its start")?;
            wait_for(&self.listener)?;
        }
    }

    /// Fails if the program is to be ended, or has been silent for too long.
    fn check(&self, rank: u32, since: Instant, after: &str) -> Result<(), PlayError> {
        if (self.stop)() {
            return Err(PlayError::Stopped);
        }
        if since.elapsed() < self.time_limit {
            return Ok(());
        }
        Err(PlayError::Silent { rank, limit: self.time_limit, after: after.to_owned() })
    }
}

/// Returns a list of the environment with another entry before the others.
fn before(name: &str, entry: &OsStr) -> OsString {
    let mut list = entry.to_owned();
    if let Some(others) = env::var_os(name).filter(|others| !others.is_empty()) {
        list.push(":");
        list.push(others);
    }
    list
}

/// Waits until something has come, or for a moment.
fn wait_for(from: &impl std::os::fd::AsFd) -> Result<bool, PlayError> {
    let timeout = Timespec { tv_sec: 0, tv_nsec: i64::from(LOOK.subsec_nanos()) };
    match poll(&mut [PollFd::new(from, PollFlags::IN)], Some(&timeout)) {
        Ok(n) => Ok(n > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(PlayError::System { what: "wait for a rank", source: error.into() }),
    }
}

impl Process {
    /// Waits for the next call.
    pub(super) fn receive(&mut self, theatre: &Theatre) -> Result<Frame, PlayError> {
        let since = Instant::now();
        while !wait_for(&self.stream)? {
            theatre.check(self.rank, since, &self.last)?;
        }
        match wire::receive(&mut self.stream) {
            Ok(Some(frame)) => {
                if !frame.name.is_empty() {
                    self.last.clone_from(&frame.name);
                }
                Ok(frame)
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(system("speak with a rank")(error)),
            // It has ended, in the middle of a call or between two.
            Ok(None) | Err(_) => {
                let status = self.status(PATIENCE)?;
                Err(status.map_or_else(
                    || PlayError::System { what: "speak with a rank", source: io::ErrorKind::BrokenPipe.into() },
                    |status| PlayError::Ended { rank: self.rank, status, after: self.last.clone() },
                ))
            }
        }
    }

    /// Answers a call. A process that has ended meanwhile does not hear it, which its next call will show.
    pub(super) fn answer(&mut self, frame: &Frame, bytes: &[u8]) {
        let _ = wire::send(&mut self.stream, frame, bytes);
    }

    /// Waits until the process has ended by itself.
    pub(super) fn finish(&mut self, theatre: &Theatre) -> Result<(), PlayError> {
        let since = Instant::now();
        let status = loop {
            if let Some(status) = self.status(LOOK)? {
                break status;
            }
            theatre.check(self.rank, since, &self.last)?;
        };
        self.end();
        if status.success() { Ok(()) } else { Err(PlayError::Failed { rank: self.rank, status }) }
    }

    fn status(&mut self, patience: Duration) -> Result<Option<ExitStatus>, PlayError> {
        let since = Instant::now();
        loop {
            let status = self.child.try_wait().map_err(system("ask how a rank is"))?;
            if status.is_some() || since.elapsed() >= patience {
                return Ok(status);
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Ends the process with all that it has started.
    pub(super) fn end(&mut self) {
        // Nothing can be done about a process that cannot be asked for.
        let _ = session::end(self.child.as_mut());
    }
}
