//! Many messages at once: the rate that they get through one port.

use dlpc_engine::machine::MachineModel;
use dlpc_engine::units::significant;

use super::cloud::{self, Cloud, Dot, Level, Picture};
use super::of_kinds;
use crate::plot::axis::Axis;
use dlpc_predict::fit::evidence::Series;

/// Bits of a megabit per bit of a byte: bytes per second to Mbit/s.
const MBIT: f64 = 8e-6;

/// Returns fan-ins, pairs and exchanges between hosts; none if none was measured.
pub(super) fn picture(series: &[Series], machine: &MachineModel) -> Option<Picture> {
    let kinds = ["fan_in", "pairs", "exchange remote"].map(str::to_owned);
    let clouds: Vec<Cloud> = of_kinds(series, &kinds).into_iter().map(of_series).collect();
    if clouds.is_empty() {
        return None;
    }
    let port = machine.host_groups[0].nic.bandwidth.as_f64() * MBIT;
    let most = clouds.iter().flat_map(|cloud| &cloud.lines).flatten().map(|(_, rate)| *rate).fold(port, f64::max);
    Some(Picture {
        borders: Vec::new(),
        level: Some(Level { y: port, label: format!("fitted port: {} Mbit/s", significant(port, 4)) }),
        x: cloud::size_axis(&clouds),
        y: Axis::from_zero(1.25 * most),
        x_title: "Size of each message".to_owned(),
        y_title: "Rate [Mbit/s]".to_owned(),
        remark: String::new(),
        clouds,
    })
}

fn of_series(series: &Series) -> Cloud {
    // All senders of a fan-in share the receiver's port; each pair has ports of its own, and so has each direction.
    let n_sharing = if series.kind == "fan_in" { f64::from(series.count) } else { 1.0 };
    let rate = |bytes: f64, seconds: f64| n_sharing * bytes / seconds * MBIT;
    let dots = series.points.iter().map(|point| Dot {
        x: point.x,
        y: rate(point.x, point.measured_s),
        half: 0.0,
        relative_error: point.relative_error,
        is_outlier: point.is_outlier,
    });
    let line = series.line.iter().map(|(bytes, seconds)| (*bytes, rate(*bytes, *seconds))).collect();
    let label = match series.kind.as_str() {
        "fan_in" => format!("{} to one", series.variant),
        "pairs" => format!("{} at once, each", series.variant),
        _ => "both directions, each".to_owned(),
    };
    Cloud { label, dots: dots.collect(), lines: vec![line] }
}
