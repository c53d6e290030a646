//! A schedule as text in the GOAL format.

use std::fmt::Write;

use dlpc_engine::schedule::{Action, Milestone, OpId, Place, Schedule};
use dlpc_engine::units::SimDuration;

use dlpc_predict::plain_text::one_line;

/// Returns a schedule in the GOAL text format, after `remarks` as comments. Durations are rounded to whole nanoseconds.
///
/// # Panics
/// With 2^32 ranks or more; a schedule has fewer.
#[must_use]
pub fn text(schedule: &Schedule, remarks: &[String]) -> String {
    let mut text = String::new();
    for remark in remarks {
        line(&mut text, format_args!("// {}", one_line(remark)));
    }
    line(&mut text, format_args!("num_ranks {}", schedule.n_ranks()));
    for rank in 0..u32::try_from(schedule.n_ranks()).expect("invariant: ranks are a u32") {
        line(&mut text, format_args!("\nrank {rank} {{"));
        let ops = || schedule.ops_of(rank);
        let first = ops().next().map_or(0, |op| op.0);
        for op in ops() {
            operation(&mut text, schedule, op, op.0 - first);
        }
        for op in ops() {
            for (waiting, milestone) in schedule.successors(op) {
                let word = match milestone {
                    Milestone::Done => "requires",
                    Milestone::Started => "irequires",
                };
                line(&mut text, format_args!("l{} {word} l{}", waiting.0 - first + 1, op.0 - first + 1));
            }
        }
        text += "}\n";
    }
    text
}

fn line(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    writeln!(text, "{arguments}").expect("invariant: a string takes all text");
}

fn operation(text: &mut String, schedule: &Schedule, op: OpId, number: u32) {
    let any = |number: Option<u32>| number.map_or("-1".to_owned(), |number| number.to_string());
    let what = match schedule.action(op) {
        Action::Calc(work) => format!("calc {}", nanos(work)),
        Action::Send(channel, bytes) => {
            let channel = schedule.channel(channel);
            format!("send {}b to {} tag {}", bytes.0, channel.to, channel.tag)
        }
        Action::Recv(channel, bytes) => {
            let channel = schedule.channel(channel);
            format!("recv {}b from {} tag {}", bytes.0, channel.from, channel.tag)
        }
        Action::RecvAny(from, bytes) => format!("recv {}b from {} tag {}", bytes.0, any(from.from), any(from.tag)),
    };
    let Place { cpu, nic } = schedule.place(op);
    let cpu = if cpu == 0 { String::new() } else { format!(" cpu {cpu}") };
    let nic = if nic == 0 { String::new() } else { format!(" nic {nic}") };
    line(text, format_args!("l{}: {what}{cpu}{nic}", number + 1));
}

fn nanos(work: SimDuration) -> u64 {
    work.as_picos().saturating_add(500) / 1000
}
