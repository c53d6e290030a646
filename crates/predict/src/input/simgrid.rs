//! Time-independent traces of `SimGrid`, as `smpirun -trace-ti` writes and `smpi_replay` reads them: docs/traces.md.
//!
//! Either a list of files, one for each rank, or one file with the lines of all ranks. Text is read line by line and not
//! kept.

mod action;
mod checks;
mod datatype;
mod rank;
mod words;

use std::io::BufRead;
use std::path::{Path, PathBuf};

use dlpc_engine::calls::Calls;
use dlpc_engine::schedule::Schedule;

use self::action::Action;
use self::checks::Collectives;
use self::rank::Rank;
use self::words::Words;
use super::fault::Fault;
use super::files::unreadable;
use super::goal::{Open, decompressed, load_goal};
use crate::diagnostic::{Diagnostics, Problem};

/// Most ranks of a trace.
const RANKS_MAX: usize = 1 << 20;
/// Longest line, in bytes: collectives with counts for each rank have long ones.
const LINE_BYTES_MAX: u64 = 1 << 26;
/// Problems after which reading stops.
const PROBLEMS_MAX: usize = 100;

/// What a file for `replay` holds.
#[derive(Debug, Clone)]
pub enum Recorded {
    /// A schedule in the GOAL format.
    Schedule(Schedule),
    /// Calls of a program, traced by `SimGrid`.
    Calls(Calls),
}

/// What the first line of a file looks like.
enum Form {
    Goal,
    /// Lines of calls.
    Trace,
    /// Names of files.
    List,
}

/// Reads a schedule, a trace, or the list of a trace's files: its first line shows which.
///
/// # Errors
/// All problems of all files, at most a hundred.
pub fn load_recorded(path: &Path, open: Open<'_>) -> Result<Recorded, Diagnostics> {
    let mut reader = Reader { open, diagnostics: Diagnostics::default(), n_problems: 0 };
    let Some(form) = reader.form(path) else { return Err(reader.diagnostics) };
    match form {
        Form::Goal => load_goal(path, open).map(Recorded::Schedule),
        Form::Trace => reader.merged(path).map(Recorded::Calls),
        Form::List => reader.listed(path).map(Recorded::Calls),
    }
}

fn form_of(line: &str) -> Form {
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (Some(first), Some(_)) if first.bytes().all(|byte| byte.is_ascii_digit()) => Form::Trace,
        (Some(first), None) if first.contains(['.', '/']) => Form::List,
        _ => Form::Goal,
    }
}

struct Reader<'o> {
    open: Open<'o>,
    diagnostics: Diagnostics,
    n_problems: usize,
}

impl Reader<'_> {
    fn form(&mut self, path: &Path) -> Option<Form> {
        let mut form = None;
        self.lines(path, &mut |_, _, text| {
            form = Some(form_of(text));
            Ok(false)
        })?;
        Some(form.unwrap_or(Form::Goal))
    }

    /// Hands each line that is neither blank nor a comment to `read`, with its number, until that returns false. None if
    /// the file cannot be read.
    fn lines(&mut self, path: &Path, read: &mut dyn FnMut(&mut Self, u32, &str) -> Result<bool, Fault>) -> Option<()> {
        let mut reader = match (self.open)(path).and_then(decompressed) {
            Ok(reader) => reader,
            Err(error) => {
                let file = self.diagnostics.add_source(path, String::new());
                self.push(unreadable(&error, "file::unreadable", file.whole(), path));
                return None;
            }
        };
        let (mut line, mut number) = (Vec::new(), 0);
        while self.n_problems < PROBLEMS_MAX && self.next_line(path, &mut *reader, &mut line, number)? {
            number += 1;
            let text = String::from_utf8_lossy(&line);
            if text.trim().is_empty() || text.trim_start().starts_with('#') {
                continue;
            }
            match read(self, number, &text) {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => self.report(path, number, &text, fault),
            }
        }
        Some(())
    }

    /// Reads a line; returns false at the end of the file, none if it cannot be read.
    fn next_line(&mut self, path: &Path, reader: &mut dyn BufRead, line: &mut Vec<u8>, number: u32) -> Option<bool> {
        line.clear();
        let message = match std::io::Read::take(reader, LINE_BYTES_MAX).read_until(b'\n', line) {
            Ok(n) if n as u64 == LINE_BYTES_MAX => format!("line {} is longer than {LINE_BYTES_MAX} bytes", number + 1),
            Ok(n) => return Some(n > 0),
            Err(error) => format!("cannot read on after line {number}: {error}"),
        };
        self.whole_file(path, "trace::unreadable", message, "the file is damaged or no trace");
        None
    }

    /// Reads one file with the lines of all ranks.
    fn merged(mut self, path: &Path) -> Result<Calls, Diagnostics> {
        let mut n_ranks = 0;
        self.lines(path, &mut |_, _, text| {
            let rank = Words::of(text).rank_of_line().unwrap_or(0);
            n_ranks = n_ranks.max(rank + 1);
            Ok(rank < RANKS_MAX)
        });
        if n_ranks > RANKS_MAX {
            let message = format!("a rank {} is too many: a trace has at most {RANKS_MAX} ranks", n_ranks - 1);
            self.whole_file(path, "trace::too_many_ranks", message, "ranks are numbered from 0");
            return Err(self.diagnostics);
        }
        let mut ranks: Vec<Rank> = (0..n_ranks).map(|rank| Rank::new(rank, n_ranks)).collect();
        let mut collectives = Collectives::default();
        self.lines(path, &mut |_, number, text| {
            let words = Words::of(text);
            let rank = words.rank_of_line()?;
            read_line(&mut ranks[rank], &words, number, path, &mut collectives)?;
            Ok(true)
        });
        for rank in (0..n_ranks).filter(|rank| !ranks[*rank].has_lines()).take(PROBLEMS_MAX) {
            let message = format!("rank {rank} has no line, although there is a rank {}", n_ranks - 1);
            self.whole_file(path, "trace::rank_missing", message, "is the trace complete?");
        }
        self.finish(ranks, |_| path, &collectives)
    }

    /// Reads the files of a list, one for each rank; the only file of a list may hold all ranks.
    fn listed(mut self, path: &Path) -> Result<Calls, Diagnostics> {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut files: Vec<PathBuf> = Vec::new();
        self.lines(path, &mut |_, _, text| {
            files.push(folder.join(text.trim()));
            Ok(files.len() <= RANKS_MAX)
        });
        if let [file] = &files[..] {
            return self.merged(file);
        }
        if files.len() > RANKS_MAX {
            let message = format!("the list has more than {RANKS_MAX} files");
            self.whole_file(path, "trace::too_many_ranks", message, "it has one file for each rank");
            return Err(self.diagnostics);
        }
        let mut ranks: Vec<Rank> = (0..files.len()).map(|rank| Rank::new(rank, files.len())).collect();
        let mut collectives = Collectives::default();
        for (rank, file) in ranks.iter_mut().zip(&files) {
            self.lines(file, &mut |_, number, text| {
                let words = Words::of(text);
                words.check_rank(rank.number())?;
                read_line(rank, &words, number, file, &mut collectives)?;
                Ok(true)
            });
        }
        self.finish(ranks, |rank| &files[rank], &collectives)
    }

    fn finish<'p>(
        mut self,
        ranks: Vec<Rank>,
        file_of: impl Fn(usize) -> &'p Path,
        collectives: &Collectives,
    ) -> Result<Calls, Diagnostics> {
        if self.n_problems == 0 {
            for rank in &ranks {
                if let Some((message, help)) = collectives.missing(rank.number(), rank.n_collectives()) {
                    self.whole_file(file_of(rank.number()), "trace::collective_missing", message, &help);
                }
            }
        }
        if self.n_problems > 0 {
            return Err(self.diagnostics);
        }
        Ok(Calls { ranks: ranks.into_iter().map(Rank::into_calls).collect() })
    }

    fn report(&mut self, path: &Path, line: u32, text: &str, fault: Fault) {
        let file = self.diagnostics.add_excerpt(path, line as usize, text.trim_end().to_owned());
        self.push(fault.problem(file));
    }

    fn whole_file(&mut self, path: &Path, code: &str, message: String, help: &str) {
        let file = self.diagnostics.add_source(path, String::new());
        self.push(Problem::error(code, file.whole(), message).help(help));
    }

    fn push(&mut self, problem: Problem) {
        if self.n_problems < PROBLEMS_MAX {
            self.diagnostics.push(problem);
        }
        self.n_problems += 1;
    }
}

/// Reads one call of a rank.
fn read_line(
    rank: &mut Rank,
    words: &Words<'_>,
    line: u32,
    path: &Path,
    collectives: &mut Collectives,
) -> Result<(), Fault> {
    rank.note_line();
    let result = add_call(rank, words, (path, line), collectives);
    if result.is_err() {
        rank.lose_step();
    }
    result
}

fn add_call(
    rank: &mut Rank,
    words: &Words<'_>,
    place: (&Path, u32),
    collectives: &mut Collectives,
) -> Result<(), Fault> {
    let (_, line) = place;
    match action::read(words, rank)? {
        Action::Nothing => {}
        Action::Datatype(bytes) => rank.set_default_datatype(bytes),
        Action::Call(call) => rank.add(call, line),
        Action::Wait(request) => rank.wait(request, words, line)?,
        Action::WaitAll => rank.wait_all(line),
        Action::Test(request) => rank.test(request, words)?,
        Action::Collective(call) => {
            if rank.is_in_step() {
                let complaint = collectives.check(rank.number(), rank.n_collectives(), &call, place);
                complaint.map_err(|(message, help)| words.fault("trace::collectives_differ", 1, message).help(help))?;
            }
            rank.add_collective(call, line);
        }
    }
    Ok(())
}
