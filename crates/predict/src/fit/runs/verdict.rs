//! From the solution to the machine model, its intervals, and what is to be said of them.

use std::collections::BTreeMap;

use dlpc_engine::machine::{COSTED, Costed, MachineModel, Noise};
use dlpc_engine::stats;

use super::costs::KernelCosts;
use super::linear::Solution;
use super::parameters::Parameter;
use super::{FittedRun, MeasuredProgram, Point, RunsFit, RunsOptions, Scatter};
use crate::fit::statistics::intervals::t_975;
use crate::fit::values::{duration, ratio_of, rounded, values};
use crate::fit::{Fit, residuals};
use crate::input;

/// Largest standard error and half-width of an interval, relative to the cost: above, nothing is known of it.
const ERROR_MAX: f64 = 1.5;
const HALF_WIDTH_MAX: f64 = 3.5;
/// Digits of a standard error.
const ERROR_DIGITS: usize = 4;
/// Mean absolute error of a measurement above which the fit is called poor.
const POOR_MEAN: f64 = 0.05;

/// 95 % intervals and standard errors by key path, in seconds.
type Intervals = BTreeMap<String, (f64, f64)>;
type Errors = BTreeMap<String, f64>;

/// All that was found.
pub(super) struct Evidence<'a> {
    pub(super) programs: &'a [MeasuredProgram],
    pub(super) points: &'a [Point],
    pub(super) parameters: &'a [Parameter],
    pub(super) solution: &'a Solution,
    pub(super) scatter: &'a Scatter,
    pub(super) noise: &'a Noise,
    /// Noise of ranks that repeated runs determine, by kernel.
    pub(super) told: &'a [Option<f64>; COSTED.len()],
    /// Effects of each kernel at the fitted costs.
    pub(super) effects: &'a [Vec<f64>],
    /// Makespans at the fitted costs without noise, which is taken off `points`, too.
    pub(super) fitted_s: &'a [f64],
    /// What noise makes of each makespan: a factor.
    pub(super) stretch: &'a [f64],
    /// How far the costs were drawn towards one factor on the prior.
    pub(super) drawn: f64,
}

/// Returns the fitted model and everything that a reader needs to judge it.
pub(super) fn verdict(evidence: &Evidence<'_>, costs: &KernelCosts, options: &RunsOptions<'_>) -> RunsFit {
    let mut warnings = missing(evidence, options);
    warnings.extend(drawn(evidence, options));
    let (intervals, standard_errors) = intervals(evidence, costs, &mut warnings);
    let machine = machine(evidence, costs, &standard_errors, options);
    let runs = runs(evidence);
    let residuals = residuals_of(evidence, &runs);
    warnings.extend(doubts(&runs, &residuals));
    let (identified_by, kept) = sources(evidence, options);
    let scatter = evidence.programs.iter().zip(&evidence.scatter.relative);
    let mut ranks: Vec<u32> = evidence.points.iter().map(|point| point.ranks).collect();
    ranks.sort_unstable();
    ranks.dedup();
    RunsFit {
        scatter: scatter.map(|(program, scatter)| (program.file.clone(), *scatter)).collect(),
        fit: Fit {
            machine,
            title: options.title.clone(),
            intervals,
            standard_errors,
            identified_by,
            assumed: BTreeMap::new(),
            residuals,
            segments: BTreeMap::new(),
            warnings,
            kept_from_prior: kept,
            n_launches: 0,
            n_samples: runs.len(),
        },
        runs,
        ranks,
    }
}

fn machine(
    evidence: &Evidence<'_>,
    costs: &KernelCosts,
    standard_errors: &BTreeMap<String, f64>,
    options: &RunsOptions<'_>,
) -> MachineModel {
    let mut machine = MachineModel { name: options.name.clone(), ..options.prior.clone() };
    machine.kernels = costs.kernels();
    machine.noise.clone_from(evidence.noise);
    for (Costed { kernel, key, .. }, cost) in COSTED.into_iter().zip(costs.seconds) {
        if let Some(error) = standard_errors.get(key) {
            machine.noise.cost_sigma[kernel as usize] = input::relative_to(rounded(*error), duration(cost));
        }
    }
    machine
}

/// Returns the 95 % interval and the standard error of each fitted cost, in seconds.
///
/// Costs that are fitted as one get errors such that independent draws scatter their sum as far as it is unknown.
fn intervals(evidence: &Evidence<'_>, costs: &KernelCosts, warnings: &mut Vec<String>) -> (Intervals, Errors) {
    let (mut intervals, mut errors) = (BTreeMap::new(), BTreeMap::new());
    for (j, parameter) in evidence.parameters.iter().enumerate() {
        let (error, quantile) = standard_error(evidence, j);
        let sum: f64 = parameter.kernels.iter().map(|(_, base)| base).sum();
        let norm = parameter.kernels.iter().map(|(_, base)| base.powi(2)).sum::<f64>().sqrt();
        for (kernel, base) in &parameter.kernels {
            let (key, cost) = (COSTED[*kernel].key, costs.seconds[*kernel]);
            let error = error * sum / norm * base;
            let most = ERROR_MAX * cost;
            if most < error && cost > 0.0 {
                warnings.push(format!(
                    "the runs hardly determine `{key}`: fit more rank counts, or smaller and larger ones"
                ));
            }
            errors.insert(key.to_owned(), ratio_of(if cost > 0.0 { error.min(most) } else { error }, ERROR_DIGITS));
            // A cost is not negative, and a reader takes no interval that is far wider than its value.
            let half_width = quantile * if cost > 0.0 { error.min(most) } else { error };
            let half_width = if cost > 0.0 { half_width.min(HALF_WIDTH_MAX * cost) } else { half_width };
            intervals.insert(key.to_owned(), ((cost - half_width).max(0.0), cost + half_width));
        }
    }
    (intervals, errors)
}

/// Returns the standard error of a factor, and Student's t for its 95 % interval.
///
/// Degrees of freedom by Satterthwaite, "An Approximate Distribution of Estimates of Variance Components" (1946): the
/// reading error is known, the scatter of each measurement is found from its runs less what the fit takes of them.
fn standard_error(evidence: &Evidence<'_>, parameter: usize) -> (f64, f64) {
    standard_error_of(evidence.solution, evidence.scatter, evidence.points, parameter)
}

/// As [`standard_error`], for any fit.
pub(super) fn standard_error_of(
    solution: &Solution,
    scatter: &Scatter,
    points: &[Point],
    parameter: usize,
) -> (f64, f64) {
    let sigmas_s = scatter.sigmas_s(points);
    let per_square = |i: usize| solution.gain[(parameter, i)].powi(2) / solution.weights[i];
    let variance: f64 = (0..points.len()).map(|i| per_square(i) * sigmas_s[i].powi(2)).sum();
    let of_program = |program: usize| {
        let inside = |i: &usize| points[*i].program == program;
        let of_scatter = |i: usize| per_square(i) * (scatter.relative[program] * points[i].measured_s).powi(2);
        let part: f64 = (0..points.len()).filter(inside).map(of_scatter).sum();
        part.powi(2) / scatter.freedom(program, solution, points)
    };
    let squares: f64 = (0..scatter.relative.len()).map(of_program).sum();
    let freedom = (variance.powi(2) / squares.max(f64::MIN_POSITIVE)).clamp(1.0, 1e3);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to 1000")]
    let quantile = t_975(freedom.floor() as usize);
    (variance.sqrt(), quantile)
}

fn runs(evidence: &Evidence<'_>) -> Vec<FittedRun> {
    let sigmas_s = evidence.scatter.sigmas_s(evidence.points);
    let run = |(i, point): (usize, &Point)| {
        let stretch = evidence.stretch[i];
        FittedRun {
            file: evidence.programs[point.program].file.clone(),
            ranks: point.ranks,
            measured_s: stretch * point.measured_s,
            reading_error_s: stretch * point.reading_error_s,
            fitted_s: stretch * evidence.fitted_s[i],
            sigma_s: stretch * sigmas_s[i],
            weight: evidence.solution.weights[i],
            is_outlier: evidence.scatter.is_outlier[i],
        }
    };
    evidence.points.iter().enumerate().map(run).collect()
}

fn residuals_of(evidence: &Evidence<'_>, runs: &[FittedRun]) -> BTreeMap<String, residuals::Residual> {
    let of_program = |program: &MeasuredProgram| {
        let own: Vec<&FittedRun> = runs.iter().filter(|run| run.file == program.file).collect();
        let errors: Vec<f64> = own.iter().map(|run| run.fitted_s / run.measured_s - 1.0).collect();
        // As `compare` has it: repeated runs count once, as their median.
        let mut by_ranks: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for run in own {
            by_ranks.entry(run.ranks).or_default().push(run.measured_s / run.fitted_s);
        }
        let absolute: Vec<f64> =
            by_ranks.into_values().map(|ratios| (1.0 / stats::median(&ratios) - 1.0).abs()).collect();
        (program.file.clone(), residuals::residual(&errors).with_absolute(&absolute))
    };
    evidence.programs.iter().map(of_program).collect()
}

/// Returns what is to be said of costs that were drawn towards one factor on the prior.
fn drawn(evidence: &Evidence<'_>, options: &RunsOptions<'_>) -> Option<String> {
    let prior = &options.prior.name;
    let text = match evidence.drawn {
        share if share <= 0.0 => return None,
        share if share < 1.0 => format!(
            "the runs hardly separate the costs: they are drawn {:.0} % of the way to those of `{prior}` times one \
             factor, which fits as well",
            100.0 * share
        ),
        _ => format!(
            "the runs do not separate the costs: they are those of `{prior}` times one factor, which fits as well"
        ),
    };
    Some(format!("{text}; fit more rank counts, or more runs of each"))
}

fn doubts(runs: &[FittedRun], residuals: &BTreeMap<String, residuals::Residual>) -> Vec<String> {
    let outliers = runs.iter().filter(|run| run.is_outlier).map(|run| {
        format!(
            "{}: the run on {} ranks took {:+.1} % against the fit, {:.1} standard deviations: it counts little",
            run.file,
            run.ranks,
            100.0 * (run.measured_s / run.fitted_s - 1.0),
            (run.measured_s - run.fitted_s).abs() / run.sigma_s
        )
    });
    let poor = residuals.iter().filter(|(_, residual)| residual.mean_absolute > POOR_MEAN).map(|(file, residual)| {
        format!(
            "poor fit: the model's times of {file} are {:.1} % off in the mean (mean absolute error): is the prior that of \
             the cluster, and the scenario that of the program?",
            100.0 * residual.mean_absolute
        )
    });
    outliers.chain(poor).collect()
}

/// Returns a warning for each rank count that is missing from a measurement.
fn missing(evidence: &Evidence<'_>, options: &RunsOptions<'_>) -> Vec<String> {
    let of_program = |(i, program): (usize, &MeasuredProgram)| {
        let has = |ranks: &u32| evidence.points.iter().any(|point| point.program == i && point.ranks == *ranks);
        let missing: Vec<String> = options.ranks.iter().filter(|ranks| !has(ranks)).map(ToString::to_string).collect();
        (!missing.is_empty()).then(|| format!("{} has no run on {} ranks", program.file, missing.join(", ")))
    };
    evidence.programs.iter().enumerate().filter_map(of_program).collect()
}

/// Returns which measurements determine each fitted value, and what is kept from the prior.
fn sources(evidence: &Evidence<'_>, options: &RunsOptions<'_>) -> (BTreeMap<String, String>, Vec<String>) {
    let files = |kernel: usize| {
        let tells = |program: usize| {
            let own = |(point, effect): (&Point, &f64)| point.program == program && effect.abs() > f64::EPSILON;
            evidence.points.iter().zip(&evidence.effects[kernel]).any(own)
        };
        let names = (0..evidence.programs.len()).filter(|i| tells(*i)).map(|i| evidence.programs[i].file.clone());
        names.collect::<Vec<_>>().join(", ")
    };
    let mut fitted = BTreeMap::new();
    for parameter in evidence.parameters {
        for (kernel, _) in &parameter.kernels {
            let others = parameter.kernels.iter().filter(|(other, _)| other != kernel);
            let others: Vec<String> = others.map(|(other, _)| format!("`{}`", COSTED[*other].key)).collect();
            let text = match others.join(", ") {
                with if with.is_empty() => files(*kernel),
                with => format!("{}; together with {with}, at the ratio of `{}`", files(*kernel), options.prior.name),
            };
            fitted.insert(COSTED[*kernel].key.to_owned(), text);
            if evidence.told[*kernel].is_some() {
                let key = COSTED[*kernel].kernel.sigma_key();
                let text = "scatter of repeated runs, beyond a factor common to the run";
                fitted.insert(key, text.to_owned());
            }
        }
    }
    if evidence.noise.run_sigma.to_bits() != options.prior.noise.run_sigma.to_bits() {
        let text = "scatter of the runs about the fit, beyond reading errors and noise of the ranks";
        fitted.insert("noise.run_sigma".to_owned(), text.to_owned());
    }
    let groups = options.prior.host_groups.iter().map(|group| format!("hosts.{}", group.name));
    let tables = ["switch", "messages.local", "messages.remote", "noise.compute_sigma"].map(ToOwned::to_owned);
    let mut kept: Vec<String> = groups.chain(tables).collect();
    if options.prior.kernels.records.is_some() {
        kept.push("kernels.records.bytes".to_owned());
    }
    let unfitted = COSTED.iter().map(|costed| costed.key.to_owned()).filter(|key| !fitted.contains_key(key));
    let all = values(options.prior);
    kept.extend(unfitted.filter(|key| all.contains_key(key)));
    (fitted, kept)
}
