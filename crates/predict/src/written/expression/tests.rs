//! Values of expressions, and what is said of those that have none.

use super::*;

/// Returns a value, or what is wrong with which part.
fn value(text: &str) -> Result<Measure, (String, String)> {
    let number = |value| Some(Measure { value, units: Units::NONE });
    let names = |name: &str| match name {
        "n" => number(1000.0),
        "ranks" => number(8.0),
        "not_a" => number(0.5),
        "t_flop" => Some(Measure { value: 2e-9, units: Units::TIME }),
        _ => None,
    };
    let shown = |fault: Fault| (text[fault.at].to_owned(), fault.message);
    Expression::parse(text).map_err(shown)?.value(&names).map_err(shown)
}

#[test]
fn expressions_are_read_as_in_mathematics() {
    let plain = [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 3 - 2", 5.0),
        ("12 / 2 / 3", 2.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("-2 ^ 2", -4.0),
        ("2 ^ -1", 0.5),
        ("- (1 - 3)", 2.0),
        ("7 % 4", 3.0),
        ("-1 % 8", 7.0),
        ("1.5e3", 1500.0),
        ("max(ranks - 1, 1)", 7.0),
        ("min(ranks, n) * ceil(n / 7)", 8.0 * 143.0),
        ("floor(2.7) + round(2.5) + sqrt(9) + log2(ranks)", 2.0 + 3.0 + 3.0 + 3.0),
        ("8 B * n / (1 B)", 8000.0),
        ("9^0.5", 3.0),
        ("-1 mod ranks", 7.0),
        ("2 mod 4 == 2", 1.0),
        ("1 < 2 and 2 <= 2 and 3 > 2 and 2 >= 2 and 1 != 2", 1.0),
        ("1 == 2 or 2 < 1", 0.0),
        ("not 1 == 2", 1.0),
        ("not 1 == 1 or 1", 1.0),
        ("1 or 0 and 0", 1.0),
        ("ranks == 8 or 1 / (ranks - 8)", 1.0),
        ("1 + (ranks > 3) * 2", 3.0),
        ("if(ranks > 3, 5, 1 / 0)", 5.0),
        ("if(0, 5, 6) + not_a", 6.5),
        ("side(12, 2, 0) * 10 + side(12, 2, 1)", 43.0),
    ];
    for (text, expected) in plain {
        assert_eq!(value(text), Ok(Measure { value: expected, units: Units::NONE }), "{text}");
    }
}

#[test]
fn units_are_those_of_the_parts() {
    // 8 B * 10^6 / 8; 2 ns * 2 * 10^9 / 8 = 0.5 s.
    assert_eq!(value("8 B * n^2 / ranks"), Ok(Measure { value: 1e6, units: Units::SIZE }));
    assert_eq!(value("t_flop * 2 * n^3 / ranks"), Ok(Measure { value: 0.5, units: Units::TIME }));
    assert_eq!(value("64 KiB"), Ok(Measure { value: 65536.0, units: Units::SIZE }));
    assert_eq!(value("1 MB / (10 ms)").map(|of| of.units.to_string()), Ok("a bandwidth".to_owned()));
    assert_eq!(value("10 ns / (1 B)").map(|of| of.units.to_string()), Ok("a time per byte".to_owned()));
}

#[test]
fn what_is_wrong_is_said_of_its_part() {
    let wrong = [
        ("", "", "it ends where a number, a name or `(` should be"),
        ("1 +", "+", "it ends where a number, a name or `(` should be"),
        ("* 3", "*", "`*` stands where a number, a name or `(` should be"),
        ("(1 + 2", "", "a parenthesis is not closed"),
        ("1 2", "2", "`2` stands where an operator such as `*` or the end should be"),
        ("n n", "n", "`n` stands where an operator such as `*` or the end should be"),
        ("2 n", "n", "`n` is no unit"),
        ("2 km", "km", "`km` is no unit"),
        ("1 + )", ")", "`)` stands where a number, a name or `(` should be"),
        ("1 + é", "é", "`é` stands where a number, a name or `(` should be"),
        ("1..2", ".", "`.` stands where an operator such as `*` or the end should be"),
        ("foo(1)", "foo", "there is no function `foo`"),
        ("max(1)", "max", "`max` takes 2 arguments, not 1"),
        ("log2(1, 2)", "log2", "`log2` takes 1 argument, not 2"),
        ("1 s + 1 B", "1 s + 1 B", "a time and a size do not go together"),
        ("max(1 s, 2)", "max(1 s, 2)", "a time and a number do not go together"),
        ("2 * (n / (ranks - 8))", "(n / (ranks - 8))", "it divides by zero"),
        ("n % (ranks - 8)", "n % (ranks - 8)", "it divides by zero"),
        ("q + 1", "q", "`q` stands for nothing"),
        ("8 B ^ 0.5", "8 B ^ 0.5", "a size has no such power"),
        ("2 ^ (1 s)", "2 ^ (1 s)", "a time is no exponent"),
        ("1 && 2", "&&", "there is no operator `&&`"),
        ("1 = 2", "=", "there is no operator `=`"),
        ("1 s < 2", "1 s < 2", "a time and a number do not go together"),
        ("mod", "m", "`m` stands where a number, a name or `(` should be"),
        ("n[", "[", "it ends where a number, a name or `(` should be"),
        ("n[1", "", "a bracket is not closed"),
        ("n[1]", "n[1]", "`n` is no list"),
        ("side(8, 2, 2)", "side(8, 2, 2)", "a grid has 1 to 3 dimensions, whose sides are counted from 0"),
        ("if(1, 2)", "if", "`if` takes 3 arguments, not 2"),
        ("floor(1 s)", "floor(1 s)", "this function takes a number, not a time"),
        ("sqrt(-1)", "sqrt(-1)", "-1 has no such function"),
        ("log2(0)", "log2(0)", "0 has no such function"),
        ("1e999", "1e999", "it is too large to count"),
        ("10 ^ 99 ^ 9", "10 ^ 99 ^ 9", "it is too large to count"),
    ];
    for (text, part, message) in wrong {
        assert_eq!(value(text), Err((part.to_owned(), message.to_owned())), "{text}");
    }
}

#[test]
fn expressions_that_are_too_long_or_deep_are_refused() {
    let depth = "(".repeat(60) + "1" + &")".repeat(60);
    assert_eq!(
        value(&depth).map_err(|(_, message)| message),
        Err("more than 50 parentheses within each other".to_owned())
    );
    let many = "1 + ".repeat(120) + "1";
    assert_eq!(value(&many).map_err(|(_, message)| message), Err("it is longer than 400 bytes".to_owned()));
    assert_eq!(value(&("-".repeat(300) + "1")), Ok(Measure { value: 1.0, units: Units::NONE }));
}

#[test]
fn names_are_found_with_their_places() {
    let expression = Expression::parse("n * max(m, -n)").expect("an expression");
    assert_eq!(expression.names(), [("n", 0..1), ("m", 8..9), ("n", 12..13)]);
}
