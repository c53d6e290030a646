//! A machine as it may be, for all that its calibration knows: drawn anew for each pair of replications.

use dlpc_engine::machine::{MachineModel, MessageTable, SegmentUncertainty};
use dlpc_engine::random::{Purpose, Streams};
use dlpc_engine::units::{BytesPerSecond, SecondsPerByte};

/// Indices of the streams of [`Purpose::Messages`], within a host and between hosts: one draw for all segments of a table,
/// because a launch deals the same to all of them.
const LOCAL: u32 = 0;
const REMOTE: u32 = 1;

/// Draws hosts, ports and messages within what is known of them (docs/model.md eq. 48); none if all is known.
///
/// Kernel costs are drawn by the engine (eq. 26).
pub(super) fn drawn(machine: &MachineModel, streams: Streams) -> Option<MachineModel> {
    let uncertainty = &machine.uncertainty;
    if uncertainty.is_zero() {
        return None;
    }
    let mut machine = machine.clone();
    let bandwidth = streams.mirrored_factor(Purpose::Ports, 0, uncertainty.bandwidth);
    let speeds = machine.host_groups.iter_mut().flat_map(|group| &mut group.speeds);
    for ((host, speed), sigma) in (0..).zip(speeds).zip(&uncertainty.speeds) {
        *speed *= streams.mirrored_factor(Purpose::Speed, host, *sigma);
    }
    for group in &mut machine.host_groups {
        group.nic.bandwidth = scaled(group.nic.bandwidth, bandwidth);
    }
    machine.switch.port_bandwidth = machine.switch.port_bandwidth.map(|port| scaled(port, bandwidth));
    draw_table(&mut machine.local, &uncertainty.local, streams, LOCAL);
    draw_table(&mut machine.remote, &uncertainty.remote, streams, REMOTE);
    Some(machine)
}

fn draw_table(table: &mut MessageTable, sigmas: &[SegmentUncertainty], streams: Streams, index: u32) {
    for (segment, sigma) in table.segments.iter_mut().zip(sigmas) {
        let fixed = streams.mirrored_factor(Purpose::Messages, index, sigma.fixed);
        for cost in [&mut segment.send_overhead, &mut segment.recv_overhead, &mut segment.latency] {
            *cost = cost.scaled_by(fixed);
        }
        let per_byte =
            segment.byte_overhead.as_f64() * streams.mirrored_factor(Purpose::Messages, index, sigma.per_byte);
        segment.byte_overhead = SecondsPerByte::new(per_byte).unwrap_or(segment.byte_overhead);
    }
}

fn scaled(rate: BytesPerSecond, factor: f64) -> BytesPerSecond {
    BytesPerSecond::new(rate.as_f64() * factor).unwrap_or(rate)
}

#[cfg(test)]
mod tests {
    use dlpc_engine::machine::Uncertainty;
    use dlpc_engine::{maths, stats};

    use super::*;

    fn machine(uncertainty: Uncertainty) -> MachineModel {
        let read = |path: &std::path::Path| std::fs::read(path);
        let file = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/dlpc-2020.toml"));
        let loaded = crate::input::load_machine(file, &read).expect("a valid model");
        MachineModel { uncertainty, ..loaded.model }
    }

    #[test]
    fn what_is_known_is_not_drawn() {
        assert_eq!(drawn(&machine(Uncertainty::default()), Streams::new(1, 0)), None);
    }

    #[test]
    fn bandwidths_scatter_as_they_are_known_around_the_fitted_one() {
        let machine = machine(Uncertainty { bandwidth: 0.02, ..Uncertainty::default() });
        let fitted = machine.host_groups[0].nic.bandwidth.as_f64();
        let logs: Vec<f64> = (0..2000)
            .filter_map(|i| drawn(&machine, Streams::new(1, i)))
            .map(|drawn| maths::ln(drawn.host_groups[0].nic.bandwidth.as_f64() / fitted))
            .collect();
        // Partners mirror each other, so the mean is zero; 1000 pairs: sigma within 3 * 0.02 / sqrt(2 * 1000) = 0.0013.
        assert!(stats::mean(&logs).abs() < 1e-12);
        let sigma = (logs.iter().map(|log| log.powi(2)).sum::<f64>() / 2000.0).sqrt();
        assert!((sigma - 0.02).abs() < 0.0013, "{sigma}");
    }

    #[test]
    fn hosts_are_drawn_one_by_one_and_segments_together() {
        let uncertain = SegmentUncertainty { fixed: 0.1, per_byte: 0.2 };
        let base = machine(Uncertainty::default());
        let n_hosts = base.host_groups.iter().map(|group| group.speeds.len()).sum();
        let mut machine =
            machine(Uncertainty { speeds: vec![0.01; n_hosts], remote: vec![uncertain; 2], ..Uncertainty::default() });
        machine.remote.segments = vec![base.remote.segments[0]; 2];
        let found = drawn(&machine, Streams::new(1, 4)).expect("something to draw");
        assert_ne!(found.host_groups[0].speeds[0].to_bits(), found.host_groups[0].speeds[1].to_bits());
        let ratio = |i: usize| {
            let (drawn, fitted) = (found.remote.segments[i], machine.remote.segments[i]);
            drawn.recv_overhead.as_seconds() / fitted.recv_overhead.as_seconds()
        };
        assert!((ratio(0) - ratio(1)).abs() < 1e-5 && (ratio(0) - 1.0).abs() > 1e-3, "{} and {}", ratio(0), ratio(1));
        assert_eq!(found.local, machine.local);
    }

    /// Logarithms of the drawn values over the fitted ones and over sigma are the standard normal values that were drawn.
    #[test]
    fn the_first_draws_are_always_the_same() {
        let uncertain = vec![SegmentUncertainty { fixed: 0.01, per_byte: 0.01 }];
        let base = machine(Uncertainty::default());
        let uncertainty =
            Uncertainty { bandwidth: 0.01, speeds: vec![0.01; 2], local: uncertain.clone(), remote: uncertain };
        let found = drawn(&machine(uncertainty), Streams::new(1, 0)).expect("something to draw");
        let z = |drawn: f64, fitted: f64| maths::ln(drawn / fitted) / 0.01;
        let overhead = |table: &MessageTable| table.segments[0].send_overhead.as_seconds();
        let speed = |machine: &MachineModel, host: usize| machine.host_groups[0].speeds[host];
        let bandwidth = |machine: &MachineModel| machine.host_groups[0].nic.bandwidth.as_f64();
        let found = [
            ("ports", z(bandwidth(&found), bandwidth(&base))),
            ("first host", z(speed(&found, 0), speed(&base, 0))),
            ("second host", z(speed(&found, 1), speed(&base, 1))),
            ("within a host", z(overhead(&found.local), overhead(&base.local))),
            ("between hosts", z(overhead(&found.remote), overhead(&base.remote))),
        ];
        let expected = [1.044_987, 1.071_875, 0.476_598, -0.462_307, 1.453_890];
        for ((what, found_z), expected) in found.iter().zip(expected) {
            // Overheads are rounded to picoseconds.
            assert!((found_z - expected).abs() < 1e-3, "{what} drew {found_z}: {found:?}");
        }
    }
}
