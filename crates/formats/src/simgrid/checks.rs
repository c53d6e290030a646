//! All ranks have to call the same collectives in the same order.

use std::path::{Path, PathBuf};

use dlpc_engine::calls::{CollectiveCall, CollectiveKind};
use dlpc_engine::units::Bytes;

/// Collectives in their order, as the first rank that came to them calls them.
#[derive(Debug, Default)]
pub(super) struct Collectives {
    firsts: Vec<First>,
    /// The files that `firsts` names.
    files: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy)]
struct First {
    kind: CollectiveKind,
    root: u32,
    block: Bytes,
    rank: u32,
    file: u32,
    line: u32,
}

/// What is wrong, and what to do.
pub(super) type Complaint = (String, String);

impl Collectives {
    /// Compares collective number `i` of `rank` with what others call there.
    pub(super) fn check(
        &mut self,
        rank: usize,
        i: usize,
        call: &CollectiveCall,
        (path, line): (&Path, u32),
    ) -> Result<(), Complaint> {
        let Some(first) = self.firsts.get(i).copied() else {
            self.add(rank, call, path, line);
            return Ok(());
        };
        let message = if first.kind != call.kind {
            format!("rank {rank} calls {} here, but rank {} calls {}", call.kind.name(), first.rank, first.kind.name())
        } else if first.root != call.root {
            format!("rank {rank} has the root {} here, but rank {} has {}", call.root, first.rank, first.root)
        } else if first.block != call.block {
            format!("rank {rank} has {} B here, but rank {} has {} B", call.block.0, first.rank, first.block.0)
        } else {
            return Ok(());
        };
        let help = format!(
            "{} calls its collective number {} on line {} of {}; those of communicators other than MPI_COMM_WORLD cannot be \
             replayed",
            format_args!("rank {}", first.rank),
            i + 1,
            first.line,
            self.files[first.file as usize].display()
        );
        Err((message, help))
    }

    /// Returns what is wrong if `rank`, which calls `n` collectives, calls fewer than others.
    pub(super) fn missing(&self, rank: usize, n: usize) -> Option<Complaint> {
        let first = self.firsts.get(n)?;
        let message =
            format!("rank {rank} calls {n} collectives, but rank {} goes on with {}", first.rank, first.kind.name());
        let file = self.files[first.file as usize].display();
        Some((message, format!("that is line {} of {file}; is the trace complete?", first.line)))
    }

    fn add(&mut self, rank: usize, call: &CollectiveCall, path: &Path, line: u32) {
        if self.files.last().is_none_or(|last| last != path) {
            self.files.push(path.to_owned());
        }
        let small = |n: usize| u32::try_from(n).expect("invariant: ranks and files are limited");
        let (rank, file) = (small(rank), small(self.files.len() - 1));
        self.firsts.push(First { kind: call.kind, root: call.root, block: call.block, rank, file, line });
    }
}
