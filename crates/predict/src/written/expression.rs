//! Expressions in files: arithmetic over numbers, quantities and names, whose units are checked.

pub(crate) mod grid;
mod parse;

use std::cmp::Ordering;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use dlpc_engine::maths;

use self::parse::parse;

/// A number with its units, `s^seconds * B^bytes`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measure {
    pub(crate) value: f64,
    pub(crate) units: Units,
}

/// Powers of second and byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Units {
    pub(crate) seconds: i16,
    pub(crate) bytes: i16,
}

impl Units {
    pub(crate) const NONE: Self = Self { seconds: 0, bytes: 0 };
    pub(crate) const TIME: Self = Self { seconds: 1, bytes: 0 };
    pub(crate) const SIZE: Self = Self { seconds: 0, bytes: 1 };

    fn combined(self, other: Self, sign: i16) -> Self {
        Self {
            seconds: self.seconds.saturating_add(other.seconds.saturating_mul(sign)),
            bytes: self.bytes.saturating_add(other.bytes.saturating_mul(sign)),
        }
    }

    fn times(self, power: i16) -> Self {
        Self { seconds: self.seconds.saturating_mul(power), bytes: self.bytes.saturating_mul(power) }
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NONE => f.write_str("a number"),
            Self::TIME => f.write_str("a time"),
            Self::SIZE => f.write_str("a size"),
            Self { seconds: 1, bytes: -1 } => f.write_str("a time per byte"),
            Self { seconds: -1, bytes: 1 } => f.write_str("a bandwidth"),
            Self { seconds, bytes } => write!(f, "a quantity in s^{seconds} B^{bytes}"),
        }
    }
}

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Bytes of its text.
    pub(crate) at: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl Fault {
    fn new(at: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { at, message: message.into(), help: help.into() }
    }
}

/// An expression, and its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expression {
    text: Box<str>,
    root: Node,
}

/// A part of an expression, and which bytes of the text it is.
#[derive(Debug, Clone, PartialEq)]
struct Node {
    at: Range<usize>,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Constant(Measure),
    Name(Box<str>),
    Negative(Box<Node>),
    Not(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
    /// An entry of a list that has a name, counted from 0.
    Entry(Box<str>, Box<Node>),
    /// The same where the list is known.
    EntryOf(Arc<[Measure]>, Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
    Power,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    Unequal,
    And,
    Or,
}

/// A function, by its name in files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Min,
    Max,
    Floor,
    Ceil,
    Round,
    Sqrt,
    Log2,
    If,
    Side,
}

impl Function {
    const ALL: [(&str, Self); 9] = [
        ("min", Self::Min),
        ("max", Self::Max),
        ("floor", Self::Floor),
        ("ceil", Self::Ceil),
        ("round", Self::Round),
        ("sqrt", Self::Sqrt),
        ("log2", Self::Log2),
        ("if", Self::If),
        ("side", Self::Side),
    ];

    /// Returns how many arguments it takes.
    const fn n_arguments(self) -> usize {
        match self {
            Self::Min | Self::Max => 2,
            Self::Floor | Self::Ceil | Self::Round | Self::Sqrt | Self::Log2 => 1,
            Self::If | Self::Side => 3,
        }
    }
}

/// Returns what a name stands for.
pub(crate) type Names<'n> = &'n dyn Fn(&str) -> Option<Measure>;

/// Returns the list that a name stands for.
pub(crate) type Lists<'n> = &'n dyn Fn(&str) -> Option<Arc<[Measure]>>;

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first place that is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        Ok(Self { text: text.into(), root: parse(text)? })
    }

    /// Returns the expression that is one number.
    pub(crate) fn of_number(value: f64) -> Self {
        let text = value.to_string();
        let kind = Kind::Constant(Measure { value, units: Units::NONE });
        Self { root: Node { at: 0..text.len(), kind }, text: text.into() }
    }

    /// Returns the expression as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the names in it, in the order of the text, with their places.
    pub(crate) fn names(&self) -> Vec<(&str, Range<usize>)> {
        let mut names = Vec::new();
        self.root.names(&mut names);
        names
    }

    /// Returns the names of the lists in it, in the order of the text.
    pub(crate) fn lists(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.lists(&mut names);
        names
    }

    /// Returns the same with values in the place of names that are known, and of parts that have a value by then.
    pub(crate) fn folded(&self, names: Names<'_>, lists: Lists<'_>) -> Self {
        Self { text: self.text.clone(), root: self.root.folded(names, lists) }
    }

    /// Returns its value.
    ///
    /// # Errors
    /// Names that stand for nothing, units that do not fit, a division by zero, an entry that its list has not.
    pub(crate) fn value(&self, names: Names<'_>) -> Result<Measure, Fault> {
        self.root.value(names)
    }
}

impl Node {
    fn names<'n>(&'n self, names: &mut Vec<(&'n str, Range<usize>)>) {
        match &self.kind {
            Kind::Constant(_) => {}
            Kind::Name(name) => names.push((name, self.at.clone())),
            Kind::Negative(of) | Kind::Not(of) | Kind::Entry(_, of) | Kind::EntryOf(_, of) => of.names(names),
            Kind::Binary(_, left, right) => {
                left.names(names);
                right.names(names);
            }
            Kind::Call(_, arguments) => arguments.iter().for_each(|argument| argument.names(names)),
        }
    }

    fn lists<'n>(&'n self, lists: &mut Vec<&'n str>) {
        match &self.kind {
            Kind::Constant(_) | Kind::Name(_) => {}
            Kind::Entry(name, of) => {
                lists.push(name);
                of.lists(lists);
            }
            Kind::Negative(of) | Kind::Not(of) | Kind::EntryOf(_, of) => of.lists(lists),
            Kind::Binary(_, left, right) => {
                left.lists(lists);
                right.lists(lists);
            }
            Kind::Call(_, arguments) => arguments.iter().for_each(|argument| argument.lists(lists)),
        }
    }

    fn folded(&self, names: Names<'_>, lists: Lists<'_>) -> Self {
        if let Ok(measure) = self.value(names) {
            return Self { at: self.at.clone(), kind: Kind::Constant(measure) };
        }
        let inner = |of: &Self| Box::new(of.folded(names, lists));
        let kind = match &self.kind {
            Kind::Constant(_) | Kind::Name(_) => self.kind.clone(),
            Kind::Negative(of) => Kind::Negative(inner(of)),
            Kind::Not(of) => Kind::Not(inner(of)),
            Kind::Binary(operator, left, right) => Kind::Binary(*operator, inner(left), inner(right)),
            Kind::Call(function, arguments) => {
                Kind::Call(*function, arguments.iter().map(|argument| argument.folded(names, lists)).collect())
            }
            Kind::Entry(name, of) => match lists(name) {
                Some(list) => Kind::EntryOf(list, inner(of)),
                None => Kind::Entry(name.clone(), inner(of)),
            },
            Kind::EntryOf(list, of) => Kind::EntryOf(Arc::clone(list), inner(of)),
        };
        Self { at: self.at.clone(), kind }
    }

    fn value(&self, names: Names<'_>) -> Result<Measure, Fault> {
        let measure = match &self.kind {
            Kind::Constant(measure) => *measure,
            Kind::Name(name) => names(name).ok_or_else(|| self.fault(format!("`{name}` stands for nothing"), ""))?,
            Kind::Negative(of) => {
                let Measure { value, units } = of.value(names)?;
                Measure { value: -value, units }
            }
            Kind::Not(of) => truth(!of.is_true(names)?),
            Kind::Binary(Operator::And, left, right) => truth(left.is_true(names)? && right.is_true(names)?),
            Kind::Binary(Operator::Or, left, right) => truth(left.is_true(names)? || right.is_true(names)?),
            Kind::Binary(operator, left, right) => {
                let (left, right) = (left.value(names)?, right.value(names)?);
                self.combined(*operator, left, right)?
            }
            Kind::Call(Function::If, arguments) => {
                arguments[if arguments[0].is_true(names)? { 1 } else { 2 }].value(names)?
            }
            Kind::Entry(name, _) => return Err(self.fault(format!("`{name}` is no list"), "")),
            Kind::EntryOf(list, of) => self.entry(list, of.value(names)?)?,
            Kind::Call(function, arguments) => {
                let values: Result<Vec<Measure>, Fault> =
                    arguments.iter().map(|argument| argument.value(names)).collect();
                self.applied(*function, &values?)?
            }
        };
        if measure.value.is_finite() { Ok(measure) } else { Err(self.fault("it is too large to count", "")) }
    }

    fn combined(&self, operator: Operator, left: Measure, right: Measure) -> Result<Measure, Fault> {
        let (x, y) = (left.value, right.value);
        match operator {
            Operator::Plus => Ok(Measure { value: x + y, units: self.same(left, right)? }),
            Operator::Minus => Ok(Measure { value: x - y, units: self.same(left, right)? }),
            Operator::Times => Ok(Measure { value: x * y, units: left.units.combined(right.units, 1) }),
            Operator::Over | Operator::Modulo if y == 0.0 => {
                Err(self.fault("it divides by zero", "write for instance max(ranks - 1, 1) below the line"))
            }
            Operator::Over => Ok(Measure { value: x / y, units: left.units.combined(right.units, -1) }),
            Operator::Modulo => Ok(Measure { value: x.rem_euclid(y), units: self.same(left, right)? }),
            Operator::Power => self.power(left, right),
            _ => {
                self.same(left, right)?;
                Ok(truth(compares(operator, x.total_cmp(&y), x == y)))
            }
        }
    }

    /// Returns whether it holds: any number but zero does.
    fn is_true(&self, names: Names<'_>) -> Result<bool, Fault> {
        let Measure { value, units } = self.value(names)?;
        if units == Units::NONE {
            return Ok(value != 0.0);
        }
        Err(self.fault(format!("{units} neither holds nor does not"), "compare it, for instance with `> 0 B`"))
    }

    /// Returns an entry of a list, counted from 0.
    fn entry(&self, list: &[Measure], at: Measure) -> Result<Measure, Fault> {
        let Measure { value, units } = at;
        let n = list.len();
        if units != Units::NONE || value.fract() != 0.0 {
            return Err(self.fault(format!("{value} is no place in a list"), "write a whole number, counted from 0"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative, and compared")]
        let entry = (value >= 0.0).then(|| list.get(value as usize)).flatten();
        let help = format!("its entries are 0 to {}; `mod {n}` starts over", n - 1);
        entry.copied().ok_or_else(|| self.fault(format!("the list has no entry {value}"), help))
    }

    fn power(&self, base: Measure, exponent: Measure) -> Result<Measure, Fault> {
        if exponent.units != Units::NONE {
            return Err(self.fault(format!("{} is no exponent", exponent.units), "write a number after `^`"));
        }
        let whole = exponent.value.round();
        let is_small = whole.abs() <= 100.0;
        if whole.total_cmp(&exponent.value).is_eq() && is_small {
            #[expect(clippy::cast_possible_truncation, reason = "at most 100")]
            let whole = whole as i16;
            return Ok(Measure { value: whole_power(base.value, whole), units: base.units.times(whole) });
        }
        if base.units != Units::NONE {
            return Err(self.fault(format!("{} has no such power", base.units), "write a whole number after `^`"));
        }
        Ok(Measure { value: maths::powf(base.value, exponent.value), units: Units::NONE })
    }

    fn applied(&self, function: Function, arguments: &[Measure]) -> Result<Measure, Fault> {
        let first = arguments[0];
        let plain = |value: f64| {
            if first.units == Units::NONE {
                Ok(Measure { value, units: Units::NONE })
            } else {
                Err(self
                    .fault(format!("this function takes a number, not {}", first.units), "divide by a quantity of 1"))
            }
        };
        match function {
            Function::Min => {
                Ok(Measure { value: first.value.min(arguments[1].value), units: self.same(first, arguments[1])? })
            }
            Function::Max => {
                Ok(Measure { value: first.value.max(arguments[1].value), units: self.same(first, arguments[1])? })
            }
            Function::Floor => plain(first.value.floor()),
            Function::Ceil => plain(first.value.ceil()),
            Function::Round => plain(first.value.round()),
            Function::Sqrt | Function::Log2
                if first.value < 0.0 || (function == Function::Log2 && first.value == 0.0) =>
            {
                Err(self.fault(format!("{} has no such function", first.value), ""))
            }
            Function::Sqrt => plain(first.value.sqrt()),
            Function::Log2 => plain(maths::log2(first.value)),
            Function::Side => self.side(arguments),
            Function::If => Ok(first),
        }
    }

    /// Returns how many ranks there are along a side of the grid that is as near to a square as it can be.
    fn side(&self, arguments: &[Measure]) -> Result<Measure, Fault> {
        let whole = |measure: Measure, most: f64| {
            let is_whole = measure.units == Units::NONE && measure.value.fract() == 0.0;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
            (is_whole && (0.0..=most).contains(&measure.value)).then_some(measure.value as u32)
        };
        let [n, dimensions, side] =
            [(arguments[0], 1e9), (arguments[1], 3.0), (arguments[2], 2.0)].map(|(of, most)| whole(of, most));
        match (n, dimensions, side) {
            (Some(n @ 1..), Some(dimensions @ 1..), Some(side)) if side < dimensions => {
                let value = f64::from(grid::sides(n, dimensions)[side as usize]);
                Ok(Measure { value, units: Units::NONE })
            }
            _ => Err(self.fault(
                "a grid has 1 to 3 dimensions, whose sides are counted from 0",
                "write for instance side(ranks, 2, 0)",
            )),
        }
    }

    /// Returns the units of two values that are added or compared.
    fn same(&self, left: Measure, right: Measure) -> Result<Units, Fault> {
        if left.units == right.units {
            return Ok(left.units);
        }
        Err(self.fault(format!("{} and {} do not go together", left.units, right.units), "give both the same unit"))
    }

    fn fault(&self, message: impl Into<String>, help: impl Into<String>) -> Fault {
        Fault::new(self.at.clone(), message, help)
    }
}

/// Returns 1 for what holds, 0 for what does not.
fn truth(holds: bool) -> Measure {
    Measure { value: holds.into(), units: Units::NONE }
}

fn compares(operator: Operator, order: Ordering, is_equal: bool) -> bool {
    match operator {
        Operator::Less => order.is_lt() && !is_equal,
        Operator::LessOrEqual => order.is_lt() || is_equal,
        Operator::Greater => order.is_gt() && !is_equal,
        Operator::GreaterOrEqual => order.is_gt() || is_equal,
        Operator::Unequal => !is_equal,
        _ => is_equal,
    }
}

/// Returns a power by multiplication, which is the same on every machine.
fn whole_power(base: f64, exponent: i16) -> f64 {
    let power = (0..exponent.unsigned_abs()).fold(1.0, |power, _| power * base);
    if exponent < 0 { 1.0 / power } else { power }
}

#[cfg(test)]
mod tests;
