//! The session of a launcher: everything that it started on this host and that has not left it.
//!
//! A process group would not do: Open MPI puts each ssh into a group of its own.

use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use process_wrap::std::ChildWrapper;
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// How long a launcher has to end its ranks, once it is asked to.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long killed processes may take to vanish.
const AFTERMATH: Duration = Duration::from_millis(300);
const LOOK: Duration = Duration::from_millis(10);

/// Ends the launcher, which leads a session, and whatever is left of that session.
///
/// # Errors
/// If the state of the launcher cannot be asked for.
pub(crate) fn end(leader: &mut dyn ChildWrapper) -> io::Result<()> {
    let Some(session) = i32::try_from(leader.id()).ok().and_then(Pid::from_raw) else { return Ok(()) };
    if leader.try_wait()?.is_none() {
        // If it has just ended by itself, there is nobody to ask.
        let _ = kill_process(session, Signal::TERM);
        let asked_at = Instant::now();
        while leader.try_wait()?.is_none() && asked_at.elapsed() < PATIENCE {
            thread::sleep(LOOK);
        }
    }
    let killed_at = Instant::now();
    loop {
        let rest = members(session);
        // Whoever has ended meanwhile cannot be killed, and need not be. Without /proc, the group is all that is known.
        let _ = kill_process_group(session, Signal::KILL);
        for pid in &rest {
            let _ = kill_process(*pid, Signal::KILL);
        }
        let has_ended = leader.try_wait()?.is_some();
        if (has_ended && rest.is_empty()) || killed_at.elapsed() >= AFTERMATH {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
}

/// Returns the processes of a session that still run, as `/proc` lists them.
fn members(session: Pid) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let of_session = numbers.filter(|number| {
        let stat = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
        session_of(&stat) == Some(session.as_raw_nonzero().get())
    });
    of_session.filter_map(Pid::from_raw).collect()
}

/// Reads the session of a process that still runs: `PID (NAME) STATE PARENT GROUP SESSION ...`; names may hold anything.
fn session_of(stat: &str) -> Option<i32> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    let is_alive = state != "Z" && state != "X";
    fields.nth(2)?.parse().ok().filter(|_| is_alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_read_whatever_the_process_is_called() {
        assert_eq!(session_of("7 (a) b) S 1 7 42 0 -1"), Some(42));
        assert_eq!(session_of("7 (ssh) Z 1 7 42 0 -1"), None, "a zombie has ended");
        assert_eq!(session_of(""), None);
    }
}
