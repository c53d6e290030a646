//! Sweeps: many what-ifs of one scenario, as a plan of points that are computed in any order, anywhere.
//!
//! A *point* is the scenario with one value of each key that varies, at one rank count. What a point is depends on the
//! plan only; its result is kept under a hash of all that it depends on ([`point_key`]).

mod form;
pub mod plan;
pub mod point_key;
pub mod record;
pub mod rows;
pub mod tasks;

use dlpc_engine::maths;
use dlpc_engine::units::Unit;

/// A key that varies, and what it may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// Key path, for instance `machine.hosts.pi.nic.bandwidth`.
    pub key: String,
    /// What its numbers count; none if its values are words.
    pub unit: Option<Unit>,
    /// Its values.
    pub values: Values,
}

/// What a key may be.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// One of these, at least one.
    List(Vec<Level>),
    /// Anything between two values; for samples only.
    Range(Range),
}

/// All values between two.
#[derive(Debug, Clone, PartialEq)]
pub struct Range {
    /// Least value, in the unit of the axis.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// How they are spaced.
    pub spacing: Spacing,
    /// How a number becomes the text of a value.
    pub form: Form,
}

/// Where the values of a range lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spacing {
    /// With equal differences.
    Linear,
    /// With equal ratios; both ends are above zero.
    Logarithmic,
}

/// What kind of value a number stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A number with its unit.
    Quantity(Unit),
}

/// One value of a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// As it is written, for instance `100 Mbit/s`.
    pub text: String,
    /// As the file would hold it.
    pub literal: Literal,
    /// In the unit of the axis; none for words.
    pub number: Option<f64>,
}

/// A value as a TOML file holds it.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Text, also of quantities.
    Text(String),
    /// A whole number.
    Integer(i128),
    /// A number.
    Float(f64),
    /// True or false.
    Boolean(bool),
}

impl Axis {
    /// Returns whether the key is the rank count.
    #[must_use]
    pub fn is_ranks(&self) -> bool {
        self.key == RANKS
    }

    /// Returns the value at `share` of the way, from 0 up to but not including 1.
    #[must_use]
    pub fn at(&self, share: f64) -> Level {
        match &self.values {
            Values::List(levels) => {
                #[expect(
                    clippy::cast_precision_loss,
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "at most a million values"
                )]
                let i = (share * levels.len() as f64) as usize;
                levels[i.min(levels.len() - 1)].clone()
            }
            Values::Range(range) => range.form.level(range.number_at(share)),
        }
    }
}

impl Range {
    /// Returns the number at `share` of the way from the low to the high end.
    #[must_use]
    pub fn number_at(&self, share: f64) -> f64 {
        match (self.form, self.spacing) {
            // Each whole number has its own equal part of the way.
            (Form::Integer, Spacing::Linear) => {
                (self.low + share * (self.high - self.low + 1.0)).floor().min(self.high)
            }
            (_, Spacing::Linear) => self.low + share * (self.high - self.low),
            (_, Spacing::Logarithmic) => self.low * maths::powf(self.high / self.low, share),
        }
    }
}

/// The key of the rank count.
pub const RANKS: &str = "run.ranks";
