//! Values of a key on the command line: `100 Mbit/s, 1 Gbit/s`, `1..=32`, `1 us..=1 ms log 10`.

use dlpc_engine::maths;
use dlpc_engine::units::Unit;

use crate::diagnostic::{FileId, Problem, Span};
use crate::input::toml::leaf::{self, Fault};
use crate::input::toml::schema::{Expected, View};
use crate::input::toml::tree::{Node, Value};
use crate::sweep::{Form, Level, Literal, Range, Spacing, Values};
use crate::written::quantity::Kind;

/// Most values of one key.
const LEVELS_MAX: usize = 1_000_000;

/// A key and its text on the command line.
#[derive(Debug, Clone, Copy)]
pub(in crate::input) struct Source<'s> {
    pub(in crate::input) key: &'s str,
    pub(in crate::input) schema: View<'s>,
    /// The whole argument.
    pub(in crate::input) text: &'s str,
    pub(in crate::input) file: FileId,
    /// Whether points are sampled, so that a range need not be cut into values.
    pub(in crate::input) is_sampled: bool,
}

/// How a range is to be cut into values, and into how many.
type Cut = (Spacing, Option<usize>);

/// What stands between two commas.
enum Item {
    Levels(Vec<Level>),
    Range(Range),
}

/// Returns the values from byte `start` of the argument on.
///
/// # Errors
/// All problems of the values.
pub(in crate::input) fn parse(source: Source<'_>, start: usize) -> Result<(Option<Unit>, Values), Vec<Problem>> {
    let mut problems = Vec::new();
    let mut levels = Vec::new();
    let mut ranges = Vec::new();
    let mut at = start;
    for part in source.text[start..].split(',') {
        let lead = part.len() - part.trim_start().len();
        match source.item(part.trim(), at + lead) {
            Ok(Item::Levels(more)) => levels.extend(more),
            Ok(Item::Range(range)) => ranges.push((range, source.span(part.trim(), at + lead))),
            Err(problem) => problems.push(problem),
        }
        at += part.len() + 1;
    }
    if levels.len() > LEVELS_MAX {
        let message = format!("`{}` has {} values, more than {LEVELS_MAX}", source.key, levels.len());
        problems.push(Problem::error("sweep::too_many", source.span(&source.text[start..], start), message));
    }
    match ranges.as_slice() {
        [(_, at), ..] if ranges.len() > 1 || !levels.is_empty() => {
            let problem = Problem::error("sweep::mixed", *at, "a range without a number of values beside other values");
            problems.push(problem.help("append how many values: `lin 10` or `log 10`"));
        }
        _ => {}
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let values = ranges.pop().map_or_else(|| Values::List(levels), |(range, _)| Values::Range(range));
    Ok((source.form().map(unit_of), values))
}

impl Source<'_> {
    /// Returns what kind of number the values are; none for words.
    fn form(&self) -> Option<Form> {
        match self.schema.expected() {
            Expected::Quantity(kind) => Some(Form::Quantity(unit_of_kind(kind))),
            Expected::Integer | Expected::IntegerOrText => Some(Form::Integer),
            Expected::Number | Expected::NumberOrText => Some(Form::Number),
            Expected::Table
            | Expected::Array
            | Expected::Text
            | Expected::Choice
            | Expected::Boolean
            | Expected::Anything => None,
        }
    }

    fn span(&self, text: &str, at: usize) -> Span {
        self.file.span(at, at + text.len().max(1))
    }

    fn item(&self, text: &str, at: usize) -> Result<Item, Problem> {
        match self.form().filter(|_| text.contains("..")) {
            Some(form) => self.range(form, text, at),
            None => self.level(text, at).map(|level| Item::Levels(vec![level])),
        }
    }

    fn level(&self, text: &str, at: usize) -> Result<Level, Problem> {
        let literal = literal(self.form(), self.schema.expected(), text);
        let span = self.span(text, at);
        let node = Node::new(span, value_of(&literal));
        let not_whole = self.form() == Some(Form::Integer) && matches!(literal, Literal::Text(_));
        let fault =
            leaf::check(self.key, &node, self.schema, self.text).or_else(|| not_whole.then(|| whole(self.key, text)));
        if let Some(Fault { code, message, label, help }) = fault {
            return Err(Problem::error(format!("sweep::{code}"), span, message).label(label).help(help));
        }
        #[expect(clippy::cast_precision_loss, reason = "for axes of plots and columns of tables")]
        let number = match (&literal, self.form()) {
            (Literal::Text(text), Some(Form::Quantity(unit))) => unit.number(text).ok(),
            (Literal::Integer(integer), _) => Some(*integer as f64),
            (Literal::Float(float), _) => Some(*float),
            (Literal::Text(_) | Literal::Boolean(_), _) => None,
        };
        Ok(Level { text: text.to_owned(), literal, number })
    }

    fn range(&self, form: Form, text: &str, at: usize) -> Result<Item, Problem> {
        let span = self.span(text, at);
        let wrong =
            |message: String, help: &str| Problem::error("sweep::not_a_range", span, message).help(help.to_owned());
        let Some((low_text, rest)) = text.split_once("..=") else {
            let help = format!("write `{}`; both ends are included", text.replacen("..", "..=", 1));
            return Err(wrong(format!("`{text}` is not a range"), &help));
        };
        let (high_text, spacing) = split_spacing(rest).map_err(|word| {
            wrong(format!("`{word}` is not a number of values"), "write `lin 10` or `log 10`, from 2 values on")
        })?;
        let low = self.level(low_text.trim(), at)?;
        let high = self.level(high_text.trim(), at + low_text.len() + 3 + leading(high_text))?;
        let (Some(from), Some(to)) = (low.number, high.number) else {
            return Err(wrong(format!("`{text}` is not a range"), "write numbers at both ends"));
        };
        if to < from {
            let help = format!("write `{}..={}`", high.text, low.text);
            return Err(wrong(format!("the range `{text}` is empty"), &help));
        }
        if spacing.is_some_and(|(spacing, _)| spacing == Spacing::Logarithmic) && from <= 0.0 {
            let message = format!("`{}` is no start for a logarithmic range", low.text);
            return Err(wrong(message, "start above zero, or write `lin` instead of `log`"));
        }
        let range = |spacing| Range { low: from, high: to, spacing, form };
        match spacing {
            Some((spacing, Some(n))) => Ok(Item::Levels(cut(&range(spacing), &low, &high, n))),
            None if form == Form::Integer => all_integers(from, to).map(Item::Levels).ok_or_else(|| {
                wrong(format!("the range `{text}` has more than {LEVELS_MAX} values"), "cut it: `log 20` or `lin 20`")
            }),
            Some((spacing, None)) if self.is_sampled => Ok(Item::Range(range(spacing))),
            None if self.is_sampled => Ok(Item::Range(range(Spacing::Linear))),
            _ => {
                let message = format!("the range `{text}` does not say how many values");
                let (low, high) = (&low.text, &high.text);
                let help = format!(
                    "write `{low}..={high} log 10` (equal ratios) or `{low}..={high} lin 10` (equal steps); with \
                     --samples a range may do without"
                );
                Err(wrong(message, &help))
            }
        }
    }
}

fn leading(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// Splits ` log 10` off; the error is what should have been the number.
fn split_spacing(text: &str) -> Result<(&str, Option<Cut>), String> {
    for (word, spacing) in [(" log", Spacing::Logarithmic), (" lin", Spacing::Linear)] {
        let Some((value, rest)) = text.split_once(word) else { continue };
        let rest = rest.trim();
        if rest.is_empty() {
            return Ok((value, Some((spacing, None))));
        }
        let n = rest.parse().ok().filter(|n| (2..=LEVELS_MAX).contains(n));
        return n.map(|n| (value, Some((spacing, Some(n))))).ok_or_else(|| rest.to_owned());
    }
    Ok((text, None))
}

/// Returns `n` values from `low` to `high`; those of whole numbers that fall together count once.
fn cut(range: &Range, low: &Level, high: &Level, n: usize) -> Vec<Level> {
    #[expect(clippy::cast_precision_loss, reason = "at most a million values")]
    let share = |i: usize| i as f64 / (n - 1) as f64;
    let number = |share: f64| match range.spacing {
        Spacing::Linear => range.low + share * (range.high - range.low),
        Spacing::Logarithmic => range.low * maths::powf(range.high / range.low, share),
    };
    let between = (1..n - 1).map(|i| range.form.level(number(share(i))));
    let mut levels: Vec<Level> = std::iter::once(low.clone()).chain(between).chain([high.clone()]).collect();
    levels.dedup_by(|a, b| a.number == b.number);
    levels
}

fn all_integers(from: f64, to: f64) -> Option<Vec<Level>> {
    #[expect(clippy::cast_precision_loss, reason = "a limit")]
    if to - from >= LEVELS_MAX as f64 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "they come from integers")]
    let (from, to) = (from as i128, to as i128);
    #[expect(clippy::cast_precision_loss, reason = "they come from f64")]
    let level = |i: i128| Form::Integer.level(i as f64);
    Some((from..=to).map(level).collect())
}

fn literal(form: Option<Form>, expected: Expected, text: &str) -> Literal {
    let integer = || text.replace('_', "").parse().ok().map(Literal::Integer);
    let float = || text.replace('_', "").parse().ok().filter(|float: &f64| float.is_finite()).map(Literal::Float);
    let found = match form {
        Some(Form::Integer | Form::Number) => integer().or_else(float),
        None if expected == Expected::Boolean => text.parse().ok().map(Literal::Boolean),
        Some(Form::Quantity(_)) | None => None,
    };
    found.unwrap_or_else(|| Literal::Text(text.to_owned()))
}

/// Returns a value as a document tree holds it.
pub(in crate::input) fn value_of(literal: &Literal) -> Value {
    match literal {
        Literal::Text(text) => Value::Text(text.clone()),
        Literal::Integer(integer) => Value::Integer(*integer),
        Literal::Float(float) => Value::Float(*float),
        Literal::Boolean(boolean) => Value::Boolean(*boolean),
    }
}

fn whole(key: &str, text: &str) -> Fault {
    Fault {
        code: "wrong_type",
        message: format!("`{key}` is `{text}`, not a whole number"),
        label: "expected a whole number".to_owned(),
        help: "write numbers and ranges: `1, 2, 4..=8`".to_owned(),
    }
}

const fn unit_of(form: Form) -> Unit {
    match form {
        Form::Integer | Form::Number => Unit::One,
        Form::Quantity(unit) => unit,
    }
}

const fn unit_of_kind(kind: Kind) -> Unit {
    match kind {
        Kind::Time => Unit::Seconds,
        Kind::Bytes => Unit::Bytes,
        Kind::Bandwidth => Unit::BytesPerSecond,
        Kind::TimePerByte => Unit::SecondsPerByte,
        Kind::Speed => Unit::FlopsPerSecond,
    }
}
