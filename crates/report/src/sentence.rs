//! What a person would say about an explanation, one sentence each.

use dlpc_engine::units::significant;

use crate::number::TimeUnit;
use dlpc_predict::analysis::advice::{Recommendation, Rule, recommend};
use dlpc_predict::analysis::{Cause, Curve, CurvePoint};
use dlpc_predict::explanation::{
    Advice, Alternative, Detail, Explanation, Gain, InProgram, InTheory, KeepUp, Part, WhatIf,
};
use dlpc_predict::workload::{self, recorded};

/// Share of the time from which on something is worth a word.
const SHARE_MIN: f64 = 0.01;

/// Most what-ifs in a sentence.
const WHAT_IFS_MAX: usize = 3;

/// Returns what a person would say: why it takes as long as it does, what would help, how far it is from the best that
/// any program could reach, and how many ranks to use.
///
/// It is about the largest rank count that is explained.
#[must_use]
pub fn summary(curve: &Curve, explanation: &Explanation) -> Vec<String> {
    let mut sentences = reasons(curve, explanation);
    sentences.extend(advice(curve, &explanation.advice));
    sentences
}

/// Returns why it takes as long as it does, what would help, and how far it is from the best, for the largest rank count
/// that is explained.
#[must_use]
pub fn reasons(curve: &Curve, explanation: &Explanation) -> Vec<String> {
    let Some((point, detail)) = focus(curve, explanation) else { return Vec::new() };
    let mut sentences = vec![why(curve, point, detail), what_helps(point, detail)];
    sentences.extend(in_program(point, detail));
    sentences.extend(bottleneck(point, detail));
    sentences.extend(headroom(point, detail));
    sentences
}

/// Returns the largest rank count that is explained.
#[must_use]
pub fn focus<'a>(curve: &'a Curve, explanation: &'a Explanation) -> Option<(&'a CurvePoint, &'a Detail)> {
    let detail = explanation.details.last()?;
    curve.points.iter().find(|point| point.ranks == detail.ranks).map(|point| (point, detail))
}

fn why(curve: &Curve, point: &CurvePoint, detail: &Detail) -> String {
    let mut causes = shares(point);
    causes.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (main, share) = causes[0];
    let up_to = curve.points.iter().take_while(|of| of.ranks <= point.ranks);
    let same: Vec<&CurvePoint> =
        up_to.collect::<Vec<_>>().into_iter().rev().take_while(|of| of.limited_by == main).collect();
    let from = same.last().map_or(point.ranks, |first| first.ranks);
    let least = same.iter().map(|of| of.share(main)).fold(share, f64::min);
    let most = same.iter().map(|of| of.share(main)).fold(share, f64::max);
    let when = match (from, point.ranks) {
        (from, at) if from == at => format!("On {}", ranks(at)),
        (from, _) if from == curve.points[0].ranks => "At every rank count".to_owned(),
        (from, _) => format!("From {} on", ranks(from)),
    };
    let others: Vec<String> = causes[1..]
        .iter()
        .filter(|(_, share)| 5.0 * SHARE_MIN <= *share)
        .map(|(cause, share)| format!("{} is {}", in_words(*cause, detail), percent(*share)))
        .collect();
    let rest =
        if others.is_empty() { String::new() } else { format!("; on {}, {}", ranks(point.ranks), others.join(", ")) };
    format!("{when}, {} of the time is {}{rest}.", range(least, most), in_words(main, detail))
}

fn what_helps(point: &CurvePoint, detail: &Detail) -> String {
    let is_large = |gain: &&Gain| SHARE_MIN * point.makespan_s <= gain.gain_s;
    let mut gains: Vec<&Gain> = detail.what_ifs.iter().filter(is_large).take(WHAT_IFS_MAX).collect();
    // Whoever reads this has thought of a faster network.
    let network = detail.what_ifs.iter().find(|gain| gain.what_if == WhatIf::BandwidthTimesTen);
    let is_listed = network.is_none_or(|network| gains.contains(&network));
    gains.extend(network.filter(|network| !is_listed && is_large(network)));
    let mut texts: Vec<String> =
        gains.iter().map(|gain| format!("{} would save {}", gain.what_if.name(), roughly(gain.gain_s))).collect();
    if network.is_some() && !gains.is_empty() && !gains.iter().any(|gain| gain.what_if == WhatIf::BandwidthTimesTen) {
        texts.push("10x the bandwidth would save next to nothing".to_owned());
    }
    match texts.as_slice() {
        [] => format!("On {}, nothing on the list of what-ifs would save 1 % of the time.", ranks(point.ranks)),
        texts => format!("Of {} on {}, {}.", time(point.makespan_s), ranks(point.ranks), texts.join(", ")),
    }
}

/// Most parts of the user's program in a sentence.
const PARTS_MAX: usize = 3;

fn in_program(point: &CurvePoint, detail: &Detail) -> Option<String> {
    let share = |part: &InProgram| part.duration.as_seconds() / point.makespan_s;
    let large = detail.in_program.iter().filter(|part| 5.0 * SHARE_MIN <= share(part)).take(PARTS_MAX);
    let texts: Vec<String> = large.map(|part| format!("{} {}", percent(share(part)), part_in_words(part))).collect();
    (!texts.is_empty()).then(|| format!("In the program, on {}: {}.", ranks(point.ranks), texts.join("; ")))
}

fn part_in_words(part: &InProgram) -> String {
    let on = on_ranks(part);
    match &part.part {
        Part::Computing(phase) => format!("is computing of {on}, {phase}"),
        Part::Call(Some(site)) => format!("is in calls of {on} at {}", recorded::short(site)),
        Part::Call(None) => format!("is in calls of {on} at places that are not known"),
    }
}

/// Returns which part of the user's program it is.
pub(super) fn part_name(part: &Part) -> String {
    match part {
        Part::Computing(phase) => format!("computing, {phase}"),
        Part::Call(Some(site)) => format!("calls at {}", recorded::short(site)),
        Part::Call(None) => "calls at places that are not known".to_owned(),
    }
}

/// Returns on which ranks a part of the program is on the critical path.
pub(super) fn on_ranks(part: &InProgram) -> String {
    match part.ranks.as_slice() {
        [rank] => format!("rank {rank}"),
        several => ranks(u32::try_from(several.len()).unwrap_or(u32::MAX)),
    }
}

fn bottleneck(point: &CurvePoint, detail: &Detail) -> Option<String> {
    let worst = detail.bottlenecks.first()?;
    let share = worst.duration.as_seconds() / point.makespan_s;
    (5.0 * SHARE_MIN <= share).then(|| {
        let sharing = significant(worst.n_sharing, 2);
        let shared =
            if worst.n_sharing < 1.5 { String::new() } else { format!(", shared by {sharing} transfers on average") };
        format!("Bytes wait for the {}{shared}: {}.", worst.name, roughly(worst.duration.as_seconds()))
    })
}

fn headroom(point: &CurvePoint, detail: &Detail) -> Option<String> {
    let bounds = detail.bounds.as_ref()?;
    let least_s = bounds.largest_s();
    let reasons = [
        (bounds.producer_s, "the producer"),
        (bounds.span_s, "the longest chain of computing"),
        (bounds.work_s, "the work of all ranks"),
        (bounds.port_s, "the bytes through the busiest port"),
    ];
    let (_, reason) = reasons.into_iter().reduce(|a, b| if a.0 < b.0 { b } else { a })?;
    let times = point.makespan_s / least_s;
    let this_one = if times < 1.0 + 0.5 * SHARE_MIN {
        "this one takes no longer".to_owned()
    } else {
        format!("this one takes {} times that", significant(times, 3))
    };
    (least_s > 0.0).then(|| {
        format!(
            "No program that does the same on {} could take less than {}, because of {reason}; {this_one}.",
            ranks(point.ranks),
            time(least_s)
        )
    })
}

/// Returns how many ranks to use, first for the scenario as it is, then with another placement or dispatch, and how many
/// keep up with a producer.
#[must_use]
pub fn advice(curve: &Curve, advice: &Advice) -> Vec<String> {
    let of = &advice.recommendation;
    let mut sentences = vec![recommendation(curve, advice.rule, of)];
    sentences.extend(advice.alternatives.iter().map(|other| alternative(of, other, advice.rule)));
    if let Some(stream) = &advice.stream {
        sentences.push(format!(
            "To keep up with the producer for good, rounds need {}; first-free needs {}.",
            keep_up(stream.rounds),
            keep_up(stream.first_free)
        ));
    }
    sentences
}

/// Returns what another placement or dispatch would take, and how many ranks to use then; `here` is for the scenario as it is.
fn alternative(here: &Recommendation, alternative: &Alternative, rule: Rule) -> String {
    let there = &alternative.recommendation;
    let name = capital(alternative.what_if.name());
    let (best, on) = (time(there.best_s), ranks(there.best_ranks));
    if (here.best_s - there.best_s).abs() <= SHARE_MIN * here.best_s {
        return format!("{name}: the same best time within 1 %, {best} on {on}.");
    }
    let word = if there.best_s < here.best_s { "less" } else { "more" };
    let difference = roughly((here.best_s - there.best_s).abs());
    let advice = if there.ranks == there.best_ranks {
        format!("use these then, at {} efficiency", percent(there.parallel_efficiency))
    } else {
        format!(
            "use {} then: {} at {} efficiency, {}",
            ranks(there.ranks),
            time(there.makespan_s),
            percent(there.parallel_efficiency),
            reason(rule, there, &format!("these {best}"))
        )
    };
    format!("{name}: {best} on {on} at best, {difference} {word} than the best time here; {advice}.")
}

/// Returns how many ranks to use by a rule, and why.
///
/// # Panics
/// If the curve has no point.
#[must_use]
pub fn recommendation(curve: &Curve, rule: Rule, of: &Recommendation) -> String {
    if !of.pays {
        return no_rank_count_helps(curve, &percent(rule.within), of);
    }
    let best = if of.makespan_s <= (1.0 + 0.5 * SHARE_MIN) * of.best_s {
        "more ranks are no faster".to_owned()
    } else {
        format!("the best is {} on {}", time(of.best_s), ranks(of.best_ranks))
    };
    let reason = reason(rule, of, "the best time");
    let efficiency = percent(of.parallel_efficiency);
    format!("Use {}: {} at {efficiency} efficiency, {reason}; {best}.", ranks(of.ranks), time(of.makespan_s))
}

/// Returns why a rule recommends this rank count, which is judged by the best time, named as `best`.
fn reason(rule: Rule, of: &Recommendation, best: &str) -> String {
    let (within, least) = (percent(rule.within), percent(rule.efficiency));
    if of.ranks == of.fast_enough_ranks {
        format!("the fewest that are within {within} of {best}")
    } else if of.parallel_efficiency < rule.efficiency {
        format!("the fewest of all, because no rank count is at least {least} efficient")
    } else {
        let enough = ranks(of.fast_enough_ranks);
        format!("the most that are at least {least} efficient ({enough} would be within {within} of {best})")
    }
}

/// Returns what keeps more ranks than the recommended ones from helping; none if no more were predicted.
#[must_use]
pub fn beyond(curve: &Curve, rule: Rule) -> Option<String> {
    let of = recommend(curve, rule);
    let last = curve.points.last()?;
    let cause = last.limited_by;
    (of.ranks < last.ranks && of.pays).then(|| {
        let (on, share) = (ranks(last.ranks), percent(last.share(cause)));
        format!("On {on} it takes {}, {share} of it: {}.", time(last.makespan_s), cause.name())
    })
}

/// Returns how many ranks keep up with the producer of a log stream, by queueing theory.
#[must_use]
pub fn keep_up_in_theory(of: &InTheory) -> String {
    let (rounds, first_free) = (count(of.rounds), count(of.first_free));
    format!(
        "To keep up with the producer for good, by queueing theory, rounds need {rounds}; first-free needs {first_free}."
    )
}

fn no_rank_count_helps(curve: &Curve, within: &str, of: &Recommendation) -> String {
    let first = &curve.points[0];
    let best = curve.points.iter().find(|point| point.ranks == of.best_ranks).unwrap_or(first);
    let cause = best.limited_by;
    let why = match cause {
        Cause::Producer => "all wait for the producer, whose log files come no faster for more ranks".to_owned(),
        Cause::SerialTail => "rank 0 does most of it alone, and more ranks leave it no less to do".to_owned(),
        _ => format!("what limits it is {} ({} of the time)", cause.name(), percent(best.share(cause))),
    };
    let (one, on) = (time(first.makespan_s), ranks(first.ranks));
    if best.ranks == first.ranks {
        return format!("No rank count helps: {one} on {on} is the best time; {why}.");
    }
    let (best_s, best_on) = (time(of.best_s), ranks(of.best_ranks));
    format!(
        "No rank count helps: the best time, {best_s} on {best_on}, is not more than {within} shorter than {one} on {on}; {why}."
    )
}

fn keep_up(of: KeepUp) -> String {
    format!("{} by simulation, {} by queueing theory", count(of.simulated), count(of.theory))
}

fn count(least: Option<u32>) -> String {
    least.map_or("more ranks than there are".to_owned(), ranks)
}

fn in_words(cause: Cause, detail: &Detail) -> String {
    let special = detail.kernels.iter().filter_map(|(kernel, _)| workload::facts_of(*kernel).in_words);
    if let Some((_, words)) = special.into_iter().find(|(of, _)| *of == cause) {
        return words.to_owned();
    }
    match cause {
        Cause::Round => "free ranks waiting for the slowest of the round although log files are there".to_owned(),
        Cause::Producer => "waiting for the producer".to_owned(),
        Cause::Compute => "computing".to_owned(),
        _ => cause.name().to_owned(),
    }
}

fn shares(point: &CurvePoint) -> Vec<(Cause, f64)> {
    point.breakdown.iter().map(|(cause, _)| (*cause, point.share(*cause))).collect()
}

fn percent(ratio: f64) -> String {
    format!("{:.0} %", 100.0 * ratio)
}

fn range(least: f64, most: f64) -> String {
    if percent(least) == percent(most) { percent(most) } else { format!("{:.0}–{}", 100.0 * least, percent(most)) }
}

fn ranks(n: u32) -> String {
    if n == 1 { "1 rank".to_owned() } else { format!("{n} ranks") }
}

fn time(seconds: f64) -> String {
    with_digits(seconds, 4)
}

/// Formats a part or a difference, which is known less well than what it is a part of.
fn roughly(seconds: f64) -> String {
    with_digits(seconds, 3)
}

fn with_digits(seconds: f64, digits: usize) -> String {
    let unit = TimeUnit::for_longest(seconds.abs());
    format!("{} {}", significant(seconds / unit.seconds, digits), unit.symbol)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use dlpc_predict::analysis::amdahl;
    use dlpc_predict::workload::{Edit, Scope};

    /// What is said of first-free dispatch with the curve `8 s / P + 2 s` where rounds take 12 s at best.
    fn first_free(rule: Rule) -> String {
        let of = |parallel_s, serial_s| recommend(&amdahl::curve(parallel_s, serial_s, [1, 2, 4, 8, 16]), rule);
        let edit = Edit { key: "first_free", name: "first-free instead of rounds", scope: Scope::Dispatch };
        let what_if = WhatIf::Program(edit);
        alternative(&of(8.0, 11.5), &Alternative { what_if, recommendation: of(8.0, 2.0) }, rule)
    }

    #[test]
    fn an_alternative_says_why_fewer_ranks_do_than_take_the_best_time() {
        // 8 ranks take 8 / 8 + 2 = 3 s, less than 1.25 * 2.5 s; 10 s / 3 s / 8 = 42 %.
        assert_eq!(
            first_free(Rule { within: 0.25, efficiency: 0.4 }),
            "First-free instead of rounds: 2.5 s on 16 ranks at best, 9.5 s less than the best time here; use 8 ranks then: \
             3 s at 42 % efficiency, the fewest that are within 25 % of these 2.5 s."
        );
    }

    #[test]
    fn an_alternative_says_when_it_is_efficiency_that_keeps_the_ranks_few() {
        // Within 5 % of 2.5 s are 16 ranks alone, which are 25 % efficient; 4 ranks take 4 s, 10 s / 4 s / 4 = 62.5 %.
        assert_eq!(
            first_free(Rule { within: 0.05, efficiency: 0.6 }),
            "First-free instead of rounds: 2.5 s on 16 ranks at best, 9.5 s less than the best time here; use 4 ranks then: \
             4 s at 62 % efficiency, the most that are at least 60 % efficient (16 ranks would be within 5 % of these 2.5 s)."
        );
    }

    #[test]
    fn an_alternative_whose_best_rank_count_is_worth_it_names_it_once() {
        assert_eq!(
            first_free(Rule { within: 0.05, efficiency: 0.2 }),
            "First-free instead of rounds: 2.5 s on 16 ranks at best, 9.5 s less than the best time here; use these then, at \
             25 % efficiency."
        );
    }
}
