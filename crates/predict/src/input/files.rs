//! Reads files through the caller's closure and keeps their text for diagnostics.

use std::io;
use std::path::Path;

use crate::diagnostic::{Diagnostics, FileId, Problem, Span};

/// Larger files are refused: no scenario, machine model or measurement comes near it.
pub const FILE_BYTES_MAX: usize = 16 << 20;

/// How files are read: the library opens none itself.
pub type Read<'r> = &'r dyn Fn(&Path) -> io::Result<Vec<u8>>;

/// The closure that reads files, and what was found wrong in them so far.
pub(super) struct Files<'r> {
    pub(super) read: Read<'r>,
    pub(super) diagnostics: Diagnostics,
}

impl<'r> Files<'r> {
    pub(super) fn new(read: Read<'r>) -> Self {
        Self { read, diagnostics: Diagnostics::default() }
    }

    /// Reads the file that the user named on the command line.
    pub(super) fn open_first(&mut self, path: &Path) -> Option<FileId> {
        let contents = (self.read)(path);
        let (file, fault) = self.register(path, contents);
        match fault {
            None => Some(file),
            Some(fault) => {
                self.diagnostics.push(fault.problem("file::unreadable", file.whole(), path));
                None
            }
        }
    }

    /// Reads the file that another one names at `named_at`.
    pub(super) fn open_named(&mut self, path: &Path, code: &str, named_at: Span) -> Option<FileId> {
        match (self.read)(path) {
            Err(error) => {
                self.diagnostics.push(Fault::Unreadable(error).problem(code, named_at, path));
                None
            }
            contents => {
                let (file, fault) = self.register(path, contents);
                let Some(fault) = fault else { return Some(file) };
                self.diagnostics.push(fault.problem(code, file.whole(), path));
                None
            }
        }
    }

    fn register(&mut self, path: &Path, contents: io::Result<Vec<u8>>) -> (FileId, Option<Fault>) {
        let (text, fault) = match contents {
            Err(error) => (String::new(), Some(Fault::Unreadable(error))),
            Ok(bytes) if bytes.len() > FILE_BYTES_MAX => (String::new(), Some(Fault::TooLarge)),
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => {
                    let zero = text.find('\0').map(Fault::ZeroByte);
                    (text, zero)
                }
                Err(error) => {
                    let at = error.utf8_error().valid_up_to();
                    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                    (text, Some(Fault::NotText(at)))
                }
            },
        };
        (self.diagnostics.add_source(path, text), fault)
    }
}

/// Why a file cannot be used at all.
enum Fault {
    Unreadable(io::Error),
    TooLarge,
    NotText(usize),
    ZeroByte(usize),
}

impl Fault {
    fn problem(self, code: &str, span: Span, path: &Path) -> Problem {
        match self {
            Self::Unreadable(error) => Problem::unreadable(&error, code, span, path),
            Self::TooLarge => {
                let message = format!("the file has more than {} MiB", FILE_BYTES_MAX >> 20);
                Problem::error("file::too_large", span, message)
            }
            Self::ZeroByte(at) => {
                let problem =
                    Problem::error("file::not_text", span.file.span(at, at + 1), "the file is not plain text");
                problem.label("a zero byte").help("save the file as text with the encoding UTF-8 (not UTF-16)")
            }
            Self::NotText(at) => {
                // The replacement character takes three bytes.
                let span = span.file.span(at, at + 3);
                let problem = Problem::error("file::not_utf8", span, "the file is not UTF-8 text");
                problem.label("no UTF-8 character").help("save the file with the encoding UTF-8")
            }
        }
    }
}
