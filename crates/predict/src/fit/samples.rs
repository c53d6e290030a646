//! Estimates from samples: the kind of a machine first, then its parameters.

pub(super) mod assemble;
pub(super) mod cores;
pub(super) mod estimate;
pub(super) mod messages;
pub(super) mod network;
pub(super) mod parameters;

use std::collections::{BTreeMap, BTreeSet};

use self::cores::noise;
use self::messages::eager;
use self::messages::pairs::{Copying, PairSamples};
use self::messages::segments::{self, SIZES_MIN, TableShape};
use self::parameters::{Estimate, RemoteShape, Shape};
use crate::calibration::experiment::PairClass;
use crate::calibration::sample::Sample;
use crate::fit::{FitError, FitOptions, SegmentReport};

/// Finds what kind of machine it is, and all that does not need the network.
pub(super) fn shape_of(
    samples: &[&Sample],
    options: &FitOptions<'_>,
    warnings: &mut Vec<String>,
) -> Result<(Shape, Estimate), FitError> {
    let (costs, noise) = estimate::compute_part(samples, true);
    warnings.extend(noise.stops.map(noise::doubt));
    let mut shape = Shape { has_interruptions: noise.interruptions.is_some(), ..Shape::default() };
    let mut rest = Estimate { costs, noise, ..Estimate::default() };
    shape.local = table_shape(samples, (PairClass::Local, Copying::BesidesTheWire), &rest, warnings)?;
    if let Some(table) = &shape.local {
        let pairs = PairSamples::of(samples, PairClass::Local, &rest.costs, table.copying);
        let wires = vec![messages::Wire::Free; table.uptos.len()];
        rest.local = Some(messages::estimate(&pairs, table, &wires));
    }
    if let Some(looked) = remote_shape(samples, &rest, &shape, options)? {
        warnings.extend(looked.warnings);
        rest.remote = Some(network::estimate(samples, &looked.remote, &rest, &shape, options)?);
        shape.remote = Some(looked.remote);
    }
    Ok((shape, rest))
}

/// What one way of copying makes of messages between hosts.
struct Looked {
    remote: RemoteShape,
    difference: f64,
    warnings: Vec<String>,
}

/// Finds the kind of the network; none if it was not measured.
///
/// Cores copy besides the wire, unless one message alone would then be faster than its port, and would be less so if they
/// copied behind it.
fn remote_shape(
    samples: &[&Sample],
    rest: &Estimate,
    shape: &Shape,
    options: &FitOptions<'_>,
) -> Result<Option<Looked>, FitError> {
    let Some(besides) = look(samples, Copying::BesidesTheWire, rest, shape, options)? else { return Ok(None) };
    if besides.difference > -1.0 {
        return Ok(Some(besides));
    }
    let behind = look(samples, Copying::BehindTheWire, rest, shape, options)?;
    let is_better = |behind: &Looked| behind.difference.abs() + 1.0 < besides.difference.abs();
    Ok(Some(behind.filter(is_better).unwrap_or(besides)))
}

fn look(
    samples: &[&Sample],
    copying: Copying,
    rest: &Estimate,
    shape: &Shape,
    options: &FitOptions<'_>,
) -> Result<Option<Looked>, FitError> {
    let mut warnings = Vec::new();
    let Some(table) = table_shape(samples, (PairClass::Remote, copying), rest, &mut warnings)? else { return Ok(None) };
    let found = network::find(samples, &table, rest, shape, options)?;
    warnings.extend(found.warnings);
    let remote = RemoteShape { table, network: found.shape };
    Ok(Some(Looked { remote, difference: found.difference, warnings }))
}

/// Finds the segments of one class of pairs; none if it was not measured.
fn table_shape(
    samples: &[&Sample],
    (class, copying): (PairClass, Copying),
    rest: &Estimate,
    warnings: &mut Vec<String>,
) -> Result<Option<TableShape>, FitError> {
    let pairs = PairSamples::of(samples, class, &rest.costs, copying);
    if pairs.ping_pongs.is_empty() && pairs.sends.is_empty() {
        return Ok(None);
    }
    let (name, place) = match class {
        PairClass::Local => ("local", "within a host"),
        PairClass::Remote => ("remote", "between hosts"),
    };
    let Some(eager_limit) = eager::find(&pairs) else {
        return Err(too_few(&format!("send {name}"), "of any size", 0));
    };
    let limit = eager_limit.bytes;
    let sends = pairs.sends.iter().map(|send| send.sample.bytes);
    for (kind, sizes) in [
        ("ping_pong", distinct(pairs.ping_pongs.iter().map(|sample| sample.bytes), |bytes| bytes <= limit)),
        ("send", distinct(sends, |bytes| bytes <= limit)),
        ("recv", distinct(pairs.recvs.iter().map(|sample| sample.bytes), |bytes| bytes <= limit)),
    ] {
        if sizes < SIZES_MIN {
            return Err(too_few(&format!("{kind} {name}"), &format!("up to the eager limit of {limit} B"), sizes));
        }
    }
    let above = distinct(pairs.ping_pongs.iter().map(|sample| sample.bytes), |bytes| bytes > limit);
    if (1..SIZES_MIN).contains(&above) {
        return Err(too_few(&format!("ping_pong {name}"), &format!("above the eager limit of {limit} B"), above));
    }
    if eager_limit.high.is_none() {
        warnings.push(format!(
            "no message {place} of up to {} B waited for its receive, so all are taken to be eager: measure larger ones \
             to find the eager limit",
            eager_limit.low
        ));
    }
    Ok(Some(segments::find(&pairs, eager_limit)))
}

fn distinct(sizes: impl Iterator<Item = u64>, is_wanted: impl Fn(u64) -> bool) -> usize {
    sizes.filter(|bytes| is_wanted(*bytes)).collect::<BTreeSet<_>>().len()
}

fn too_few(experiment: &str, range: &str, found: usize) -> FitError {
    FitError::TooFew { experiment: experiment.to_owned(), range: range.to_owned(), found, needed: SIZES_MIN }
}

/// Returns what the segments of each table are, by class.
pub(super) fn segment_reports(
    samples: &[&Sample],
    shape: &Shape,
    rest: &Estimate,
) -> BTreeMap<String, Vec<SegmentReport>> {
    let tables = [
        ("local", PairClass::Local, shape.local.as_ref()),
        ("remote", PairClass::Remote, shape.remote.as_ref().map(|remote| &remote.table)),
    ];
    let report = |class: PairClass, table: &TableShape| {
        let pairs = PairSamples::of(samples, class, &rest.costs, table.copying);
        let mut above = None;
        let of_segment = |(i, upto): (usize, &u64)| {
            let is_inside = |bytes: u64| above.is_none_or(|above: u64| above < bytes) && bytes <= *upto;
            let n_samples = pairs.ping_pongs.iter().filter(|sample| is_inside(sample.bytes)).count();
            above = Some(*upto);
            SegmentReport { upto: (*upto < u64::MAX).then_some(*upto), is_eager: i < table.n_eager, n_samples }
        };
        table.uptos.iter().enumerate().map(of_segment).collect()
    };
    tables.into_iter().filter_map(|(name, class, table)| Some((name.to_owned(), report(class, table?)))).collect()
}
