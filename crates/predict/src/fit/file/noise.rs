//! The table `[noise]` of a machine model's file.

use std::collections::BTreeMap;

use dlpc_engine::machine::{Kernel, Noise};
use serde::Serialize;

use super::text;

/// The table `[noise]`.
#[derive(Serialize)]
pub(super) struct NoiseDto {
    compute_sigma: f64,
    #[serde(skip_serializing_if = "is_zero")]
    run_sigma: f64,
    latency_sigma: f64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    kernel_sigma: BTreeMap<&'static str, f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interruptions: Option<InterruptionsDto>,
}

#[derive(Serialize)]
struct InterruptionsDto {
    interval: String,
    duration: String,
}

/// Returns the table of some noise; none if there is none.
pub(super) fn of(noise: &Noise) -> Option<NoiseDto> {
    // The sigma of custom phases stands for all that have none of their own.
    let general = noise.sigma(Kernel::Custom);
    let own = Kernel::ALL.into_iter().filter(|kernel| noise.sigma(*kernel).to_bits() != general.to_bits());
    let dto = NoiseDto {
        compute_sigma: general,
        run_sigma: noise.run_sigma,
        latency_sigma: noise.latency_sigma,
        kernel_sigma: own.map(|kernel| (kernel.name(), noise.sigma(kernel))).collect(),
        interruptions: noise.interruptions.map(|interruptions| InterruptionsDto {
            interval: text::time(interruptions.interval),
            duration: text::time(interruptions.duration),
        }),
    };
    let is_zero = noise.compute_sigma == Noise::NONE.compute_sigma
        && noise.run_sigma <= 0.0
        && noise.latency_sigma <= 0.0
        && noise.interruptions.is_none();
    (!is_zero).then_some(dto)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(sigma: &f64) -> bool {
    *sigma <= 0.0
}
