//! `timeline.svg`: a Gantt chart, one row per rank, with messages as lines and the critical path as a dark underline.

use std::collections::BTreeMap;
use std::fmt::Write;

use dlpc_engine::maths;
use dlpc_engine::units::{SimTime, significant};

use super::{color, group};
use crate::number::{TimeUnit, decimals_for};
use dlpc_predict::analysis::timeline::{Message, Row, Timeline};
use dlpc_predict::plain_text::one_line;

/// Most ranks that a chart shows.
pub const GANTT_RANKS_MAX: u32 = 64;
/// Most messages that are drawn; of more, the largest of as many that were sent one after the other.
const MESSAGES_MAX: usize = 400;

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 120.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 58.0;
/// Narrower spans are drawn with their neighbours.
const PIXELS_MIN: f64 = 0.3;

/// Where times and ranks lie in the image.
struct Scale {
    makespan: f64,
    row_height: f64,
}

impl Scale {
    fn x(&self, at: SimTime) -> f64 {
        let share = if 0.0 < self.makespan { (at - SimTime::ZERO).as_seconds() / self.makespan } else { 0.0 };
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, rank: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "at most 64 ranks")]
        let rank = rank as f64;
        TOP + rank * self.row_height
    }
}

/// Returns the chart as an SVG document; none for more than [`GANTT_RANKS_MAX`] ranks. Same input, same bytes.
#[must_use]
pub fn gantt(timeline: &Timeline, title: &str) -> Option<String> {
    let n_ranks = timeline.rows.len();
    if n_ranks > GANTT_RANKS_MAX as usize {
        return None;
    }
    let scale = Scale {
        makespan: (timeline.makespan - SimTime::ZERO).as_seconds(),
        row_height: if n_ranks <= 16 { 24.0 } else { 14.0 },
    };
    let height = scale.y(n_ranks) + 74.0;
    let mut svg = String::new();
    let description = format!("{title}: what each of {n_ranks} ranks does over time");
    line(
        &mut svg,
        format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-label=\"{}\" font-family=\"DejaVu Sans, sans-serif\" font-size=\"12\" fill=\"#282828\">",
            escaped(&description)
        ),
    );
    line(&mut svg, format_args!("<title>{}</title>", escaped(&description)));
    line(&mut svg, format_args!("<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>"));
    line(
        &mut svg,
        format_args!("<text x=\"12\" y=\"24\" font-size=\"15\" font-weight=\"bold\">{}</text>", escaped(title)),
    );
    axis(&mut svg, &scale, n_ranks);
    for (rank, row) in timeline.rows.iter().enumerate() {
        draw_row(&mut svg, timeline, &scale, (rank, row));
    }
    draw_critical(&mut svg, timeline, &scale);
    let n_drawn = draw_messages(&mut svg, timeline, &scale);
    legend(&mut svg, timeline, &scale, n_drawn);
    svg += "</svg>\n";
    Some(svg)
}

fn line(svg: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(svg, "{text}").expect("invariant: text can be written to memory");
}

fn draw_row(svg: &mut String, timeline: &Timeline, scale: &Scale, (rank, row): (usize, &Row)) {
    let (y, height) = (scale.y(rank), scale.row_height);
    let host = &timeline.hosts[row.host];
    line(
        svg,
        format_args!(
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"11\">{} · rank {rank}</text>",
            LEFT - 8.0,
            y + 0.5 * height + 4.0,
            escaped(host)
        ),
    );
    for (from, to, fill, name) in bars(row, scale) {
        line(
            svg,
            format_args!(
                "<rect x=\"{from:.2}\" y=\"{:.1}\" width=\"{:.2}\" height=\"{:.1}\" fill=\"{fill}\"><title>{name}</title></rect>",
                y + 2.0,
                to - from,
                height - 6.0
            ),
        );
    }
}

/// Returns what is drawn of a row: from, to, colour and name; spans too narrow to be seen are part of the one before.
fn bars(row: &Row, scale: &Scale) -> Vec<(f64, f64, String, &'static str)> {
    let mut bars: Vec<(f64, f64, String, &'static str)> = Vec::new();
    for span in &row.spans {
        let (from, to, name) = (scale.x(span.start), scale.x(span.end), group(span.doing));
        match bars.last_mut() {
            Some(last) if to - from < PIXELS_MIN || last.3 == name => last.1 = to,
            _ => bars.push((from, to, color(span.doing), name)),
        }
    }
    bars
}

fn draw_critical(svg: &mut String, timeline: &Timeline, scale: &Scale) {
    let mut spans: Vec<(u32, f64, f64)> = Vec::new();
    for piece in &timeline.critical {
        let Some(rank) = Timeline::rank_of(piece) else { continue };
        let (from, to) = (scale.x(piece.start), scale.x(piece.end));
        match spans.last_mut() {
            Some(last) if last.0 == rank && from - last.2 < PIXELS_MIN => last.2 = to,
            _ => spans.push((rank, from, to)),
        }
    }
    for (rank, from, to) in spans {
        let y = scale.y(rank as usize) + scale.row_height - 3.0;
        line(
            svg,
            format_args!(
                "<rect x=\"{from:.2}\" y=\"{y:.1}\" width=\"{:.2}\" height=\"2\" fill=\"#000000\"/>",
                (to - from).max(PIXELS_MIN)
            ),
        );
    }
}

/// Returns the messages that are drawn: all, or a sample over the whole run.
///
/// Of those that were sent one after the other, the largest stands for all; of several, another one each time, so that it is
/// not always the same pair of ranks.
fn drawn(messages: &[Message]) -> Vec<&Message> {
    let mut by_time: Vec<&Message> = messages.iter().collect();
    by_time.sort_by_key(|message| message.sent);
    let sample = by_time.chunks(messages.len().div_ceil(MESSAGES_MAX).max(1)).enumerate();
    sample.map(|(i, few)| largest_of(few, i)).collect()
}

/// Returns one of the largest of some messages, in turn.
fn largest_of<'m>(messages: &[&'m Message], turn: usize) -> &'m Message {
    let most = messages.iter().map(|message| message.bytes).max();
    let largest: Vec<&Message> = messages.iter().copied().filter(|message| Some(message.bytes) == most).collect();
    largest[turn % largest.len()]
}

/// Draws messages and returns how many.
fn draw_messages(svg: &mut String, timeline: &Timeline, scale: &Scale) -> usize {
    let messages = drawn(&timeline.messages);
    for message in &messages {
        let middle = |rank: u32| scale.y(rank as usize) + 0.5 * scale.row_height - 1.0;
        let (x1, y1, x2, y2) =
            (scale.x(message.sent), middle(message.from), scale.x(message.arrived), middle(message.to));
        line(
            svg,
            format_args!(
                "<path d=\"M{x1:.2} {y1:.1}L{x2:.2} {y2:.1}\" stroke=\"#404040\" stroke-width=\"0.8\" stroke-opacity=\"0.7\" \
             fill=\"none\"/><circle cx=\"{x2:.2}\" cy=\"{y2:.1}\" r=\"2\" fill=\"#404040\"/>"
            ),
        );
    }
    messages.len()
}

fn axis(svg: &mut String, scale: &Scale, n_ranks: usize) {
    let unit = TimeUnit::for_longest(scale.makespan);
    let longest = scale.makespan / unit.seconds;
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|step| step * maths::powf(10f64, maths::log10((longest / 10.0).max(1e-9)).floor()));
    let step = step.into_iter().find(|step| longest / step <= 10.0).unwrap_or(longest);
    // A run that takes no time has one tick.
    let decimals = if 0.0 < longest { decimals_for(step, 1) } else { 0 };
    let (top, bottom) = (TOP - 6.0, scale.y(n_ranks));
    for i in 0..=10_u32 {
        let value = f64::from(i) * step;
        if longest < value || step <= 0.0 {
            break;
        }
        let share = if 0.0 < longest { value / longest } else { 0.0 };
        let x = LEFT + share * (WIDTH - LEFT - RIGHT);
        line(svg, format_args!("<path d=\"M{x:.2} {top}V{bottom:.1}\" stroke=\"#e2e2e2\"/>"));
        line(
            svg,
            format_args!(
                "<text x=\"{x:.2}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\">{value:.decimals$} {}</text>",
                top - 6.0,
                unit.symbol
            ),
        );
    }
}

fn legend(svg: &mut String, timeline: &Timeline, scale: &Scale, n_drawn: usize) {
    let spans = timeline.rows.iter().flat_map(|row| &row.spans).filter(|span| span.start < span.end);
    let groups: BTreeMap<&str, String> = spans.map(|span| (group(span.doing), color(span.doing))).collect();
    let y = scale.y(timeline.rows.len()) + 24.0;
    let mut x = LEFT;
    for (name, fill) in &groups {
        line(
            svg,
            format_args!(
                "<rect x=\"{x}\" y=\"{}\" width=\"12\" height=\"12\" fill=\"{fill}\" stroke=\"#999999\"/>",
                y - 10.0
            ),
        );
        line(svg, format_args!("<text x=\"{}\" y=\"{y}\">{name}</text>", x + 17.0));
        #[expect(clippy::cast_precision_loss, reason = "a short word")]
        let width = 7.2 * name.chars().count() as f64;
        x += width + 40.0;
    }
    let n_messages = timeline.messages.len();
    let messages = match n_messages {
        0 => String::new(),
        _ if n_drawn == n_messages => format!(" Lines: all {n_messages} messages, ending in a dot where they arrive."),
        _ => format!(
            " Lines: {n_drawn} of {n_messages} messages, the largest of every {}.",
            n_messages.div_ceil(MESSAGES_MAX)
        ),
    };
    line(
        svg,
        format_args!(
            "<text x=\"{LEFT}\" y=\"{}\" fill=\"#5f5f5f\">Black underline: the critical path, {} s in all.{messages}</text>",
            y + 26.0,
            significant(scale.makespan, 4)
        ),
    );
}

fn escaped(text: &str) -> String {
    one_line(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use dlpc_engine::units::Bytes;

    use super::*;

    fn messages(n: u64, bytes: impl Fn(u64) -> u64) -> Vec<Message> {
        let message = |i: u64| {
            let at = SimTime::from_picos(1_000_000 * i);
            let (from, to) = if i.is_multiple_of(2) { (0, 1) } else { (1, 0) };
            Message { from, to, bytes: Bytes(bytes(i)), sent: at, arrived: at, taken: at }
        };
        (0..n).map(message).collect()
    }

    #[test]
    fn few_messages_are_all_drawn() {
        let all = messages(400, |_| 8);
        assert_eq!(drawn(&all).len(), 400);
    }

    #[test]
    fn equal_messages_are_drawn_over_the_whole_run() {
        let all = messages(10_000, |_| 8);
        let drawn = drawn(&all);
        // One in 25 of 10,000; the first and last 1000 messages have 40 each.
        assert_eq!(drawn.len(), 400);
        let within = |from: u64| {
            let range = SimTime::from_picos(1_000_000 * from)..SimTime::from_picos(1_000_000 * (from + 1000));
            drawn.iter().filter(|message| range.contains(&message.sent)).count()
        };
        assert_eq!((within(0), within(9000)), (40, 40));
        // 24 messages of a stretch would always begin with rank 0.
        assert!(drawn.iter().any(|message| message.from == 0) && drawn.iter().any(|message| message.from == 1));
    }

    #[test]
    fn the_largest_message_is_always_drawn() {
        let all = messages(10_000, |i| if i == 7003 { 1_000_000 } else { i % 5 });
        assert!(drawn(&all).iter().any(|message| message.bytes == Bytes(1_000_000)));
    }
}
