//! The commands of README.md and of pages in `docs/` work, and print what is shown there.
//!
//! `make docs` writes what they print into the pages.

use crate::shown::{PAGES, RESULTS, Shown, commands, printed, reader_with, scenario_of_the_readme, text_of};
use crate::support::{dlpc_sim, root, succeeds};

/// Returns whether `actual` is `shown` with any lines in place of each `...`.
fn agrees(shown: &[&str], actual: &[&str]) -> bool {
    match shown.split_first() {
        None => actual.is_empty(),
        Some((&"...", rest)) => (0..=actual.len()).any(|n| agrees(rest, &actual[n..])),
        Some((line, rest)) => actual.first() == Some(line) && agrees(rest, &actual[1..]),
    }
}

/// Returns the cells of a line of a table.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

/// Returns how alike two lines are: first by the cells that they begin with, then by their letters.
fn likeness(one: &str, other: &str) -> f64 {
    let n_equal = cells(one).iter().zip(cells(other)).take_while(|(one, other)| **one == *other).count();
    f64::from(u32::try_from(n_equal).expect("few cells")) + strsim::normalized_levenshtein(one, other)
}

/// Returns the lines of the actual output that stand for those that are shown, in their order.
fn renewed(shown: &[String], actual: &[&str]) -> Vec<String> {
    let mut rest = actual;
    let mut renew = |line: &String| {
        let best =
            (0..rest.len()).max_by(|a, b| likeness(line, rest[*a]).total_cmp(&likeness(line, rest[*b])).then(b.cmp(a)));
        let Some(best) = best.filter(|_| line != "...") else { return line.clone() };
        let found = rest[best].to_owned();
        rest = &rest[best + 1..];
        found
    };
    shown.iter().map(&mut renew).collect()
}

/// Writes what the commands print in place of what is shown.
fn renew_all() {
    for page in PAGES {
        let mut lines: Vec<String> = text_of(page).lines().map(ToOwned::to_owned).collect();
        for (_, shown, ended) in RESULTS.ended.iter().filter(|(of, ..)| *of == page) {
            let new = renewed(&shown.output, &printed(ended));
            lines.splice(shown.line..shown.line + new.len(), new);
        }
        std::fs::write(root().join(page), lines.join("\n") + "\n").expect("a page");
    }
}

#[test]
fn every_command_that_is_shown_prints_what_is_shown() {
    if std::env::var_os("DLPC_UPDATE_DOCS").is_some() {
        renew_all();
    }
    for page in PAGES {
        let all = commands(&text_of(page));
        assert!(!all.is_empty(), "{page} shows no command");
        for (Shown { arguments, output, .. }, (.., ended)) in
            all.iter().zip(RESULTS.ended.iter().filter(|(of, ..)| *of == page))
        {
            assert!(!arguments.iter().any(|word| ["|", ">", "&&", ";"].contains(&word.as_str())), "{arguments:?}");
            let is_error_shown = output.iter().any(|line| line.starts_with("error"));
            assert_eq!(ended.code, if is_error_shown { 3 } else { 0 }, "{arguments:?}: {}", ended.stderr);
            let shown: Vec<&str> = output.iter().map(String::as_str).collect();
            let actual = printed(ended);
            let help = "`make docs` writes it into the page";
            assert!(shown.is_empty() || agrees(&shown, &actual), "{arguments:?} prints\n{}\n{help}", actual.join("\n"));
        }
    }
}

#[test]
fn the_scenario_of_the_readme_is_right() {
    let folder = reader_with(&scenario_of_the_readme());
    succeeds(dlpc_sim().current_dir(folder.path()).args(["check", "my-scenario.toml"]));
    let predict = ["predict", "my-scenario.toml", "--replications", "1"];
    succeeds(dlpc_sim().current_dir(folder.path()).args(predict));
}

#[test]
fn commands_are_found_in_console_blocks_only() {
    let text = "$ dlpc-sim no\n```console\n$ dlpc-sim predict a.toml   # why\n1\n...\n$ make test\n2\n```\n```toml\n\
                $ dlpc-sim no\n```\n```console\n$ cargo run --release -- check b.toml c.toml\n```\n";
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let expected = [
        Shown { arguments: words(&["predict", "a.toml"]), line: 3, output: words(&["1", "..."]) },
        Shown { arguments: words(&["check", "b.toml", "c.toml"]), line: 13, output: Vec::new() },
    ];
    assert_eq!(commands(text), expected);
}

#[test]
fn dots_stand_for_any_lines() {
    assert!(agrees(&["a", "...", "c"], &["a", "b", "b", "c"]) && agrees(&["...", "a"], &["a"]));
    assert!(!agrees(&["a", "..."], &["b", "a"]) && !agrees(&["a"], &["a", "b"]));
}

#[test]
fn a_line_is_renewed_by_the_one_of_its_row() {
    let shown = ["...", " 4   14.17   tail", "...", "12   12.00   tail"].map(str::to_owned);
    let actual = ["ranks  time", " 1   20.70   tail", " 4   15.17   tail", " 8   14.17   tail", "12   11.99   network"];
    assert_eq!(renewed(&shown, &actual), ["...", " 4   15.17   tail", "...", "12   11.99   network"]);
}

/// Returns the targets of the links of a page that lead to files of the project.
fn linked(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|target| !target.is_empty() && !target.contains("://") && !target.contains([' ', '\n']))
}

#[test]
fn every_link_leads_to_a_file() {
    let docs = std::fs::read_dir(root().join("docs")).expect("the folder");
    let pages = docs.map(|entry| entry.expect("an entry").path()).filter(|path| path.extension().is_some());
    let top = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root().join(name));
    let mut n_links = 0;
    for page in pages.chain(top).filter(|path| path.extension().is_some_and(|extension| extension == "md")) {
        let text = std::fs::read_to_string(&page).expect("text");
        let folder = page.parent().expect("a folder");
        for target in linked(&text) {
            assert!(folder.join(target).exists(), "{}: {target}", page.display());
            n_links += 1;
        }
    }
    assert!(n_links > 50, "{n_links} links");
}
