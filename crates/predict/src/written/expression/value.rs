//! Values of expressions.

use std::cmp::Ordering;

use dlpc_engine::maths;

use super::{Fault, Function, Kind, Measure, Names, Node, Operator, Units, grid};

impl Node {
    pub(super) fn value(&self, names: Names<'_>) -> Result<Measure, Fault> {
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
                Ok(truth(compares(operator, x.partial_cmp(&y).unwrap_or(Ordering::Equal))))
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

fn compares(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Unequal => order.is_ne(),
        _ => order.is_eq(),
    }
}

/// Returns a power by multiplication, which is the same on every machine.
fn whole_power(base: f64, exponent: i16) -> f64 {
    let power = (0..exponent.unsigned_abs()).fold(1.0, |power, _| power * base);
    if exponent < 0 { 1.0 / power } else { power }
}
