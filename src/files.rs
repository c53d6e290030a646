//! Files and standard streams: the only place where the binary reads or writes.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use dlpc_sim::input::FILE_BYTES_MAX;
use dlpc_sim::plain_text;
use dlpc_sim::report::plot::{self, Plot, PlotData};

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
pub(crate) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = tempfile::Builder::new().prefix(".dlpc-sim-").tempfile_in(folder)?;
        file.write_all(content)?;
        set_usual_permissions(file.as_file())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|source| Failure::output(path, source))
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

/// A temporary file can be read by its owner only; a result should be readable as any other file.
#[cfg(unix)]
fn set_usual_permissions(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_usual_permissions(_: &fs::File) -> io::Result<()> {
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
