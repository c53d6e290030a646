//! Whole programs: measured and fitted times over the rank count.

use super::cloud::{Cloud, Dot, Picture};
use crate::number::TimeUnit;
use crate::plot::axis::Axis;
use dlpc_predict::fit::evidence::{Over, Series};

/// Ratio of the longest to the shortest time above which their axis is logarithmic.
const LINEAR_RATIO_MAX: f64 = 30.0;

/// Returns the measured programs; none if samples of experiments were fitted.
pub(super) fn picture(series: &[Series]) -> Option<Picture> {
    let programs: Vec<&Series> = series.iter().filter(|series| series.over == Over::Ranks).collect();
    let points = || programs.iter().flat_map(|series| &series.points);
    let (least, most) = (
        points().map(|point| point.measured_s).fold(f64::INFINITY, f64::min),
        points().map(|point| point.measured_s.max(point.fitted_s)).fold(0.0, f64::max),
    );
    if programs.is_empty() || !least.is_finite() {
        return None;
    }
    let unit = TimeUnit::for_longest(most);
    let y = if LINEAR_RATIO_MAX < most / least {
        Axis::powers_of_ten(least / unit.seconds / 1.4, most / unit.seconds * 1.4)
    } else {
        Axis::from_zero(most / unit.seconds)
    };
    let ranks = |x: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they come from u32")]
        let ranks = x as u32;
        ranks
    };
    let fewest = points().map(|point| ranks(point.x)).min().unwrap_or(1);
    let largest = points().map(|point| ranks(point.x)).max().unwrap_or(1);
    Some(Picture {
        clouds: programs.iter().map(|series| of_program(series, unit)).collect(),
        borders: Vec::new(),
        level: None,
        x: Axis::ranks(fewest, largest),
        y,
        x_title: "Ranks (MPI processes)".to_owned(),
        y_title: format!("Makespan [{}]", unit.symbol),
        remark: "bars are reading errors".to_owned(),
    })
}

fn of_program(series: &Series, unit: TimeUnit) -> Cloud {
    let dots = series.points.iter().map(|point| Dot {
        x: point.x,
        y: point.measured_s / unit.seconds,
        half: point.reading_error_s / unit.seconds,
        relative_error: point.relative_error,
        is_outlier: point.is_outlier,
    });
    let line = series.line.iter().map(|(ranks, seconds)| (*ranks, seconds / unit.seconds)).collect();
    Cloud { label: series.kind.clone(), dots: dots.collect(), lines: vec![line] }
}
