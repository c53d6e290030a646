//! Files and standard streams: the only place where the binary reads or writes.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use dlpc_predict::input::FILE_BYTES_MAX;
use dlpc_predict::plain_text;
use dlpc_report::plot::{self, Plot, PlotData};

use crate::failure::Failure;

/// Reads a whole file, or as much of it as shows that it is too large: a device may never end.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    fs::File::open(path)?.take(FILE_BYTES_MAX as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// Opens a file of any length, to be read piece by piece.
pub(crate) fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    Ok(Box::new(BufReader::with_capacity(1 << 18, fs::File::open(path)?)))
}

/// Writes a whole file or none: into a temporary file beside it, which is then renamed.
///
/// A link is followed: its target is what is written. What exists and is no regular file, a device or a pipe, stays what
/// it is and gets the content.
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let written = Target::of(path).and_then(|target| match target {
        Target::File { path, replaced } => replace(&path, replaced.as_ref(), content),
        Target::Stream => fs::OpenOptions::new().append(true).open(path)?.write_all(content),
    });
    written.map_err(|source| Failure::output(path, source))
}

/// Opens a file that grows line by line, and begins it if it is not there; others than regular files are refused, because
/// it is read again later.
pub(crate) fn open_growing(path: &Path) -> Result<fs::File, Failure> {
    check_regular(path)?;
    let open = || {
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        fs::OpenOptions::new().create(true).read(true).append(true).open(path)
    };
    open().map_err(|source| Failure::output(path, source))
}

/// Refuses what exists and is no regular file where a file is written that is read again later.
pub(crate) fn check_regular(path: &Path) -> Result<(), Failure> {
    let refuse = |what: &str| Err(Failure::output(path, io::Error::other(format!("it is {what}, not a regular file"))));
    match Target::of(path) {
        Ok(Target::File { .. }) => Ok(()),
        Ok(Target::Stream) => refuse("a device or a pipe"),
        Err(error) if error.kind() == io::ErrorKind::IsADirectory => refuse("a folder"),
        Err(source) => Err(Failure::output(path, source)),
    }
}

/// What a path leads to that is to be written.
enum Target {
    /// A regular file, or a place for one, with all links followed; and what is there now.
    File { path: PathBuf, replaced: Option<fs::Metadata> },
    /// Something else: to be written to as it is.
    Stream,
}

/// Names of what this process has open, which must not become files of their own.
const OPEN_STREAMS: [&str; 5] = ["/dev/fd", "/dev/stdin", "/dev/stdout", "/dev/stderr", "/proc"];
/// Links that may lead to each other, as many as Linux follows.
const LINKS_MAX: usize = 40;

impl Target {
    fn of(path: &Path) -> io::Result<Self> {
        if OPEN_STREAMS.iter().any(|open| path.starts_with(open)) {
            return Ok(Self::Stream);
        }
        let replaced = match fs::metadata(path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => return Ok(Self::Stream),
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let mut path = path.to_owned();
        for _ in 0..LINKS_MAX {
            let Ok(next) = fs::read_link(&path) else { break };
            path = path.parent().unwrap_or(Path::new("")).join(next);
        }
        Ok(Self::File { path, replaced })
    }
}

/// Puts a new file in the place of `replaced`, with its permissions; a file that was not there gets the usual ones.
fn replace(path: &Path, replaced: Option<&fs::Metadata>, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = new_file().prefix(".dlpc-sim-").tempfile_in(folder)?;
    file.write_all(content)?;
    if let Some(replaced) = replaced {
        file.as_file().set_permissions(replaced.permissions())?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A temporary file can be read by its owner only; a result should be readable as any other file.
#[cfg(unix)]
fn new_file() -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = tempfile::Builder::new();
    // Less what the user's mask takes away.
    builder.permissions(fs::Permissions::from_mode(0o666));
    builder
}

#[cfg(not(unix))]
fn new_file() -> tempfile::Builder<'static, 'static> {
    tempfile::Builder::new()
}

/// Writes a plot as SVG and, if wanted, as PNG.
pub(crate) fn write_plot(folder: &Path, kind: Plot, data: &PlotData<'_>, with_png: bool) -> Result<(), Failure> {
    let stem = kind.file_stem();
    write(&folder.join(format!("{stem}.svg")), plot::svg(kind, data).as_bytes())?;
    if with_png {
        write(&folder.join(format!("{stem}.png")), &plot::png(kind, data))?;
    }
    Ok(())
}

/// Writes a page under the name of what it is about, so that pages of other commands stay, and as `report.html`, the page
/// of the last command.
pub(crate) fn write_page(folder: &Path, stem: &str, page: &str) -> Result<(), Failure> {
    for stem in [stem, "report"] {
        write(&folder.join(format!("{stem}.html")), page.as_bytes())?;
    }
    Ok(())
}

/// Prints to standard output.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::Closed),
        Err(error) => Err(Failure::output(Path::new("standard output"), error)),
        Ok(()) => Ok(()),
    }
}

/// Prints text for people to standard output: lines of at most 80 columns, and nothing in it that a terminal obeys.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    print(&plain_text::wrapped(&plain_text::lines(text), plain_text::COLUMNS))
}

/// Prints a warning to standard error.
pub(crate) fn warn(text: &str) {
    let text = format!("warning: {}", plain_text::lines(text));
    anstream::eprintln!("{}", plain_text::wrapped(&text, plain_text::COLUMNS));
}

/// Tells something on standard error that is no reason to doubt the result.
pub(crate) fn note(text: &str) {
    anstream::eprintln!("note: {text}");
}
