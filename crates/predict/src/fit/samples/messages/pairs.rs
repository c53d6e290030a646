//! Samples of messages between two ranks, as the equations of the message model see them.

use crate::calibration::experiment::{Experiment, PairClass};
use crate::calibration::sample::Sample;
use crate::fit::samples::cores::ComputeCosts;
use crate::fit::statistics::least_squares::Equation;

/// Unknowns of one segment: `o_s`, `o_r`, O, L, the time per byte on the wire, and what a send and a receive take per byte
/// behind the wire.
pub(in crate::fit) const N_COSTS: usize = 7;
/// Series of measurements with a scatter of their own.
pub(in crate::fit) const PING_PONG: usize = 0;
/// Sends alone.
pub(in crate::fit) const SEND: usize = 1;
/// Receives alone.
pub(in crate::fit) const RECV: usize = 2;

/// One sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::fit) struct PairSample {
    pub(in crate::fit) bytes: u64,
    pub(in crate::fit) seconds: f64,
    /// 1 / speed of the timing rank's host.
    pub(in crate::fit) own_slowness: f64,
    /// Mean of 1 / speed of both hosts.
    pub(in crate::fit) mean_slowness: f64,
}

/// A send to a rank that receives late.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::fit) struct LateSend {
    pub(in crate::fit) sample: PairSample,
    pub(in crate::fit) recv_delay_s: f64,
}

/// When cores copy the bytes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::fit) enum Copying {
    /// Before the wire has them and after: the time of a message holds `2 O s` besides the wire's.
    #[default]
    BesidesTheWire,
    /// While the wire carries others of the same message, as TCP does with buffers smaller than the message: a send alone
    /// and a receive alone take time for it, but a message does not.
    BehindTheWire,
}

impl Copying {
    /// Returns how many unknowns a segment of eager messages has.
    pub(in crate::fit) const fn n_unknowns(self) -> usize {
        match self {
            Self::BesidesTheWire => 5,
            Self::BehindTheWire => 6,
        }
    }
}

/// All samples of one class of pairs.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::fit) struct PairSamples {
    pub(in crate::fit) copying: Copying,
    pub(in crate::fit) ping_pongs: Vec<PairSample>,
    pub(in crate::fit) sends: Vec<LateSend>,
    pub(in crate::fit) recvs: Vec<PairSample>,
}

/// Costs of the messages of one segment at speed 1, in seconds and seconds per byte.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(in crate::fit) struct SegmentCosts {
    pub(in crate::fit) upto: u64,
    pub(in crate::fit) send_overhead: f64,
    pub(in crate::fit) recv_overhead: f64,
    pub(in crate::fit) byte_overhead: f64,
    pub(in crate::fit) latency: f64,
    /// Time per byte of one message alone: the larger of `byte_gap` and the port's.
    pub(in crate::fit) wire: f64,
    /// What a send alone, and a receive alone, take per byte behind the wire.
    pub(in crate::fit) behind: [f64; 2],
}

impl PairSamples {
    /// Takes the samples of `class`.
    pub(in crate::fit) fn of(samples: &[&Sample], class: PairClass, costs: &ComputeCosts, copying: Copying) -> Self {
        let mut pairs = Self { copying, ..Self::default() };
        for sample in samples {
            let own_slowness = 1.0 / costs.speed(&sample.host);
            let peer_slowness = sample.peers.first().map_or(own_slowness, |peer| 1.0 / costs.speed(peer));
            let mean_slowness = f64::midpoint(own_slowness, peer_slowness);
            let pair = |bytes| PairSample { bytes, seconds: sample.seconds, own_slowness, mean_slowness };
            match sample.experiment {
                Experiment::PingPong { class: c, bytes } if c == class => pairs.ping_pongs.push(pair(bytes)),
                Experiment::Send { class: c, bytes, recv_delay_s } if c == class => {
                    pairs.sends.push(LateSend { sample: pair(bytes), recv_delay_s });
                }
                Experiment::Recv { class: c, bytes } if c == class => pairs.recvs.push(pair(bytes)),
                _ => {}
            }
        }
        pairs.ping_pongs.sort_by_key(|sample| sample.bytes);
        pairs.sends.sort_by_key(|send| send.sample.bytes);
        pairs.recvs.sort_by_key(|sample| sample.bytes);
        pairs
    }

    /// Returns the equations of the eager messages of more than `above` (none: from 0 on) and at most `upto` bytes.
    ///
    /// `T = m (o_s + o_r) + 2 m O s + L + w s` with m the mean of 1 / speed; `o_s + O s` and `o_r + O s` alone
    /// (docs/model.md, eq. 3, 4, 15 and 16). Behind the wire: `T = m (o_s + o_r) + L + w s`, and a time per byte of their own
    /// for sends and receives.
    pub(in crate::fit) fn eager_equations(&self, above: Option<u64>, upto: u64) -> Vec<Equation<N_COSTS>> {
        let is_inside = |sample: &PairSample| above.is_none_or(|above| above < sample.bytes) && sample.bytes <= upto;
        let (besides, behind) = match self.copying {
            Copying::BesidesTheWire => (1.0, 0.0),
            Copying::BehindTheWire => (0.0, 1.0),
        };
        let ping_pongs = self.ping_pongs.iter().filter(|sample| is_inside(sample)).map(|sample| {
            let (bytes, m) = (as_f64(sample.bytes), sample.mean_slowness);
            equation([m, m, besides * 2.0 * m * bytes, 1.0, bytes, 0.0, 0.0], sample, PING_PONG)
        });
        // A send that took half the delay was none of these: noise, or a rendezvous below the limit.
        let sends = self.sends.iter().filter(|send| is_inside(&send.sample) && !send.is_rendezvous()).map(|send| {
            let (v, copied) = (send.sample.own_slowness, send.sample.own_slowness * as_f64(send.sample.bytes));
            equation([v, 0.0, besides * copied, 0.0, 0.0, behind * copied, 0.0], &send.sample, SEND)
        });
        let recvs = self.recvs.iter().filter(|sample| is_inside(sample)).map(|sample| {
            let (v, copied) = (sample.own_slowness, sample.own_slowness * as_f64(sample.bytes));
            equation([0.0, v, besides * copied, 0.0, 0.0, 0.0, behind * copied], sample, RECV)
        });
        ping_pongs.chain(sends).chain(recvs).collect()
    }

    /// Returns the equations of rendezvous messages: `T = offset + L + w s`, `offset` being what is known of each.
    pub(in crate::fit) fn rendezvous_equations(
        &self,
        above: u64,
        upto: u64,
        offset: impl Fn(&PairSample) -> f64,
    ) -> Vec<Equation<N_COSTS>> {
        let inside = self.ping_pongs.iter().filter(|sample| above < sample.bytes && sample.bytes <= upto);
        inside
            .map(|sample| {
                let factors = [0.0, 0.0, 0.0, 1.0, as_f64(sample.bytes), 0.0, 0.0];
                Equation { offset: offset(sample), ..equation(factors, sample, PING_PONG) }
            })
            .collect()
    }

    /// Returns the mean of the mean slowness over the samples of more than `above` bytes.
    pub(in crate::fit) fn mean_slowness(&self, above: u64) -> f64 {
        let of: Vec<f64> = self.ping_pongs.iter().filter(|s| above < s.bytes).map(|s| s.mean_slowness).collect();
        if of.is_empty() { 1.0 } else { dlpc_engine::stats::mean(&of) }
    }
}

impl LateSend {
    /// Returns whether the send waited for the receive.
    pub(in crate::fit) fn is_rendezvous(&self) -> bool {
        self.sample.seconds >= 0.5 * self.recv_delay_s
    }
}

fn equation(factors: [f64; N_COSTS], sample: &PairSample, series: usize) -> Equation<N_COSTS> {
    Equation { factors, offset: 0.0, value: sample.seconds, series }
}

/// Returns a size as `f64`.
#[expect(clippy::cast_precision_loss, reason = "sizes need no more than 53 bits")]
pub(in crate::fit) fn as_f64(bytes: u64) -> f64 {
    bytes as f64
}
