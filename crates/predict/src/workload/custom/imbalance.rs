//! Work that differs from rank to rank at random.

use dlpc_engine::named;
use dlpc_engine::random::{self, Purpose, Streams};
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::written::Spanned;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(super) struct RawImbalance {
    /// Lognormal with median 1; standard deviation of its logarithm.
    #[schemars(range(min = 0, max = 5))]
    lognormal: Option<Spanned<f64>>,
    /// Uniform about 1; largest distance from it.
    #[schemars(range(min = 0, max = 1))]
    uniform: Option<Spanned<f64>>,
}

named! {
    /// When a random factor on work is drawn.
    pub enum Drawn as "Drawn" {
        Once = "once" => "Once for each rank and run: its part is larger, or harder.",
        EachTime = "each-time" => "Each time that a rank comes to the phase.",
    }
}

/// A random factor on the work of each rank.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Imbalance {
    shape: Shape,
    drawn: Drawn,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Shape {
    Lognormal(f64),
    Uniform(f64),
}

impl Imbalance {
    pub(super) fn read(raw: &RawImbalance, drawn: Drawn) -> Option<Self> {
        let lognormal = raw.lognormal.as_ref().map(|sigma| Shape::Lognormal(sigma.value));
        let shape = lognormal.or_else(|| raw.uniform.as_ref().map(|most| Shape::Uniform(most.value)))?;
        Some(Self { shape, drawn })
    }

    fn draw(self, rng: &mut ChaCha8Rng) -> f64 {
        match self.shape {
            Shape::Lognormal(sigma) => random::lognormal_factor(rng, sigma),
            Shape::Uniform(most) => 1.0 + most * rng.random_range(-1.0..=1.0),
        }
    }
}

/// Returns the number of the stream of a phase on a rank; a million ranks on, and 256 phases on, they start over.
fn stream_number(phase: u32, rank: u32) -> u32 {
    ((phase % (1 << 8)) << 20) | (rank % (1 << 20))
}

/// How often a rank has drawn for each phase. Each phase has a stream for each rank, so that no phase shifts the factors of
/// others.
#[derive(Debug, Clone, Default)]
pub(super) struct Draws(Vec<(u32, u32)>);

/// Words of a stream that are kept for one draw: more than a distribution takes but in rare cases.
const WORDS: u128 = 64;

impl Draws {
    /// Returns the factor on the work of phase number `phase` on `rank`.
    pub(super) fn factor(&mut self, imbalance: Imbalance, phase: u32, rank: u32, streams: Streams) -> f64 {
        let mut rng = streams.stream(Purpose::Imbalance, stream_number(phase, rank));
        if imbalance.drawn == Drawn::EachTime {
            rng.set_word_pos(WORDS * u128::from(self.next(phase)));
        }
        imbalance.draw(&mut rng)
    }

    fn next(&mut self, phase: u32) -> u32 {
        if let Some((_, n)) = self.0.iter_mut().find(|(known, _)| *known == phase) {
            *n += 1;
            return *n;
        }
        self.0.push((phase, 0));
        0
    }
}
