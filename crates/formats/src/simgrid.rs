//! Time-independent traces of `SimGrid`, as `smpirun -trace-ti` writes and `smpi_replay` reads them: docs/traces.md.
//!
//! Either a list of files, one for each rank, or one file with the lines of all ranks. Each file is opened and read once,
//! so that it may be a pipe. Text is read line by line; only that of one file for all ranks is kept until its end, because
//! what a line may say depends on the number of ranks.

mod action;
mod checks;
mod datatype;
mod rank;
mod sources;
mod words;

use std::io::{self, BufRead, Cursor, Read};
use std::path::{Path, PathBuf};

use dlpc_engine::calls::Calls;
use dlpc_engine::schedule::Schedule;

use self::action::Action;
use self::checks::Collectives;
use self::rank::Rank;
use self::words::Words;
use crate::diagnostic::{Diagnostics, Problem};
use crate::fault::Fault;
use crate::goal::{Open, decompressed, read_goal};

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
    let Some(mut text) = reader.open(path) else { return Err(reader.diagnostics) };
    let Some((form, head)) = reader.form(path, &mut *text) else { return Err(reader.diagnostics) };
    let mut text = Cursor::new(head).chain(text);
    match form {
        Form::Goal => read_goal(path, &mut text).map(Recorded::Schedule),
        Form::Trace => reader.merged(path, &mut text).map(Recorded::Calls),
        Form::List => reader.listed(path, &mut text).map(Recorded::Calls),
    }
}

/// Returns what a line that says something looks like; comments of schedules begin as names of files may.
fn form_of(line: &str) -> Form {
    let mut words = line.split_whitespace();
    match (words.next(), words.next()) {
        (Some(first), _) if first.starts_with("//") || first.starts_with("/*") => Form::Goal,
        (Some(first), Some(_)) if first.bytes().all(|byte| byte.is_ascii_digit()) => Form::Trace,
        (Some(first), None) if first.contains(['.', '/']) => Form::List,
        _ => Form::Goal,
    }
}

fn says_nothing(text: &str) -> bool {
    text.trim().is_empty() || text.trim_start().starts_with('#')
}

/// Lines of one file, kept with their numbers.
#[derive(Debug, Default)]
struct Kept {
    text: String,
    /// Number and end of each line.
    lines: Vec<(u32, usize)>,
}

impl Kept {
    fn push(&mut self, number: u32, line: &str) {
        self.text.push_str(line);
        self.lines.push((number, self.text.len()));
    }

    fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        let starts = std::iter::once(0).chain(self.lines.iter().map(|(_, end)| *end));
        self.lines.iter().zip(starts).map(|((number, end), start)| (*number, &self.text[start..*end]))
    }
}

struct Reader<'o> {
    open: Open<'o>,
    diagnostics: Diagnostics,
    n_problems: usize,
}

impl Reader<'_> {
    /// Returns what the first line that says something looks like, and the text up to its end.
    fn form(&mut self, path: &Path, text: &mut dyn BufRead) -> Option<(Form, Vec<u8>)> {
        let (mut head, mut line, mut number) = (Vec::new(), Vec::new(), 0);
        while self.next_line(path, text, &mut line, number)? {
            number += 1;
            head.extend_from_slice(&line);
            if head.len() as u64 > LINE_BYTES_MAX {
                let message = format!("the first {LINE_BYTES_MAX} bytes are blank lines and comments");
                self.whole_file(path, "trace::unreadable", message, "the file is no schedule and no trace");
                return None;
            }
            let text = String::from_utf8_lossy(&line);
            if !says_nothing(&text) {
                return Some((form_of(&text), head));
            }
        }
        Some((Form::Goal, head))
    }

    /// Opens a file; none if it cannot be read.
    fn open(&mut self, path: &Path) -> Option<Box<dyn BufRead>> {
        match (self.open)(path).and_then(decompressed) {
            Ok(text) => Some(text),
            Err(error) => {
                self.unreadable(path, &error);
                None
            }
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let file = self.diagnostics.add_source(path, String::new());
        self.push(Problem::unreadable(error, "file::unreadable", file.whole(), path));
    }

    /// Hands each line that is neither blank nor a comment to `read`, with its number, until that returns false. None if
    /// the file cannot be read to its end.
    fn lines(
        &mut self,
        path: &Path,
        reader: &mut dyn BufRead,
        read: &mut dyn FnMut(&mut Self, u32, &str) -> Result<bool, Fault>,
    ) -> Option<()> {
        let (mut line, mut number) = (Vec::new(), 0);
        while self.n_problems < PROBLEMS_MAX && self.next_line(path, reader, &mut line, number)? {
            number += 1;
            let text = String::from_utf8_lossy(&line);
            if says_nothing(&text) {
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
        let message = match Read::take(reader, LINE_BYTES_MAX).read_until(b'\n', line) {
            Ok(n) if n as u64 == LINE_BYTES_MAX => format!("line {} is longer than {LINE_BYTES_MAX} bytes", number + 1),
            Ok(n) => return Some(n > 0),
            Err(error) => format!("cannot read on after line {number}: {error}"),
        };
        self.whole_file(path, "trace::unreadable", message, "the file is damaged or no trace");
        None
    }

    /// Reads one file with the lines of all ranks.
    fn merged(mut self, path: &Path, text: &mut dyn BufRead) -> Result<Calls, Diagnostics> {
        let (mut n_ranks, mut kept) = (0, Kept::default());
        self.lines(path, text, &mut |_, number, text| {
            let rank = Words::of(text).rank_of_line().unwrap_or(0);
            n_ranks = n_ranks.max(rank + 1);
            kept.push(number, text);
            Ok(rank < RANKS_MAX)
        });
        if n_ranks > RANKS_MAX {
            let message = format!("a rank {} is too many: a trace has at most {RANKS_MAX} ranks", n_ranks - 1);
            self.whole_file(path, "trace::too_many_ranks", message, "ranks are numbered from 0");
            return Err(self.diagnostics);
        }
        let mut ranks: Vec<Rank> = (0..n_ranks).map(|rank| Rank::new(rank, n_ranks)).collect();
        let mut collectives = Collectives::default();
        for (number, text) in kept.iter() {
            let words = Words::of(text);
            let read = |rank: usize| read_line(&mut ranks[rank], &words, number, path, &mut collectives);
            if let Err(fault) = words.rank_of_line().and_then(read) {
                self.report(path, number, text, fault);
            }
            if self.n_problems >= PROBLEMS_MAX {
                break;
            }
        }
        for rank in (0..n_ranks).filter(|rank| !ranks[*rank].has_lines()).take(PROBLEMS_MAX) {
            let message = format!("rank {rank} has no line, although there is a rank {}", n_ranks - 1);
            self.whole_file(path, "trace::rank_missing", message, "is the trace complete?");
        }
        self.finish(ranks, |_| path, &collectives)
    }

    /// Reads the files of a list, one for each rank; the only file of a list may hold all ranks.
    fn listed(mut self, path: &Path, text: &mut dyn BufRead) -> Result<Calls, Diagnostics> {
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut files: Vec<PathBuf> = Vec::new();
        self.lines(path, text, &mut |_, _, text| {
            files.push(PathBuf::from(text.trim()));
            Ok(files.len() <= RANKS_MAX)
        });
        if let [file] = &mut files[..] {
            let Some(mut text) = self.open_listed(&folder, file) else { return Err(self.diagnostics) };
            return self.merged(file, &mut *text);
        }
        if files.len() > RANKS_MAX {
            let message = format!("the list has more than {RANKS_MAX} files");
            self.whole_file(path, "trace::too_many_ranks", message, "it has one file for each rank");
            return Err(self.diagnostics);
        }
        let mut ranks: Vec<Rank> = (0..files.len()).map(|rank| Rank::new(rank, files.len())).collect();
        let mut collectives = Collectives::default();
        for (rank, file) in ranks.iter_mut().zip(&mut files) {
            let Some(mut text) = self.open_listed(&folder, file) else { continue };
            self.lines(file, &mut *text, &mut |_, number, text| {
                let words = Words::of(text);
                words.check_rank(rank.number())?;
                read_line(rank, &words, number, file, &mut collectives)?;
                Ok(true)
            });
        }
        self.finish(ranks, |rank| &files[rank], &collectives)
    }

    /// Opens a file of a list, and completes its name: seen from the folder of the list or, as `smpirun` writes it, from
    /// where that ran, so that only the end of the name leads from the list to the file.
    fn open_listed(&mut self, folder: &Path, file: &mut PathBuf) -> Option<Box<dyn BufRead>> {
        let name = std::mem::take(file);
        *file = folder.join(&name);
        let mut tail = name.components();
        let mut candidate = file.clone();
        loop {
            match (self.open)(&candidate).and_then(decompressed) {
                Ok(text) => {
                    *file = candidate;
                    return Some(text);
                }
                Err(error) => {
                    let is_missing = matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory);
                    tail.next();
                    if !is_missing || tail.as_path().as_os_str().is_empty() {
                        self.unreadable(if is_missing { file } else { &candidate }, &error);
                        return None;
                    }
                    candidate = folder.join(tail.as_path());
                }
            }
        }
    }

    fn finish<'p>(
        mut self,
        mut ranks: Vec<Rank>,
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
        if self.n_problems == 0 {
            for mixed in sources::find(&mut ranks) {
                let (message, help) = texts(&mixed);
                self.whole_file(file_of(mixed.rank), "trace::unclear_source", message, help);
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

/// Returns what is wrong with receives some of which are from nobody, and what to do.
fn texts(mixed: &sources::Mixed) -> (String, &'static str) {
    let tag = mixed.tag.map_or_else(|| "any tag".to_owned(), |tag| format!("tag {tag}"));
    let message = format!(
        "rank {} starts {} receives from -333 with {tag} (the first on line {}), but {} messages are left for them",
        mixed.rank, mixed.n_receives, mixed.line, mixed.n_messages
    );
    (
        message,
        "SMPI writes -333 for any source and for nobody: write -555 for MPI_ANY_SOURCE and -666 for MPI_PROC_NULL",
    )
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
        Action::IrecvNobody(tag) => rank.add_from_nobody(tag, line),
        Action::IrecvUnclear(tag, bytes) => rank.add_from_unclear(tag, bytes, line),
        Action::Wait(request) => rank.wait(request, words, line)?,
        Action::WaitAny => rank.wait_any(line),
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
