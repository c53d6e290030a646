//! Names in expressions: which there are, and which can be used where.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, Problem, Span};
use crate::workload::custom::described::{Custom, RANK, RANKS};
use crate::workload::custom::phase::Scope;
use crate::workload::custom::{ALONG, TO};
use crate::written::Spanned;
use crate::written::expression::{Expression, Measure, Units};
use crate::written::number::NumberOrText;

/// Names that have a meaning of their own.
const RESERVED: [&str; 4] = [RANKS, RANK, TO, ALONG];

/// Names that the file gives to something, with that.
type Written<T> = [(Spanned<String>, Spanned<T>)];

/// Returns the parameters, or none if there is a problem.
pub(super) fn parameters(
    written: &Written<NumberOrText>,
    diagnostics: &mut Diagnostics,
) -> Option<BTreeMap<String, Measure>> {
    read(written, "parameter", measure, diagnostics)
}

/// Returns the lists, or none if there is a problem.
pub(super) fn lists(
    written: &Written<Vec<NumberOrText>>,
    diagnostics: &mut Diagnostics,
) -> Option<BTreeMap<String, Arc<[Measure]>>> {
    let list = |raw: &Vec<NumberOrText>, span, diagnostics: &mut Diagnostics| {
        if raw.is_empty() {
            diagnostics.push(Problem::error("scenario::parameter", span, "the list has no entries"));
            return None;
        }
        raw.iter().map(|one| measure(one, span, diagnostics)).collect::<Vec<_>>().into_iter().collect()
    };
    read(written, "list", list, diagnostics)
}

fn read<T, V>(
    written: &Written<T>,
    what: &str,
    value: impl Fn(&T, Span, &mut Diagnostics) -> Option<V>,
    diagnostics: &mut Diagnostics,
) -> Option<BTreeMap<String, V>> {
    let one = |(name, raw): &(Spanned<String>, Spanned<T>)| {
        let is_name = check_name(name, what, diagnostics);
        let value = value(&raw.value, raw.span, diagnostics);
        is_name.and(value).map(|value| (name.value.clone(), value))
    };
    written.iter().map(one).collect::<Vec<_>>().into_iter().collect()
}

/// Returns the variable of a repeat, or none if it cannot be one.
pub(super) fn variable(name: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<Box<str>> {
    check_name(name, "variable", diagnostics)?;
    Some(name.value.as_str().into())
}

fn check_name(name: &Spanned<String>, what: &str, diagnostics: &mut Diagnostics) -> Option<()> {
    let is_name = Expression::parse(&name.value).is_ok_and(|of| of.names().len() == 1 && of.names()[0].0 == name.value);
    if is_name && !RESERVED.contains(&name.value.as_str()) {
        return Some(());
    }
    let message = format!("`{}` cannot be the name of a {what}", name.value);
    let help =
        "write letters, digits and `_`, first a letter; `ranks`, `rank`, `to` and `along` have a meaning already";
    diagnostics.push(Problem::error("scenario::parameter", name.span, message).help(help));
    None
}

/// Returns the value of a parameter.
fn measure(raw: &NumberOrText, span: Span, diagnostics: &mut Diagnostics) -> Option<Measure> {
    let text = match raw {
        NumberOrText::Number(value) => return Some(Measure { value: *value, units: Units::NONE }),
        NumberOrText::Text(text) => text,
    };
    let measure = Expression::parse(text).and_then(|of| of.value(&|_| None));
    let fault = |fault: crate::written::expression::Fault| {
        let message = format!("`{text}` is no number or quantity: {}", fault.message);
        let help = "write for instance 8192 or \"1.5 ns\"; parameters do not use each other";
        diagnostics.push(Problem::error("scenario::parameter", span, message).help(help));
    };
    measure.map_err(fault).ok()
}

/// Reports names in expressions that stand for nothing there, and parameters that none uses.
pub(super) fn check<'w>(
    custom: &Custom,
    written: impl Iterator<Item = &'w Spanned<String>>,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let mut used: Vec<String> = Vec::new();
    let mut is_good = true;
    let mut report = |problem: Option<Problem>| {
        is_good &= problem.is_none();
        if let Some(problem) = problem {
            diagnostics.push(problem);
        }
    };
    custom.for_each_expression(&mut |of, span, scope, variables| {
        for (name, _) in of.names() {
            used.push(name.to_owned());
            report(value_problem(custom, name, span, scope, variables));
        }
        for name in of.lists() {
            used.push(name.to_owned());
            report(list_problem(custom, name, span));
        }
    });
    for name in written.filter(|name| !used.contains(&name.value)) {
        let message = format!("no expression uses the parameter `{}`", name.value);
        diagnostics.push(Problem::warning("scenario::unused_parameter", name.span, message));
    }
    is_good.then_some(())
}

fn value_problem(custom: &Custom, name: &str, span: Span, scope: Scope, variables: &[&str]) -> Option<Problem> {
    let own = match scope {
        Scope::Own(own) => &[RANK, own][..],
        Scope::OfRank => &[RANK],
        Scope::Common => &[],
    };
    let parameters = custom.parameters.keys().map(String::as_str);
    let known: Vec<&str> =
        parameters.chain([RANKS]).chain(own.iter().copied()).chain(variables.iter().copied()).collect();
    if known.contains(&name) {
        return None;
    }
    let (message, help) = if custom.lists.contains_key(name) {
        (format!("`{name}` is a list"), format!("write which entry, for instance `{name}[rank]`, counted from 0"))
    } else if name == RANK {
        let message = format!("`{RANK}` cannot stand here: all ranks have to agree on it");
        (message, "sizes of their own for each rank have gatherv, scatterv, allgatherv and alltoallv".to_owned())
    } else if name == TO || name == ALONG {
        let only = if name == TO { "the bytes of `alltoallv`" } else { "the bytes of `halo`" };
        (format!("`{name}` cannot stand here"), format!("only {only} can use it"))
    } else {
        let others = "others stand in `workload.custom.parameters`, or are the `variable` of a repeat around it";
        (format!("`{name}` stands for nothing"), help(name, &known, others))
    };
    Some(Problem::error("scenario::unknown_name", span, message).help(help))
}

fn list_problem(custom: &Custom, name: &str, span: Span) -> Option<Problem> {
    let known: Vec<&str> = custom.lists.keys().map(String::as_str).collect();
    if known.contains(&name) {
        return None;
    }
    let others = "a list stands in `workload.custom.lists`, for instance `load = [1, 1, 2]`";
    let message = format!("`{name}` is no list");
    Some(Problem::error("scenario::unknown_name", span, message).help(help(name, &known, others)))
}

fn help(name: &str, known: &[&str], others: &str) -> String {
    let near = known.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 1 + name.len() / 4);
    match near {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => others.to_owned(),
        None => format!("known are {}; {others}", known.join(", ")),
    }
}
