//! 95 % intervals of fitted values, as far as predictions draw from them.

use dlpc_engine::machine::{Kernel, Kernels};
use dlpc_engine::units::{Quantity, SimDuration};

use crate::diagnostic::{Diagnostics, Problem};
use crate::input::toml::leaf;
use crate::input::toml::spanned::{Keyed, Spanned};
use crate::written::quantity;

/// Half-width of a 95 % interval of a normal distribution, in standard deviations.
pub(in crate::input) const HALF_WIDTH_SIGMAS: f64 = 1.96;
/// Largest relative standard error, as the largest sigma of noise.
const RELATIVE_MAX: f64 = 2.0;

/// Returns the relative standard error of each kernel's cost ([`Kernel::ALL`] order); zero where no interval is given.
///
/// Intervals of other values are kept in the provenance and not looked at here.
pub(in crate::input) fn cost_sigma(
    raw: &Keyed<Spanned<[String; 2]>>,
    kernels: &Kernels,
    diagnostics: &mut Diagnostics,
) -> [f64; Kernel::ALL.len()] {
    let mut sigma = [0.0; Kernel::ALL.len()];
    for (key, bounds) in &raw.0 {
        if let Some((kernel, cost)) = kernel_of(&key.value, kernels)
            && let Some(relative) = relative_error(&key.value, bounds, cost, diagnostics)
        {
            sigma[kernel as usize] = relative;
        } else if key.value.starts_with("kernels.") && kernel_of(&key.value, kernels).is_none() {
            diagnostics.push(unknown("an interval", key, kernels));
        }
    }
    sigma
}

/// Puts the relative standard error of each kernel that has one into `sigma` ([`Kernel::ALL`] order).
pub(in crate::input) fn standard_errors(
    raw: &Keyed<Spanned<String>>,
    kernels: &Kernels,
    sigma: &mut [f64; Kernel::ALL.len()],
    diagnostics: &mut Diagnostics,
) {
    for (key, text) in &raw.0 {
        let Some((kernel, cost)) = kernel_of(&key.value, kernels) else {
            diagnostics.push(unknown("a standard error", key, kernels));
            continue;
        };
        match SimDuration::parse(&text.value) {
            Ok(error) if relative_to(error, cost) <= RELATIVE_MAX => sigma[kernel as usize] = relative_to(error, cost),
            Ok(error) => {
                let message =
                    format!("the standard error of `{}`, {error}, is too large for its value, {cost}", key.value);
                let most = cost.scaled_by(RELATIVE_MAX);
                let problem = Problem::error("machine::out_of_range", text.span, message);
                diagnostics.push(problem.help(format!("at most {most}; measure this cost before you use it")));
            }
            Err(error) => {
                let code = format!("machine::{}", quantity::code(&error));
                let message = format!("the standard error of `{}`: {error}", key.value);
                diagnostics.push(Problem::error(code, text.span, message).help(error.help()));
            }
        }
    }
}

fn unknown(what: &str, key: &Spanned<String>, kernels: &Kernels) -> Problem {
    let message = format!("{what} for `{}`, which the model does not have", key.value);
    let problem = Problem::error("machine::unknown_interval", key.span, message).help(known(kernels));
    let names: Vec<_> = kernels.costs().map(|(costed, _)| costed.key).collect();
    match leaf::nearest(&key.value, &names) {
        Some(name) => problem.label(format!("did you mean `{name}`?")),
        None => problem,
    }
}

/// Returns a standard error over the cost; zero for a cost of zero.
pub(crate) fn relative_to(error: SimDuration, cost: SimDuration) -> f64 {
    if cost == SimDuration::ZERO { 0.0 } else { error.as_seconds() / cost.as_seconds() }
}

/// Returns the kernel that a key path names, and its cost.
fn kernel_of(path: &str, kernels: &Kernels) -> Option<(Kernel, SimDuration)> {
    kernels.costs().find(|(costed, _)| costed.key == path).map(|(costed, cost)| (costed.kernel, cost))
}

fn known(kernels: &Kernels) -> String {
    let names: Vec<String> = kernels.costs().map(|(costed, _)| format!("`{}`", costed.key)).collect();
    format!("predictions use the intervals of {}", names.join(", "))
}

fn relative_error(
    path: &str,
    bounds: &Spanned<[String; 2]>,
    cost: SimDuration,
    diagnostics: &mut Diagnostics,
) -> Option<f64> {
    let [low, high] = bounds.value.each_ref().map(|text| SimDuration::parse(text));
    let (low, high) = match (low, high) {
        (Ok(low), Ok(high)) => (low, high),
        (Err(error), _) | (_, Err(error)) => {
            let code = format!("machine::{}", quantity::code(&error));
            let message = format!("the interval of `{path}`: {error}");
            diagnostics.push(Problem::error(code, bounds.span, message).help(error.help()));
            return None;
        }
    };
    if low > cost || cost > high {
        let message = format!("the interval of `{path}`, {low} to {high}, does not hold its value, {cost}");
        let problem = Problem::error("machine::out_of_range", bounds.span, message);
        diagnostics.push(problem.help("write the lower bound, then the upper bound, with the value between them"));
        return None;
    }
    let relative = relative_sigma(low, high, cost);
    if relative > RELATIVE_MAX {
        let message = format!("the interval of `{path}`, {low} to {high}, is too wide for its value, {cost}");
        let problem = Problem::error("machine::out_of_range", bounds.span, message);
        let most = cost.scaled_by(2.0 * HALF_WIDTH_SIGMAS * RELATIVE_MAX);
        diagnostics.push(problem.help(format!("an interval can be {most} wide; measure this cost before you use it")));
        return None;
    }
    Some(relative)
}

/// Returns the relative standard error that a 95 % interval means; zero for a cost of zero.
pub(crate) fn relative_sigma(low: SimDuration, high: SimDuration, cost: SimDuration) -> f64 {
    if cost == SimDuration::ZERO {
        return 0.0;
    }
    let half_width = high.saturating_sub(low).as_seconds() / 2.0;
    half_width / HALF_WIDTH_SIGMAS / cost.as_seconds()
}
