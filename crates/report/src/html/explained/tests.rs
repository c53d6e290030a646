//! Tests of what an explanation adds to a page.

use dlpc_engine::units::SimDuration;

use super::*;
use dlpc_predict::analysis::advice::{Rule, recommend};
use dlpc_predict::analysis::amdahl;
use dlpc_predict::analysis::sensitivity::Parameter;
use dlpc_predict::explanation::{Advice, WhatIf};

fn detail(point: &CurvePoint) -> Detail {
    let makespan_s = 0.5 * point.makespan_s;
    let bottleneck = |name: &str, micros| Bottleneck {
        name: name.to_owned(),
        duration: SimDuration::from_micros(micros),
        n_sharing: 2.0,
    };
    Detail {
        ranks: point.ranks,
        kernels: Vec::new(),
        bottlenecks: vec![bottleneck("port of <pi0>", 500_000), bottleneck("memory within a host", 1)],
        bounds: Some(Bounds { work_s: 1.0, span_s: 2.0, port_s: 0.5, busiest_link: None, producer_s: 0.0 }),
        busiest_link: None,
        load_balance: None,
        sensitivities: vec![
            Sensitivity { parameter: Parameter::CoreSpeed, elasticity: -0.8, path_share: Some(-0.2) },
            Sensitivity { parameter: Parameter::SwitchLatency, elasticity: 0.001, path_share: None },
        ],
        in_program: Vec::new(),
        what_ifs: vec![
            Gain { what_if: WhatIf::CoresTwiceAsFast, makespan_s, gain_s: makespan_s },
            Gain { what_if: WhatIf::AllEager, makespan_s: 1.25 * point.makespan_s, gain_s: -0.25 * point.makespan_s },
        ],
    }
}

fn small(ranks: &[u32]) -> (Curve, Explanation) {
    let curve = amdahl::small().0;
    let rule = Rule::default();
    let recommendation = recommend(&curve, rule);
    let advice = Advice { rule, recommendation, alternatives: Vec::new(), stream: None };
    let wanted = curve.points.iter().filter(|point| ranks.contains(&point.ranks));
    let details = wanted.map(detail).collect();
    (curve, Explanation { details, advice })
}

#[test]
fn one_rank_count_is_shown_and_the_others_can_be_chosen() {
    let text = what_helps(&small(&[1, 4, 16]).1).into_string();
    assert_eq!(text.matches("data-at-ranks=").count(), 3);
    assert!(text.contains(r#"<div data-at-ranks="16"><h3>What if, on 16 ranks"#), "{text}");
    assert!(text.contains(r#"<div data-at-ranks="1" hidden><h3>What if, on 1 rank<"#), "{text}");
    assert!(text.contains(r#"<option value="16" selected>"#), "{text}");
    let alone = what_helps(&small(&[4]).1).into_string();
    assert!(!alone.contains("<select") && alone.contains(r#"<div data-at-ranks="4"><"#), "{alone}");
}

#[test]
fn gains_and_losses_have_bars_of_their_share() {
    let text = what_helps(&small(&[16]).1).into_string();
    // Half the time is gained; a quarter of it is lost.
    assert!(text.contains(r#"<span class="bar" style="width:50.0%">"#), "{text}");
    assert!(text.contains(r#"<span class="bar loss" style="width:25.0%">"#), "{text}");
    assert!(text.contains("-50.0 %") && text.contains("+25.0 %"), "{text}");
}

#[test]
fn what_hardly_matters_is_left_out_and_names_are_escaped() {
    let text = what_helps(&small(&[16]).1).into_string();
    assert!(text.contains("hosts.speed") && !text.contains("switch.latency"), "{text}");
    assert!(text.contains("port of &lt;pi0&gt;") && !text.contains("memory within a host"), "{text}");
    assert!(text.contains("already leads to another path"), "{text}");
}

#[test]
fn bounds_that_hold_nowhere_have_no_column() {
    let (curve, explanation) = small(&[1, 16]);
    let text = bounds(&curve, &explanation).into_string();
    assert!(text.contains("longest chain [s]") && !text.contains("producer [s]"), "{text}");
    // 10 s on one rank and 2.5 s on 16, over 2 s.
    assert!(
        text.contains("<td class=\"number\">5.00</td>") && text.contains("<td class=\"number\">1.25</td>"),
        "{text}"
    );
    let mut untraced = explanation;
    untraced.details.iter_mut().for_each(|detail| detail.bounds = None);
    assert_eq!(bounds(&curve, &untraced).into_string(), "");
}

#[test]
fn the_answer_says_why_and_the_words_say_how_many_ranks() {
    let (curve, explanation) = small(&[1, 2, 4, 8, 16]);
    // 0.5 s of 2.5 s is computing, 1.5 s the serial tail: from 8 ranks on (1 s and 1.5 s of 3 s) it is the largest part.
    assert!(answer(&curve, &explanation).starts_with("From 8 ranks on, 50–60 % of the time is serial tail on rank 0"));
    let text = words(&curve, &explanation).into_string();
    // Efficiency on 16 ranks is 10 / 2.5 / 16 = 25 %.
    assert!(text.contains("cores twice as fast would save 1.25 s") && text.contains("Use 16 ranks"), "{text}");
}
