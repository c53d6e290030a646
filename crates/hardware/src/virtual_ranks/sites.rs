//! What places in a program are called: the line of the source, or the function where a compiled program does not say its lines.

use std::collections::BTreeMap;
use std::env;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use addr2line::Loader;
use dlpc_predict::plain_text;
use dlpc_virtual_mpi::wire::Place;

/// The names of places; debug information is read once for each file.
#[derive(Default)]
pub(super) struct Sites {
    loaders: BTreeMap<String, Option<Compiled>>,
    known: BTreeMap<(String, u64), String>,
}

/// A compiled file.
struct Compiled {
    loader: Loader,
    /// Whether its addresses are those of the process, wherever it is mapped.
    is_fixed: bool,
}

impl fmt::Debug for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sites").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Sites {
    /// Returns the number of a place and what it is called: `file:line`, seen from the current folder where the file is below it;
    /// `function in file` without debug information.
    pub(super) fn of(&mut self, place: Place, file: &str) -> (u32, String) {
        match place {
            Place::Line { number, line } => (number, plain_text::one_line(&format!("{}:{line}", seen_from_here(file)))),
            Place::Address { number, address, start } => (number, self.of_address(file, address, start)),
        }
    }

    fn of_address(&mut self, file: &str, address: u64, start: u64) -> String {
        let compiled = self.loaders.entry(file.to_owned()).or_insert_with(|| Compiled::open(file));
        let is_fixed = compiled.as_ref().is_some_and(|compiled| compiled.is_fixed);
        let address = if is_fixed { address } else { address.wrapping_sub(start) };
        let name = || {
            let name = compiled.as_ref().and_then(|compiled| compiled.name(address, file));
            plain_text::one_line(&name.unwrap_or_else(|| format!("0x{address:x} in {}", seen_from_here(file))))
        };
        self.known.entry((file.to_owned(), address)).or_insert_with(name).clone()
    }
}

impl Compiled {
    fn open(file: &str) -> Option<Self> {
        let loader = Loader::new(file).ok()?;
        // Bytes 16 and 17 of an ELF file say which kind it is: 2 is a program that is always at the same place.
        let mut head = [0; 18];
        File::open(file).and_then(|mut file| file.read_exact(&mut head)).ok()?;
        Some(Self { loader, is_fixed: head[16] == 2 })
    }

    fn name(&self, address: u64, own: &str) -> Option<String> {
        let location = self.loader.find_location(address).ok().flatten();
        if let Some((file, line)) = location.and_then(|location| location.file.zip(location.line)) {
            return Some(format!("{}:{line}", seen_from_here(file)));
        }
        let symbol = self.loader.find_symbol(address)?;
        let name = addr2line::demangle_auto(symbol.into(), None);
        Some(format!("{name} in {}", seen_from_here(own)))
    }
}

/// Returns a path without the current folder.
fn seen_from_here(file: &str) -> String {
    let here = env::current_dir().unwrap_or_default();
    let path = Path::new(file);
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}
