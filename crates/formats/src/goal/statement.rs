//! Statements of a schedule: what one line says.

use std::ops::Range;

use dlpc_engine::schedule::{Milestone, Place, Wildcard};
use dlpc_engine::units::{Bytes, SimDuration};

use super::cursor::{self, Cursor, Word};
use crate::fault::Fault;

/// One statement, with the places that later checks may point to.
#[derive(Debug)]
pub(super) enum Statement<'l> {
    NumRanks(u64, Range<usize>),
    Rank(u64, Range<usize>),
    Close(Range<usize>),
    Operation { label: Option<Word<'l>>, action: Action, place: Place, at: Range<usize> },
    Requires { op: Word<'l>, other: Word<'l>, milestone: Milestone },
}

/// What an operation does, as written.
#[derive(Debug)]
pub(super) enum Action {
    Send { to: u64, peer_at: Range<usize>, tag: u32, bytes: Bytes },
    Recv { from: Wildcard, peer_at: Range<usize>, bytes: Bytes },
    Calc(SimDuration),
}

const KEYWORDS: [&str; 5] = ["num_ranks", "rank", "send", "recv", "calc"];
const EXAMPLE: &str = "write for instance `l1: send 8b to 1 tag 0`, `l2: recv 8b from 1 tag 0`, `l3: calc 100` or \
                       `l3 requires l1`";
const SEND_EXAMPLE: &str = "write for instance `send 1024b to 1 tag 0`";
const RECV_EXAMPLE: &str = "write for instance `recv 1024b from 1 tag 0`";
const CALC_EXAMPLE: &str = "write whole nanoseconds, for instance `calc 1500`";
const NUM_RANKS_EXAMPLE: &str = "write for instance `num_ranks 16`";
const RANK_EXAMPLE: &str = "write for instance `rank 0 {`";

/// Takes the next statement of a line that is not empty.
pub(super) fn next<'l>(cursor: &mut Cursor<'l>) -> Result<Statement<'l>, Fault> {
    let word = cursor.expect("a statement", EXAMPLE)?;
    if word.is("}") {
        return Ok(Statement::Close(word.range));
    }
    let statement = match word.text {
        b"num_ranks" => {
            let (n, at) = cursor.number("a number of ranks", NUM_RANKS_EXAMPLE)?;
            return Ok(Statement::NumRanks(n, at));
        }
        b"rank" => {
            let (rank, at) = cursor.number("the number of a rank", RANK_EXAMPLE)?;
            let brace = cursor.expect("`{`", RANK_EXAMPLE)?;
            if !brace.is("{") {
                return Err(unexpected(&brace, "`{`").help(RANK_EXAMPLE));
            }
            return Ok(Statement::Rank(rank, at));
        }
        b"send" | b"recv" | b"calc" => operation(None, &word, cursor)?,
        _ => labelled(word, cursor)?,
    };
    match cursor.peek() {
        Some(word) if !word.is("}") => Err(unexpected(&word, "the end of the line")),
        Some(_) | None => Ok(statement),
    }
}

fn unexpected(word: &Word<'_>, wanted: &str) -> Fault {
    let message = format!("`{}` stands where {wanted} should be", word.shown());
    Fault::new("goal::unexpected", word.range.clone(), message)
}

/// A statement that begins with a label.
fn labelled<'l>(label: Word<'l>, cursor: &mut Cursor<'l>) -> Result<Statement<'l>, Fault> {
    if !label.is_label() {
        let message = format!("`{}` is neither a statement nor a label", label.shown());
        return Err(Fault::new("goal::unknown_statement", label.range, message).help(EXAMPLE));
    }
    let Some(word) = cursor.take() else {
        let message = format!("a statement cannot be `{}` alone", label.shown());
        return Err(Fault::new("goal::unknown_statement", label.range, message).help(EXAMPLE));
    };
    let milestone = match word.text {
        b":" => {
            let kind = cursor.expect("an operation", EXAMPLE)?;
            return operation(Some(label), &kind, cursor);
        }
        b"requires" => Milestone::Done,
        b"irequires" => Milestone::Started,
        _ => {
            let fault = unexpected(&word, "`:`, `requires` or `irequires`");
            let near =
                strsim_keyword(&label.shown()).map_or(EXAMPLE.to_owned(), |near| format!("did you mean `{near}`?"));
            return Err(fault.help(near));
        }
    };
    let other = cursor.expect("a label", "write for instance `l2 requires l1`")?;
    if !other.is_label() {
        return Err(unexpected(&other, "a label").help("write for instance `l2 requires l1`"));
    }
    Ok(Statement::Requires { op: label, other, milestone })
}

fn strsim_keyword(word: &str) -> Option<&'static str> {
    KEYWORDS.into_iter().find(|keyword| strsim::damerau_levenshtein(keyword, word) <= 2)
}

fn operation<'l>(label: Option<Word<'l>>, kind: &Word<'l>, cursor: &mut Cursor<'l>) -> Result<Statement<'l>, Fault> {
    let at = kind.range.clone();
    let (action, place) = match kind.text {
        b"send" => send(cursor)?,
        b"recv" => recv(cursor)?,
        b"calc" => calc(cursor)?,
        _ => return Err(unexpected(kind, "`send`, `recv` or `calc`").help(EXAMPLE)),
    };
    Ok(Statement::Operation { label, action, place, at })
}

fn send(cursor: &mut Cursor<'_>) -> Result<(Action, Place), Fault> {
    let bytes = size(cursor, SEND_EXAMPLE)?;
    preposition(cursor, "to", SEND_EXAMPLE)?;
    let (to, peer_at) = cursor.number("the number of a rank", SEND_EXAMPLE)?;
    let settings = Settings::read(cursor, &["tag", "cpu", "nic"])?;
    let tag = match settings.tag {
        None => 0,
        Some((Some(tag), _)) => tag,
        Some((None, at)) => {
            let fault = Fault::new("goal::send_any_tag", at, "a send cannot have any tag");
            return Err(fault.help("write a tag from 0 on; -1 is for receives"));
        }
    };
    Ok((Action::Send { to, peer_at, tag, bytes }, settings.place))
}

fn recv(cursor: &mut Cursor<'_>) -> Result<(Action, Place), Fault> {
    let bytes = size(cursor, RECV_EXAMPLE)?;
    preposition(cursor, "from", RECV_EXAMPLE)?;
    let word = cursor.expect("the number of a rank", RECV_EXAMPLE)?;
    let from = if word.is("-1") {
        None
    } else {
        let help = "write the number of a rank, or -1 for any";
        Some(u32::try_from(cursor::number(&word, "the number of a rank", help)?).unwrap_or(u32::MAX))
    };
    let settings = Settings::read(cursor, &["tag", "cpu", "nic"])?;
    let tag = settings.tag.map_or(Some(0), |(tag, _)| tag);
    Ok((Action::Recv { from: Wildcard { from, tag }, peer_at: word.range, bytes }, settings.place))
}

fn calc(cursor: &mut Cursor<'_>) -> Result<(Action, Place), Fault> {
    let (nanos, at) = cursor.number("a duration", CALC_EXAMPLE)?;
    let Some(picos) = nanos.checked_mul(1000) else {
        let message = format!("{nanos} ns are more than 213 days, which is all the simulator can count");
        return Err(Fault::new("goal::too_large", at, message));
    };
    let settings = Settings::read(cursor, &["cpu"])?;
    Ok((Action::Calc(SimDuration::from_picos(picos)), settings.place))
}

/// A size with its `b`: `8b` or `8 b`.
fn size(cursor: &mut Cursor<'_>, example: &str) -> Result<Bytes, Fault> {
    let word = cursor.expect("a size", example)?;
    let (digits, has_unit) = match word.text.split_last() {
        Some((b'b', digits)) => (digits, true),
        Some(_) | None => (word.text, false),
    };
    let digits = Word { text: digits, range: word.range.clone() };
    if digits.text.is_empty() {
        return Err(unexpected(&word, "a size").help(example));
    }
    let bytes = cursor::number(&digits, "a size in bytes", example)?;
    if !has_unit && !cursor.take_if("b") {
        let message = format!("the size `{}` has no `b`", word.shown());
        let fault = Fault::new("goal::size_without_unit", word.range, message);
        return Err(fault.help(format!("write `{}b`", digits.shown())));
    }
    Ok(Bytes(bytes))
}

fn preposition(cursor: &mut Cursor<'_>, wanted: &'static str, example: &str) -> Result<(), Fault> {
    let word = cursor.expect(format_args!("`{wanted}`"), example)?;
    if word.is(wanted) { Ok(()) } else { Err(unexpected(&word, &format!("`{wanted}`")).help(example)) }
}

/// What may follow an operation, in any order.
#[derive(Debug, Default)]
struct Settings {
    /// The tag, or none for any, and its place.
    tag: Option<(Option<u32>, Range<usize>)>,
    place: Place,
}

impl Settings {
    fn read(cursor: &mut Cursor<'_>, allowed: &[&str]) -> Result<Self, Fault> {
        let mut settings = Self::default();
        let mut seen: Vec<&[u8]> = Vec::new();
        while let Some(key) = cursor.peek().filter(|word| !word.is("}")) {
            cursor.take();
            if !allowed.iter().any(|allowed| key.is(allowed)) {
                let list = allowed.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
                return Err(unexpected(&key, &format!("{list} or the end of the line")));
            }
            if seen.contains(&key.text) {
                let message = format!("`{}` is given twice", key.shown());
                return Err(Fault::new("goal::given_twice", key.range, message));
            }
            seen.push(key.text);
            match key.text {
                b"tag" => settings.tag = Some(tag(cursor)?),
                b"cpu" => settings.place.cpu = small_number(cursor, "CPU")?,
                _ => settings.place.nic = small_number(cursor, "NIC")?,
            }
        }
        Ok(settings)
    }
}

fn tag(cursor: &mut Cursor<'_>) -> Result<(Option<u32>, Range<usize>), Fault> {
    let help = "write a tag from 0 to 4294967294, or -1 for any (receives only)";
    let word = cursor.expect("a tag", help)?;
    if word.is("-1") {
        return Ok((None, word.range));
    }
    let value = cursor::number(&word, "a tag", help)?;
    match u32::try_from(value).ok().filter(|tag| *tag != u32::MAX) {
        Some(tag) => Ok((Some(tag), word.range)),
        None => Err(Fault::new("goal::too_large", word.range, format!("the tag {value} is too large")).help(help)),
    }
}

fn small_number(cursor: &mut Cursor<'_>, what: &str) -> Result<u8, Fault> {
    let help = format_args!("{what}s of a rank are numbered from 0 to 255");
    let (value, at) = cursor.number(format_args!("the number of a {what}"), help)?;
    u8::try_from(value)
        .map_err(|_| Fault::new("goal::too_large", at, format!("there is no {what} {value}")).help(help.to_string()))
}
