//! Builds the library that programs load, `libmpi.so.12`, from the same source as this crate, so that the crate holds its bytes.
//!
//! A dependency that is a shared library would not be installed with a program. So it travels inside it.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=functions.txt");
    let out = PathBuf::from(variable("OUT_DIR"));
    let stubs = out.join("stubs.rs");
    fs::write(&stubs, text_of_stubs()).expect("the output folder can be written to");
    let library = out.join("libmpi.so.12");
    if variable("CARGO_CFG_TARGET_OS") == "linux" {
        build(&library, &stubs);
    } else {
        fs::write(library, b"").expect("the output folder can be written to");
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn build(library: &Path, stubs: &Path) {
    let mut rustc = Command::new(variable("RUSTC"));
    rustc.args(["--crate-name", "virtual_mpi", "--crate-type", "cdylib", "--edition", "2024", "--cfg", "virtual_mpi"]);
    rustc.args([
        "-C",
        "opt-level=3",
        "-C",
        "panic=abort",
        "-C",
        "force-frame-pointers=yes",
        "-C",
        "strip=debuginfo",
        "--cap-lints",
        "allow",
    ]);
    rustc.args(["-C", "link-arg=-Wl,-soname,libmpi.so.12", "--target", &variable("TARGET")]);
    // What begins with PMPI is always the function of the library, also where a tool stands before the other name.
    rustc.args(["-C", "link-arg=-Wl,-Bsymbolic-functions"]);
    if let Some(linker) = env::var_os("RUSTC_LINKER") {
        rustc.arg("-C").arg(format!("linker={}", linker.to_string_lossy()));
    }
    rustc.arg("src/lib.rs").arg("-o").arg(library).env("VIRTUAL_MPI_STUBS", stubs);
    let status = rustc.status().expect("the compiler that builds this crate can be started");
    assert!(status.success(), "the virtual MPI library could not be compiled");
}

/// Returns a function for each one of the real library that the source does not define: it ends the run with its name. And for each one
/// of all the one with a P before its name, which profilers call.
fn text_of_stubs() -> String {
    let names = fs::read_to_string("functions.txt").expect("the list of functions");
    let defined = defined();
    let mut all: BTreeSet<String> = names.lines().filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let missing = all.iter().filter(|name| !defined.contains(*name));
    let mut text: String = missing.map(|name| stub(name)).collect();
    all.extend(defined);
    let jump = match variable("CARGO_CFG_TARGET_ARCH").as_str() {
        "aarch64" => "b",
        _ => "jmp",
    };
    text.extend(all.iter().filter(|name| name.starts_with("MPI_")).map(|name| alias(name, jump)));
    text
}

fn stub(name: &str) -> String {
    format!("/// Refused.\n#[unsafe(no_mangle)]\npub extern \"C\" fn {name}() -> c_int {{ refuse(\"{name}\") }}\n")
}

/// Returns a function with another name and the same arguments: it only goes on there.
fn alias(name: &str, jump: &str) -> String {
    let declared = format!("unsafe extern \"C\" {{ #[link_name = \"{name}\"] fn to(); }}");
    format!(
        "const _: () = {{ {declared} #[unsafe(naked)] #[unsafe(export_name = \"P{name}\")] extern \"C\" fn alias() {{ \
         core::arch::naked_asm!(\"{jump} {{}}\", sym to) }} }};\n"
    )
}

/// Returns the names of the functions that the source exports: what follows `fn MPI_`.
fn defined() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir("src").expect("the source") {
        let path = entry.expect("an entry").path();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for rest in text.split("fn MPI_").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            names.insert(format!("MPI_{name}"));
        }
    }
    names
}
