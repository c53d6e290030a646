//! From the raw message tables of a machine model to the checked ones.

use dlpc_engine::machine::{MessageTable, Segment};
use dlpc_engine::units::Bytes;

use super::raw::{RawMessageTable, RawSegment};
use crate::diagnostic::{Diagnostics, Problem};
use crate::input::toml::spanned::Spanned;

/// Returns the checked table at the key path `path`, or none if there is a problem.
pub(in crate::input) fn validate(
    raw: &Spanned<RawMessageTable>,
    path: &str,
    diagnostics: &mut Diagnostics,
) -> Option<MessageTable> {
    let RawMessageTable { eager_limit, calibrated_upto, segments } = &raw.value;
    let segments = &segments.as_ref()?.value;
    let uptos = uptos(segments, path, diagnostics);
    let costs = segments.iter().map(|raw| costs(&raw.value)).collect::<Option<Vec<_>>>();
    let segments = costs?.into_iter().zip(uptos?).map(|(costs, upto)| Segment { upto, ..costs }).collect();
    Some(MessageTable {
        eager_limit: eager_limit.as_ref()?.value,
        segments,
        calibrated_upto: calibrated_upto.as_ref()?.value,
    })
}

/// Returns the largest message of each segment: ascending, the last may be unlimited.
fn uptos(segments: &[Spanned<RawSegment>], path: &str, diagnostics: &mut Diagnostics) -> Option<Vec<Bytes>> {
    let mut uptos: Vec<Bytes> = Vec::new();
    for (i, segment) in segments.iter().enumerate() {
        let problem = match segment.value.upto {
            None if i + 1 == segments.len() => {
                uptos.push(Bytes(u64::MAX));
                None
            }
            None => {
                let message = format!("missing key `upto` in `{path}.segments[{i}]`, which is not the last segment");
                let problem = Problem::error("machine::missing_key", segment.span, message);
                Some(problem.help("add the largest message of this segment, for instance `upto = \"4 KiB\"`"))
            }
            Some(upto) => {
                let is_ascending = uptos.last().is_none_or(|before| *before < upto.value);
                uptos.push(upto.value);
                (!is_ascending).then(|| {
                    let message = format!("a segment upto {} follows one that is not smaller", upto.value);
                    let problem = Problem::error("machine::not_ascending", upto.span, message);
                    problem.help("sort the segments by `upto`, each larger than the one before")
                })
            }
        };
        if let Some(problem) = problem {
            diagnostics.push(problem);
            return None;
        }
    }
    Some(uptos)
}

/// Returns a segment without its largest message.
fn costs(raw: &RawSegment) -> Option<Segment> {
    Some(Segment {
        upto: Bytes(0),
        send_overhead: raw.send_overhead?.value,
        recv_overhead: raw.recv_overhead?.value,
        byte_overhead: raw.byte_overhead?.value,
        latency: raw.latency?.value,
        byte_gap: raw.byte_gap?.value,
        message_gap: raw.message_gap?.value,
    })
}
