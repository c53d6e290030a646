//! Messages between two ranks: ping-pongs, sends, receives and trains over the size.

use dlpc_engine::machine::MessageTable;

use super::cloud::{self, Border, Cloud, Dot, Picture};
use super::of_kinds;
use crate::number::TimeUnit;
use dlpc_predict::fit::evidence::Series;

/// What is drawn of each kind of experiment, and its name.
const KINDS: [(&str, &str); 5] = [
    ("ping_pong", "ping-pong, half"),
    ("send", "send alone"),
    ("recv", "receive alone"),
    ("train", "train"),
    ("exchange", "both directions"),
];

/// Returns the messages of one class of pairs; none if it was not measured.
pub(super) fn picture(series: &[Series], class: &str, table: &MessageTable) -> Option<Picture> {
    let mut clouds = Vec::new();
    for (kind, name) in KINDS {
        // Exchanges between hosts show the port: they are in another figure.
        if kind == "exchange" && class == "remote" {
            continue;
        }
        // Of trains the longest: a train of one message is half of a ping-pong, and only there to be taken off.
        let Some(longest) =
            of_kinds(series, &[format!("{kind} {class}")]).into_iter().max_by_key(|series| series.count)
        else {
            continue;
        };
        let label = if longest.variant.is_empty() { name.to_owned() } else { format!("{name} of {}", longest.variant) };
        clouds.push((label, longest));
    }
    let most = clouds.iter().flat_map(|(_, series)| &series.points).map(|point| point.measured_s).fold(0.0, f64::max);
    if clouds.is_empty() {
        return None;
    }
    let unit = TimeUnit::for_longest(most / 100.0);
    let clouds: Vec<Cloud> = clouds.into_iter().map(|(label, series)| of_series(label, series, unit)).collect();
    Some(Picture {
        borders: borders(table),
        level: None,
        x: cloud::size_axis(&clouds),
        y: cloud::log_axis(&clouds),
        x_title: "Size of the message".to_owned(),
        y_title: format!("Time [{}]", unit.symbol),
        remark: String::new(),
        clouds,
    })
}

fn of_series(label: String, series: &Series, unit: TimeUnit) -> Cloud {
    let dots = series.points.iter().map(|point| Dot {
        x: point.x,
        y: point.measured_s / unit.seconds,
        half: 0.0,
        relative_error: point.relative_error,
        is_outlier: point.is_outlier,
    });
    let line = series.line.iter().map(|(bytes, seconds)| (*bytes, seconds / unit.seconds)).collect();
    Cloud { label, dots: dots.collect(), lines: vec![line] }
}

/// Returns the borders of segments, and the eager limit.
pub(super) fn borders(table: &MessageTable) -> Vec<Border> {
    let limit = table.eager_limit.as_f64();
    let is_inside = |bytes: f64| bytes < table.calibrated_upto.as_f64();
    let segments =
        table.segments.iter().map(|segment| segment.upto.as_f64()).filter(|upto| upto.to_bits() != limit.to_bits());
    let border = |x: f64| Border { x, label: cloud::size_label(x), is_eager_limit: false };
    let eager = Border { x: limit, label: format!("eager limit {}", cloud::size_label(limit)), is_eager_limit: true };
    segments.filter(|upto| is_inside(*upto)).map(border).chain(is_inside(limit).then_some(eager)).collect()
}
