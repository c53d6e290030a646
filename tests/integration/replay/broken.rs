//! Broken schedules: each has a clear message with its line.

use super::load;

/// Returns the problems as `line: message`.
fn problems(text: &str) -> Vec<String> {
    let Err(diagnostics) = load(text) else { panic!("accepted: {text}") };
    let rendered = diagnostics.to_string();
    let lines = rendered.lines().filter_map(|line| line.trim_start().strip_prefix("--> a.goal"));
    let places: Vec<&str> = lines.map(|place| place.trim_start_matches(':').split(':').next().unwrap_or("")).collect();
    let messages = diagnostics.problems().into_iter().map(|problem| problem.message.to_string());
    places.into_iter().zip(messages).map(|(line, message)| format!("{line}: {message}")).collect()
}

fn in_block(lines: &str) -> Vec<String> {
    problems(&format!("num_ranks 2\nrank 0 {{\n{lines}\n}}\nrank 1 {{\n}}\n"))
}

#[test]
fn every_kind_of_broken_statement_has_its_message() {
    for (line, expected) in [
        ("sned 8b to 1", "3: `8b` stands where `:`, `requires` or `irequires` should be"),
        ("send 8 to 1", "3: the size `8` has no `b`"),
        ("send 8kb to 1", "3: `8k` is not a size in bytes"),
        ("send b to 1", "3: `b` stands where a size should be"),
        ("send 8b from 1", "3: `from` stands where `to` should be"),
        ("recv 8b to 1", "3: `to` stands where `from` should be"),
        ("send 8b to", "3: the line ends where the number of a rank should be"),
        ("send 8b to 2", "3: there is no rank 2"),
        ("recv 8b from 7", "3: there is no rank 7"),
        ("send 8b to -1", "3: `-1` is not the number of a rank"),
        ("send 8b to 1 tag -1", "3: a send cannot have any tag"),
        ("send 8b to 1 tag 4294967295", "3: the tag 4294967295 is too large"),
        ("send 8b to 1 tag 1 tag 2", "3: `tag` is given twice"),
        ("send 8b to 1 cpu 256", "3: there is no CPU 256"),
        ("calc 5 nic 1", "3: `nic` stands where `cpu` or the end of the line should be"),
        ("calc 1.5", "3: `1.5` is not a duration"),
        ("calc 99999999999999999999", "3: `99999999999999999999` is too large"),
        (
            "calc 18446744073709552",
            "3: 18446744073709552 ns are more than 213 days, which is all the simulator can count",
        ),
        ("calc 5 calc 6", "3: `calc` stands where `cpu` or the end of the line should be"),
        ("l1: wait 5", "3: `wait` stands where `send`, `recv` or `calc` should be"),
        ("l1", "3: a statement cannot be `l1` alone"),
        ("1l: calc 5", "3: `1l` is neither a statement nor a label"),
        ("l1: calc 5\nl1: calc 6", "4: the label `l1` is given twice"),
        ("l1: calc 5\nl1 requires l2", "4: no operation of this rank is called `l2`"),
        ("l1: calc 5\nl1 requires", "4: the line ends where a label should be"),
        ("l1: calc 5\nl1 requires l1 l1", "4: `l1` stands where the end of the line should be"),
        (
            "a: calc 5\nb: calc 5\na requires b\nb irequires a",
            "7: operations wait for each other and can never start: `a` (line 3) -> `b` (line 4) -> `a` (line 3)",
        ),
        ("rank 1 {", "3: the block of rank 0 (line 2) is not closed"),
        ("num_ranks 4", "3: `num_ranks` is given twice"),
    ] {
        assert_eq!(in_block(line).first().map(String::as_str), Some(expected), "{line}");
    }
}

#[test]
fn every_kind_of_broken_file_has_its_message() {
    for (text, expected) in [
        ("", ": the file says nothing of ranks"),
        ("// nothing\n", ": the file says nothing of ranks"),
        ("rank 0 {\n}\n", "1: the number of ranks is not known yet"),
        ("num_ranks 0\n", "1: a schedule cannot have 0 ranks"),
        ("num_ranks 16777217\n", "1: a schedule cannot have 16777217 ranks"),
        ("num_ranks two\n", "1: `two` is not a number of ranks"),
        ("num_ranks 1\nrank 1 {\n}\n", "2: there is no rank 1"),
        ("num_ranks 1\nrank 0\n", "2: the line ends where `{` should be"),
        ("num_ranks 1\nrank 0 {\n}\nrank 0 {\n}\n", "4: rank 0 has a second block; the first one begins on line 2"),
        ("num_ranks 3\nrank 0 {\n}\nrank 2 {\n}\n", ": rank 1 has no block"),
        ("num_ranks 9\nrank 0 {\n}\n", ": 8 of 9 ranks have no block, the first of them rank 1"),
        ("num_ranks 1\nrank 0 {\ncalc 5\n", "2: the block is not closed"),
        ("num_ranks 1\nrank 0 {\n}\n}\n", "4: no block is open"),
        ("num_ranks 1\ncalc 5\nrank 0 {\n}\n", "2: the operation belongs to no rank"),
        ("num_ranks 1\na requires b\nrank 0 {\n}\n", "2: the dependency belongs to no rank"),
        ("num_ranks 1\n/* all\nof it\nrank 0 {\n}\n", ": the comment that begins on line 2 is not closed"),
        (
            "num_ranks 1\nrank 0 {\ncalc 5 \u{7f}\n}\n",
            "3: `\u{7f}` stands where `cpu` or the end of the line should be",
        ),
    ] {
        assert_eq!(problems(text).first().map(String::as_str), Some(expected), "{text}");
    }
}

#[test]
fn all_problems_of_a_file_are_reported_at_once() {
    let lines = "a: send 8b to 5\nb: calc x\nb requires a\nc requires a\nsend 8b to 1 nic 900";
    let expected = [
        "3: there is no rank 5",
        "4: `x` is not a duration",
        "7: there is no NIC 900",
        "6: no operation of this rank is called `c`",
    ];
    assert_eq!(in_block(lines), expected);
}

#[test]
fn a_misspelt_label_is_recognised() {
    let Err(problems) = load("num_ranks 1\nrank 0 {\nlast: calc 5\nb: calc 5\nb requires lats\n}\n") else { panic!() };
    assert!(problems.to_string().contains("did you mean `last`?"), "{problems}");
}

#[test]
fn comments_blanks_forward_references_and_any_order_are_accepted() {
    let text = "// a schedule\r\nnum_ranks 2 /* two */\n/* of several\nlines */ rank 1 { calc 5 }\r\n\nrank 0 {\n\
                b requires a // later\n  a : send 8 b to 1 nic 0 cpu 1 tag 3\n\tb:recv 0b from -1 tag -1\n}\n\n";
    let schedule = load(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((schedule.n_ranks(), schedule.n_ops()), (2, 3));
}

#[test]
fn binary_rubbish_is_no_panic() {
    let mut bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for _ in 0..3 {
        bytes.rotate_left(77);
        let open = bytes.clone();
        let open = move |_: &std::path::Path| -> std::io::Result<Box<dyn std::io::BufRead>> {
            Ok(Box::new(std::io::Cursor::new(open.clone())))
        };
        assert!(dlpc_predict::input::load_goal(std::path::Path::new("x"), &open).is_err());
    }
}
