//! Schedules in the GOAL text format of `LogGOPSim`, plain or compressed with gzip, read line by line.
//!
//! Hoefler, Siebert and Lumsdaine, "Group Operation Assembly Language" (2009); docs/goal.md. Memory goes to the schedule
//! and to the labels of one rank; the text is not kept.

mod cursor;
mod labels;
mod statement;

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;
use std::path::Path;

use dlpc_engine::schedule::{Cycle, Milestone, OpId, Place, Schedule, ScheduleBuilder, Wildcard};
use dlpc_engine::units::SimDuration;
use flate2::bufread::MultiGzDecoder;

use self::cursor::{Cursor, Word};
use self::labels::Labels;
use self::statement::{Action, Statement};
use crate::diagnostic::{Diagnostics, Problem};
use crate::fault::Fault;

/// Most ranks of a schedule.
const RANKS_MAX: u64 = 1 << 24;
/// Longest line, in bytes.
const LINE_BYTES_MAX: u64 = 1 << 16;
/// Problems after which reading stops.
const PROBLEMS_MAX: usize = 100;

/// How files are opened: the library opens none itself.
pub type Open<'o> = &'o dyn Fn(&Path) -> io::Result<Box<dyn BufRead>>;

/// Reads a schedule.
///
/// # Errors
/// All problems of the file, at most a hundred.
pub fn load_goal(path: &Path, open: Open<'_>) -> Result<Schedule, Diagnostics> {
    let mut reader = match open(path).and_then(decompressed) {
        Ok(reader) => reader,
        Err(error) => {
            let mut diagnostics = Diagnostics::default();
            let file = diagnostics.add_source(path, String::new());
            diagnostics.push(Problem::unreadable(&error, "file::unreadable", file.whole(), path));
            return Err(diagnostics);
        }
    };
    read_goal(path, &mut *reader)
}

/// Reads a schedule from the text of a file, decompressed.
pub(crate) fn read_goal(path: &Path, text: &mut dyn BufRead) -> Result<Schedule, Diagnostics> {
    let mut parser = Parser::new(path);
    parser.read(text);
    parser.finish()
}

/// Returns the bytes of a file, decompressed if it is a gzip file.
///
/// # Errors
/// The first bytes cannot be read.
pub fn decompressed(mut reader: Box<dyn BufRead>) -> io::Result<Box<dyn BufRead>> {
    const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
    let is_gzip = reader.fill_buf()?.starts_with(&GZIP_MAGIC);
    Ok(if is_gzip { Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(reader))) } else { reader })
}

/// The schedule so far, and what was found wrong.
struct Parser<'p> {
    path: &'p Path,
    diagnostics: Diagnostics,
    builder: ScheduleBuilder,
    n_ranks: Option<u32>,
    /// Line on which the block of each rank begins; 0 if there was none yet.
    begun: Vec<u32>,
    block: Option<Block>,
    labels: Labels,
    /// Dependencies on labels that come later.
    unresolved: Vec<Unresolved>,
    line: u32,
    is_comment: bool,
    /// Where the comment of several lines begins that is open.
    comment_line: u32,
    n_problems: usize,
}

/// The block that is being read.
#[derive(Debug, Clone)]
struct Block {
    rank: u32,
    line: u32,
    text: String,
}

struct Unresolved {
    line: u32,
    text: Box<[u8]>,
    op: Range<usize>,
    other: Range<usize>,
    milestone: Milestone,
}

impl<'p> Parser<'p> {
    fn new(path: &'p Path) -> Self {
        Self {
            path,
            diagnostics: Diagnostics::default(),
            builder: ScheduleBuilder::default(),
            n_ranks: None,
            begun: Vec::new(),
            block: None,
            labels: Labels::default(),
            unresolved: Vec::new(),
            line: 0,
            is_comment: false,
            comment_line: 0,
            n_problems: 0,
        }
    }

    fn read(&mut self, reader: &mut dyn BufRead) {
        let mut line = Vec::new();
        while self.n_problems < PROBLEMS_MAX {
            line.clear();
            match reader.take(LINE_BYTES_MAX).read_until(b'\n', &mut line) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) => {
                    let message = format!("cannot read on after line {}: {error}", self.line);
                    return self.whole_file("goal::unreadable", message, "the file is damaged or not complete");
                }
            }
            self.line += 1;
            if line.len() as u64 == LINE_BYTES_MAX && line.last() != Some(&b'\n') {
                let message = format!("line {} is longer than {LINE_BYTES_MAX} bytes", self.line);
                return self.whole_file("goal::line_too_long", message, "the file is no GOAL schedule");
            }
            if let Err(fault) = self.read_line(&line) {
                self.report(self.line, &line, fault);
                self.keep_label(&line);
            }
        }
    }

    fn read_line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let mut cursor = Cursor::new(line);
        loop {
            let was_comment = self.is_comment;
            cursor.skip_blank(&mut self.is_comment);
            if self.is_comment && !was_comment {
                self.comment_line = self.line;
            }
            if cursor.peek().is_none() {
                return Ok(());
            }
            let statement = statement::next(&mut cursor)?;
            self.apply(statement, line)?;
        }
    }

    /// Keeps the label of a line with a problem, so that what refers to it is no further problem.
    fn keep_label(&mut self, line: &[u8]) {
        let mut cursor = Cursor::new(line);
        if let Some(label) = cursor.take().filter(|word| word.is_label() && cursor.take_if(":"))
            && self.block.is_some()
            && self.labels.get(label.text).is_none()
        {
            let op = self.builder.calc(SimDuration::ZERO, Place::default(), self.line);
            self.labels.insert(label.text, op).expect("invariant: the label is new");
        }
    }

    fn apply(&mut self, statement: Statement<'_>, line: &[u8]) -> Result<(), Fault> {
        match statement {
            Statement::NumRanks(n, at) => self.num_ranks(n, at),
            Statement::Rank(rank, at) => self.begin(rank, at, line),
            Statement::Close(at) => self.end(at),
            Statement::Operation { label, action, place, at } => self.operation(label, &action, place, at),
            Statement::Requires { op, other, milestone } => self.requires(&op, &other, milestone, line),
        }
    }

    fn num_ranks(&mut self, n: u64, at: Range<usize>) -> Result<(), Fault> {
        if self.n_ranks.is_some() {
            return Err(Fault::new("goal::given_twice", at, "`num_ranks` is given twice"));
        }
        // Further problems would only follow from this one.
        self.n_ranks = Some(u32::try_from(n.clamp(1, RANKS_MAX)).expect("invariant: clamped"));
        self.builder = ScheduleBuilder::new(self.n_ranks.unwrap_or(1));
        if n == 0 || n > RANKS_MAX {
            let fault = Fault::new("goal::num_ranks", at, format!("a schedule cannot have {n} ranks"));
            return Err(fault.help(format!("write a number from 1 to {RANKS_MAX}")));
        }
        Ok(())
    }

    fn begin(&mut self, rank: u64, at: Range<usize>, line: &[u8]) -> Result<(), Fault> {
        if let Some(block) = &self.block {
            let message = format!("the block of rank {} (line {}) is not closed", block.rank, block.line);
            return Err(Fault::new("goal::block_in_block", at, message).help("write `}` on the line before"));
        }
        let Some(n_ranks) = self.n_ranks else {
            let fault = Fault::new("goal::num_ranks_missing", at, "the number of ranks is not known yet");
            self.n_problems += PROBLEMS_MAX;
            return Err(fault.help("begin the file with a line such as `num_ranks 16`"));
        };
        let block = |rank| Block { rank, line: self.line, text: String::from_utf8_lossy(line).trim_end().to_owned() };
        let Some(rank) = u32::try_from(rank).ok().filter(|rank| *rank < n_ranks) else {
            // Its operations are read all the same, as if they were those of rank 0.
            self.block = Some(block(0));
            self.builder.begin(0);
            let message = format!("there is no rank {rank}");
            let help = format!("ranks are numbered from 0 to {}, because of `num_ranks {n_ranks}`", n_ranks - 1);
            return Err(Fault::new("goal::unknown_rank", at, message).help(help));
        };
        self.block = Some(block(rank));
        self.builder.begin(rank);
        if self.begun.len() <= rank as usize {
            self.begun.resize(rank as usize + 1, 0);
        }
        match std::mem::replace(&mut self.begun[rank as usize], self.line) {
            0 => Ok(()),
            first => {
                let message = format!("rank {rank} has a second block; the first one begins on line {first}");
                Err(Fault::new("goal::rank_twice", at, message).help("write all operations of a rank into one block"))
            }
        }
    }

    fn operation(
        &mut self,
        label: Option<Word<'_>>,
        action: &Action,
        place: Place,
        at: Range<usize>,
    ) -> Result<(), Fault> {
        if self.block.is_none() {
            let fault = Fault::new("goal::outside_of_a_block", at, "the operation belongs to no rank");
            return Err(fault.help("write it between `rank 0 {` and `}`"));
        }
        if self.builder.n_ops() + 1 >= Schedule::OPS_MAX {
            self.n_problems += PROBLEMS_MAX;
            return Err(Fault::new("goal::too_large", at, "a schedule has fewer than 2147483647 operations"));
        }
        let op = match action {
            Action::Calc(work) => self.builder.calc(*work, place, self.line),
            Action::Send { to, peer_at, tag, bytes } => {
                let to = self.peer(*to, peer_at)?;
                self.builder.send(to, *tag, *bytes, place, self.line)
            }
            Action::Recv { from: Wildcard { from, tag }, peer_at, bytes } => {
                let from = from.map(|from| self.peer(from.into(), peer_at)).transpose()?;
                self.builder.recv(Wildcard { from, tag: *tag }, *bytes, place, self.line)
            }
        };
        let Some(label) = label else { return Ok(()) };
        self.labels.insert(label.text, op).map_err(|first| {
            let message = format!("the label `{}` is given twice", label.shown());
            let help = format!("the first one is on line {}; labels are those of one rank", self.builder.line(first));
            Fault::new("goal::label_twice", label.range, message).help(help)
        })
    }

    fn peer(&self, rank: u64, at: &Range<usize>) -> Result<u32, Fault> {
        let n_ranks = self.n_ranks.unwrap_or(1);
        u32::try_from(rank).ok().filter(|rank| *rank < n_ranks).ok_or_else(|| {
            let help = format!("ranks are numbered from 0 to {}, because of `num_ranks {n_ranks}`", n_ranks - 1);
            Fault::new("goal::unknown_rank", at.clone(), format!("there is no rank {rank}")).help(help)
        })
    }

    fn requires(&mut self, op: &Word<'_>, other: &Word<'_>, milestone: Milestone, line: &[u8]) -> Result<(), Fault> {
        if self.block.is_none() {
            let fault = Fault::new("goal::outside_of_a_block", op.range.clone(), "the dependency belongs to no rank");
            return Err(fault.help("write it between `rank 0 {` and `}`"));
        }
        match (self.labels.get(op.text), self.labels.get(other.text)) {
            (Some(op), Some(other)) => self.builder.require(op, other, milestone),
            _ => self.unresolved.push(Unresolved {
                line: self.line,
                text: line.into(),
                op: op.range.clone(),
                other: other.range.clone(),
                milestone,
            }),
        }
        Ok(())
    }

    fn end(&mut self, at: Range<usize>) -> Result<(), Fault> {
        if self.block.take().is_none() {
            let fault = Fault::new("goal::nothing_to_close", at, "no block is open");
            return Err(fault.help("take this `}` away, or write `rank 0 {` before"));
        }
        self.resolve();
        let result = self.builder.end().map_err(|cycle| self.cycle(&cycle, at));
        self.labels.clear();
        result
    }

    /// Adds the dependencies on labels that came later.
    fn resolve(&mut self) {
        for Unresolved { line, text, op, other, milestone } in std::mem::take(&mut self.unresolved) {
            match (self.labels.get(&text[op.clone()]), self.labels.get(&text[other.clone()])) {
                (Some(op), Some(other)) => self.builder.require(op, other, milestone),
                (None, _) => self.unknown_label(line, &text, op),
                (_, None) => self.unknown_label(line, &text, other),
            }
        }
    }

    fn unknown_label(&mut self, line: u32, text: &[u8], range: Range<usize>) {
        if self.n_problems >= PROBLEMS_MAX {
            return;
        }
        let label = String::from_utf8_lossy(&text[range.clone()]).into_owned();
        let near = self.labels.all().take(10_000).find(|known| strsim::damerau_levenshtein(known, &label) <= 1);
        let help =
            near.map_or_else(|| "labels are those of one rank".to_owned(), |near| format!("did you mean `{near}`?"));
        let fault = Fault::new("goal::unknown_label", range, format!("no operation of this rank is called `{label}`"));
        self.report(line, text, fault.label("not a label of this block").help(help));
    }

    fn cycle(&self, Cycle(ops): &Cycle, at: Range<usize>) -> Fault {
        const SHOWN: usize = 8;
        let name = |op: &OpId| format!("`{}` (line {})", self.labels.label_of(*op), self.builder.line(*op));
        let shown: Vec<String> = ops.iter().chain(ops.first()).take(SHOWN).map(name).collect();
        let rest = if ops.len() >= SHOWN { " -> ..." } else { "" };
        let message = format!("operations wait for each other and can never start: {}{rest}", shown.join(" -> "));
        Fault::new("goal::cycle", at, message).label("the block ends here").help("take one of these dependencies away")
    }

    fn report(&mut self, line: u32, text: &[u8], fault: Fault) {
        let text = String::from_utf8_lossy(text).trim_end().to_owned();
        let file = self.diagnostics.add_excerpt(self.path, line as usize, text);
        self.diagnostics.push(fault.problem(file));
        self.n_problems += 1;
    }

    fn whole_file(&mut self, code: &str, message: String, help: &str) {
        let file = self.diagnostics.add_source(self.path, String::new());
        self.diagnostics.push(Problem::error(code, file.whole(), message).help(help));
        self.n_problems += 1;
    }

    fn finish(mut self) -> Result<Schedule, Diagnostics> {
        if self.n_problems == 0 {
            self.check_end();
        }
        if self.n_problems == 0 { Ok(self.builder.finish()) } else { Err(self.diagnostics) }
    }

    /// Checks what can only be known at the end of the file.
    fn check_end(&mut self) {
        if self.is_comment {
            let message = format!("the comment that begins on line {} is not closed", self.comment_line);
            self.whole_file("goal::comment_not_closed", message, "write `*/` at its end");
        } else if let Some(block) = self.block.take() {
            let fault = Fault::new("goal::block_not_closed", 0..block.text.len(), "the block is not closed");
            self.report(block.line, block.text.clone().as_bytes(), fault.help("write `}` after its last line"));
        } else if self.n_ranks.is_none() {
            let help = "begin the file with a line such as `num_ranks 16`, then a block `rank 0 { ... }` for each rank";
            self.whole_file("goal::num_ranks_missing", "the file says nothing of ranks".to_owned(), help);
        } else {
            self.check_blocks();
        }
    }

    fn check_blocks(&mut self) {
        let n_ranks = self.n_ranks.unwrap_or(0);
        self.begun.resize(n_ranks as usize, 0);
        let missing: Vec<usize> = (0..self.begun.len()).filter(|rank| self.begun[*rank] == 0).collect();
        let Some(first) = missing.first() else { return };
        let message = match missing.len() {
            1 => format!("rank {first} has no block"),
            n => format!("{n} of {n_ranks} ranks have no block, the first of them rank {first}"),
        };
        self.whole_file("goal::rank_missing", message, &format!("write `rank {first} {{`, its operations, and `}}`"));
    }
}
