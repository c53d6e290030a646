//! Computing: how much longer each kernel takes on each host, at each number of busy cores, than the fitted cost says.

use std::collections::BTreeMap;

use dlpc_engine::machine::MachineModel;
use dlpc_engine::stats;

use super::cloud::{Cloud, Dot, Picture};
use crate::font::{self, Weight};
use crate::plot::axis::Axis;
use dlpc_predict::fit::evidence::{Over, Series};

/// Share of the room of a host that its samples fill.
const FILLED: f64 = 0.8;

/// Width of the axis of hosts, at least, and size and distance of their names.
const AXIS_WIDTH: f64 = 780.0;
const NAME_EM: f64 = 15.5;
const NAME_GAP: f64 = 14.0;

/// Returns all compute kernels; none if none was measured.
pub(super) fn picture(series: &[Series], machine: &MachineModel) -> Option<Picture> {
    let of_kernels: Vec<&Series> =
        series.iter().filter(|series| series.over == Over::Host && series.kind == "compute").collect();
    let mut busy: Vec<u32> = of_kernels.iter().map(|series| series.count).collect();
    busy.sort_unstable();
    busy.dedup();
    let mut kernels: BTreeMap<&str, Vec<&Series>> = BTreeMap::new();
    for series in of_kernels {
        kernels.entry(&series.variant).or_default().push(series);
    }
    let n_kernels = kernels.len();
    let clouds: Vec<Cloud> = kernels
        .into_iter()
        .enumerate()
        .map(|(i, (kernel, all))| of_kernel(kernel, &all, &Places { busy: &busy, i, n_kernels }))
        .collect();
    let ys = || clouds.iter().flat_map(|cloud| &cloud.dots).filter(|dot| !dot.is_outlier).map(|dot| dot.y);
    let (least, most) = (ys().fold(f64::INFINITY, f64::min), ys().fold(0.0, f64::max));
    if clouds.is_empty() || !least.is_finite() {
        return None;
    }
    let remark = match busy.as_slice() {
        [] | [1] => String::new(),
        all => format!("groups from left to right: {} busy cores", list(all)),
    };
    Some(Picture {
        borders: Vec::new(),
        level: None,
        x: host_axis(&machine.host_names()),
        y: Axis::linear(0.92 * least.min(1.0), 1.04 * most, 8.0),
        x_title: "Host".to_owned(),
        y_title: "Time / fitted cost".to_owned(),
        remark,
        clouds,
    })
}

/// Returns the axis of hosts with as many of their names as there is room for.
fn host_axis(names: &[String]) -> Axis {
    let width = |name: &String| font::width(name, NAME_EM, Weight::Regular) + NAME_GAP;
    let widest = names.iter().map(width).fold(NAME_GAP, f64::max);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few dozen at most")]
    let n_shown = (AXIS_WIDTH / widest).floor() as usize;
    Axis::slots(names, n_shown)
}

fn list(numbers: &[u32]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Where the samples of one kernel lie within the room of a host.
struct Places<'a> {
    busy: &'a [u32],
    /// Number of the kernel.
    i: usize,
    n_kernels: usize,
}

impl Places<'_> {
    /// Returns the left end and the width of a kernel's place at a number of busy cores, from the middle of the host.
    fn of(&self, busy: u32) -> (f64, f64) {
        let group = self.busy.iter().position(|n| *n == busy).unwrap_or(0);
        let slot = FILLED / as_f64(self.busy.len());
        let width = 0.9 * slot / as_f64(self.n_kernels);
        (-FILLED / 2.0 + as_f64(group) * slot + as_f64(self.i) * width, width)
    }
}

fn of_kernel(kernel: &str, all: &[&Series], places: &Places<'_>) -> Cloud {
    // The median host has speed 1, and the fewest busy cores slow nothing down: that is the fitted cost.
    let fewest = all.iter().min_by_key(|series| series.count);
    let alone_s: Vec<f64> = fewest.into_iter().flat_map(|series| &series.line).map(|(_, seconds)| *seconds).collect();
    let cost_s = if alone_s.is_empty() { 1.0 } else { stats::median(&alone_s) };
    let (mut dots, mut lines) = (Vec::new(), Vec::new());
    for series in all {
        let (left, width) = places.of(series.count);
        let n_launches = series.points.iter().filter_map(|point| point.launch).max().map_or(1, |last| last + 1);
        dots.extend(series.points.iter().map(|point| Dot {
            x: point.x + left + width * (f64::from(point.launch.unwrap_or(0)) + 0.5) / f64::from(n_launches),
            y: point.measured_s / cost_s,
            half: 0.0,
            relative_error: point.relative_error,
            is_outlier: point.is_outlier,
        }));
        let step = |(host, seconds): &(f64, f64)| {
            vec![(host + left, seconds / cost_s), (host + left + width, seconds / cost_s)]
        };
        lines.extend(series.line.iter().map(step));
    }
    Cloud { label: kernel.replace('_', " "), dots, lines }
}

#[expect(clippy::cast_precision_loss, reason = "a handful of kernels")]
fn as_f64(n: usize) -> f64 {
    n as f64
}
