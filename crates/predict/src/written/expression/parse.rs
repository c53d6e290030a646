//! The grammar of expressions.

use std::ops::Range;

use dlpc_engine::units;
use winnow::ascii::multispace0;
use winnow::combinator::{Infix, Prefix, alt, cut_err, delimited, expression, not, opt, peek, preceded, separated};
use winnow::error::{ErrMode, ParserError};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location, Stream};
use winnow::token::{one_of, take_while};

use super::{Fault, Function, Kind, Measure, Node, Operator, Units};

/// Longest expression, in bytes.
const BYTES_MAX: usize = 400;
/// Parentheses within each other.
const DEPTH_MAX: usize = 50;

type Text<'t> = LocatingSlice<&'t str>;

/// What the parser knows of an error: the fault, if one of ours says more than that something else was expected.
#[derive(Debug, Default)]
struct Failed(Option<Fault>);

impl<'t> ParserError<Text<'t>> for Failed {
    type Inner = Self;

    fn from_input(_: &Text<'t>) -> Self {
        Self::default()
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

type Parsed<T> = Result<T, ErrMode<Failed>>;

/// Reads a whole text.
pub(super) fn parse(text: &str) -> Result<Node, Fault> {
    let whole = 0..text.len();
    if text.len() > BYTES_MAX {
        return Err(Fault::new(
            whole,
            format!("it is longer than {BYTES_MAX} bytes"),
            "give its parts names, as parameters",
        ));
    }
    if let Some(at) = too_deep(text) {
        return Err(Fault::new(at..at + 1, format!("more than {DEPTH_MAX} parentheses within each other"), ""));
    }
    let mut rest = LocatingSlice::new(text);
    match sum(&mut rest) {
        Ok(node) if rest.is_empty() => Ok(node),
        Ok(_) => {
            let at = rest.current_token_start();
            Err(unexpected(text, at, "an operator such as `*` or the end"))
        }
        Err(error) => {
            let at = rest.current_token_start();
            let Failed(fault) = error.into_inner().unwrap_or_default();
            Err(fault.unwrap_or_else(|| unexpected(text, at, OPERAND)))
        }
    }
}

/// Operators that are words: no names, and no units.
pub(super) const OPERATORS: [&str; 4] = ["mod", "and", "or", "not"];

const OPERAND: &str = "a number, a name or `(`";

fn unexpected(text: &str, at: usize, wanted: &str) -> Fault {
    match text[at..].chars().next() {
        None => Fault::new(at.saturating_sub(1)..at, format!("it ends where {wanted} should be"), ""),
        Some(found) => Fault::new(at..at + found.len_utf8(), format!("`{found}` stands where {wanted} should be"), ""),
    }
}

/// Returns where parentheses are too deep within each other.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.bytes().position(|byte| {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > DEPTH_MAX
    })
}

fn sum(text: &mut Text<'_>) -> Parsed<Node> {
    expression(operand)
        .prefix(preceded(
            multispace0,
            alt((
                '-'.value(Prefix(15, |_: &mut Text<'_>, of| Ok(before(1, of, Kind::Negative)))),
                word("not").value(Prefix(6, |_: &mut Text<'_>, of| Ok(before(3, of, Kind::Not)))),
            )),
        ))
        .infix(preceded(multispace0, infix))
        .parse_next(text)
        .and_then(|node| {
            multispace0(text)?;
            Ok(node)
        })
}

/// An operator between two operands. The higher its number, the more it binds.
fn infix<'t>(text: &mut Text<'t>) -> Parsed<Infix<Text<'t>, Node, ErrMode<Failed>>> {
    macro_rules! left {
        ($power:literal, $operator:ident) => {
            Infix::Left($power, |_: &mut Text<'t>, left, right| Ok(binary(Operator::$operator, left, right)))
        };
    }
    alt((
        "+".map(|_| left!(10, Plus)),
        "-".map(|_| left!(10, Minus)),
        "*".map(|_| left!(12, Times)),
        "/".map(|_| left!(12, Over)),
        "%".map(|_| left!(12, Modulo)),
        word("mod").map(|()| left!(12, Modulo)),
        "^".map(|_| Infix::Right(20, |_: &mut Text<'t>, left, right| Ok(binary(Operator::Power, left, right)))),
        alt((
            "<=".map(|_| left!(8, LessOrEqual)),
            ">=".map(|_| left!(8, GreaterOrEqual)),
            "==".map(|_| left!(8, Equal)),
            "!=".map(|_| left!(8, Unequal)),
            "<".map(|_| left!(8, Less)),
            ">".map(|_| left!(8, Greater)),
            word("and").map(|()| left!(4, And)),
            word("or").map(|()| left!(2, Or)),
        )),
        other_words,
    ))
    .parse_next(text)
}

/// Operators of other languages: says what to write instead.
fn other_words<'t>(text: &mut Text<'t>) -> Parsed<Infix<Text<'t>, Node, ErrMode<Failed>>> {
    let (found, at) = alt(("&&", "||", "&", "|", "=", "!")).with_span().parse_next(text)?;
    let instead = match found {
        "&&" | "&" => "and",
        "||" | "|" => "or",
        "=" => "==",
        _ => "not",
    };
    Err(cut(at, format!("there is no operator `{found}`"), format!("write `{instead}`")))
}

/// A word that is an operator.
fn word<'t>(name: &'static str) -> impl Parser<Text<'t>, (), ErrMode<Failed>> {
    (name, not(one_of(is_of_name))).void()
}

fn is_of_name(symbol: char) -> bool {
    symbol.is_ascii_alphanumeric() || symbol == '_'
}

fn before(length: usize, of: Node, kind: fn(Box<Node>) -> Kind) -> Node {
    Node { at: of.at.start.saturating_sub(length)..of.at.end, kind: kind(Box::new(of)) }
}

fn binary(operator: Operator, left: Node, right: Node) -> Node {
    Node { at: left.at.start..right.at.end, kind: Kind::Binary(operator, Box::new(left), Box::new(right)) }
}

fn operand(text: &mut Text<'_>) -> Parsed<Node> {
    multispace0(text)?;
    let inner = delimited('(', cut_err(sum), |text: &mut Text<'_>| closing(')', text))
        .with_span()
        .map(|(node, at)| Node { at, ..node });
    alt((inner, number, named)).parse_next(text)
}

fn closing(bracket: char, text: &mut Text<'_>) -> Parsed<()> {
    let at = text.current_token_start();
    if opt(bracket).parse_next(text)?.is_some() {
        return Ok(());
    }
    let what = if bracket == ')' { "parenthesis" } else { "bracket" };
    let next = text.chars().next().map_or(0, char::len_utf8);
    Err(cut(at..at + next, format!("a {what} is not closed"), format!("write `{bracket}`")))
}

fn cut(at: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> ErrMode<Failed> {
    ErrMode::Cut(Failed(Some(Fault::new(at, message, help))))
}

/// A number, with a unit if one follows.
fn number(text: &mut Text<'_>) -> Parsed<Node> {
    let (digits, at) = digits.with_span().parse_next(text)?;
    let value: f64 = digits.parse().map_err(|_| cut(at.clone(), format!("`{digits}` is no number"), ""))?;
    let before = text.checkpoint();
    multispace0(text)?;
    let (unit, unit_at) = take_while(0.., is_of_unit).with_span().parse_next(text)?;
    if unit.is_empty() || OPERATORS.contains(&unit) {
        text.reset(&before);
        return Ok(Node { at, kind: Kind::Constant(Measure { value, units: Units::NONE }) });
    }
    let Some((scale, units)) = unit_of(unit) else {
        return Err(cut(
            unit_at,
            format!("`{unit}` is no unit"),
            format!("write a unit of times or sizes, or `{digits} * {unit}`"),
        ));
    };
    Ok(Node { at: at.start..unit_at.end, kind: Kind::Constant(Measure { value: value * scale, units }) })
}

fn is_of_unit(symbol: char) -> bool {
    symbol.is_alphabetic() || symbol == '_'
}

/// Returns what a unit is in seconds or bytes.
fn unit_of(name: &str) -> Option<(f64, Units)> {
    let time = units::time_unit(name).map(|scale| (scale, Units::TIME));
    time.or_else(|| units::size_unit(name).map(|scale| (scale, Units::SIZE)))
}

fn digits<'t>(text: &mut Text<'t>) -> Parsed<&'t str> {
    let mantissa = (take_while(1.., '0'..='9'), opt(('.', take_while(0.., '0'..='9'))));
    let exponent = (one_of(['e', 'E']), opt(one_of(['+', '-'])), take_while(1.., '0'..='9'));
    (mantissa, opt(exponent)).take().parse_next(text)
}

/// A name, or a function with its arguments.
fn named(text: &mut Text<'_>) -> Parsed<Node> {
    let is_first = |symbol: char| symbol.is_ascii_alphabetic() || symbol == '_';
    peek(one_of(is_first)).parse_next(text)?;
    let (name, at) =
        take_while(1.., is_of_name).verify(|name| !OPERATORS.contains(name)).with_span().parse_next(text)?;
    multispace0(text)?;
    if opt('[').parse_next(text)?.is_some() {
        let entry = cut_err(sum).parse_next(text)?;
        closing(']', text)?;
        let end = text.previous_token_end();
        return Ok(Node { at: at.start..end, kind: Kind::Entry(name.into(), Box::new(entry)) });
    }
    if opt('(').parse_next(text)?.is_none() {
        return Ok(Node { at, kind: Kind::Name(name.into()) });
    }
    let Some((_, function)) = Function::ALL.into_iter().find(|(known, _)| *known == name) else {
        let all = Function::ALL.map(|(known, _)| known).join(", ");
        return Err(cut(at, format!("there is no function `{name}`"), format!("there are {all}")));
    };
    let arguments: Vec<Node> = cut_err(separated(1.., sum, ',')).parse_next(text)?;
    closing(')', text)?;
    let end = text.previous_token_end();
    if arguments.len() != function.n_arguments() {
        let wanted = function.n_arguments();
        return Err(cut(
            at,
            format!("`{name}` takes {wanted} argument{}, not {}", if wanted == 1 { "" } else { "s" }, arguments.len()),
            "",
        ));
    }
    Ok(Node { at: at.start..end, kind: Kind::Call(function, arguments) })
}
