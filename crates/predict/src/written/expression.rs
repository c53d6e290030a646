//! Expressions in files: arithmetic over numbers, quantities and names, whose units are checked.

pub(crate) mod grid;
mod parse;
mod value;

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

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
}

#[cfg(test)]
mod tests;
