//! Tests of the report: what is in it, and what cannot get into it.

use serde_json::json;

use super::*;
use dlpc_predict::analysis::amdahl;

fn page(title: &str, subject: Subject<'_>) -> String {
    let (curve, measured, comparison) = amdahl::small();
    report(&Report {
        title,
        curve: &curve,
        measured: Some(&measured),
        comparison: Some(&comparison),
        subject,
        excerpt: Some(Excerpt { ranks: 4, svg: "<svg></svg>" }),
        warnings: &["8 MB lies above the calibrated range".to_owned()],
        scenario: &json!({ "title": title, "run": { "ranks": [1, 4] }, "format": 1 }),
        machine: &json!({ "name": "dlpc", "title": "A <small> cluster", "provenance": { "method": "fit & guess" } }),
        command: "dlpc-sim predict 'my scenario.toml'",
    })
}

/// Returns the page without what is the same in all of them.
fn content(page: &str) -> String {
    let (_, rest) = page.split_once("</head>").expect("a head");
    let (body, rest) = rest.split_once("<script id=\"numbers\"").expect("numbers");
    let (numbers, _) = rest.split_once("</script>").expect("the end of the numbers");
    format!("{body}<script id=\"numbers\"{numbers}")
        .replace(env!("CARGO_PKG_VERSION"), "[version]")
        .replace("><", ">\n<")
}

#[test]
fn a_report_has_question_answer_charts_tables_and_provenance() {
    insta::assert_snapshot!(content(&page("Darts", Subject::Prediction)));
}

#[test]
fn a_comparison_begins_with_how_good_the_prediction_is() {
    let page = content(&page("Darts", Subject::Comparison(&[])));
    assert!(page.find("How good the prediction is") < page.find("The curve"));
    // Held out: 2 ranks (6.0 s for 6.2 s), 8 (3.0 for 3.1), 16 (2.5 for 2.5); 4 is the outlier.
    assert!(page.contains("over 3 points"), "{page}");
}

/// "8 Raspberry Pi 3B" are 64 after `machine_override.hosts.pi.count = 64`.
#[test]
fn a_cluster_is_named_with_what_the_scenario_changes_of_it() {
    let machine = json!({ "name": "dlpc", "title": "8 Raspberry Pi 3B" });
    let cluster = |changes: serde_json::Value| answer::cluster(&json!({ "machine_override": changes }), &machine);
    assert_eq!(answer::cluster(&json!({}), &machine), "8 Raspberry Pi 3B");
    let many = cluster(json!({ "hosts": { "pi": { "count": 64 } } }));
    assert_eq!(many, "8 Raspberry Pi 3B, but with hosts.pi.count = 64");
    let own_title = json!({ "machine_override": { "title": "Mine", "hosts": { "pi": { "count": 64 } } } });
    assert_eq!(answer::cluster(&own_title, &json!({ "title": "Mine" })), "Mine");
}

#[test]
fn text_of_the_user_is_escaped_everywhere() {
    let title = "</title></script><script>alert('x')</script><img src=x onerror=alert(1)> \" & '";
    let page = page(title, Subject::Prediction);
    assert!(!page.contains("<img") && !page.contains("<script>alert"), "{}", content(&page));
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(page.contains("A &lt;small&gt; cluster") && page.contains("fit &amp; guess"));
}

#[test]
fn a_report_names_no_other_place() {
    let page = page("Darts", Subject::Prediction);
    let (_, own) = page.split_once("<body>").expect("a body");
    // The only address is that of uPlot's home, in its licence comment.
    let addresses: Vec<&str> = own.match_indices("http").map(|(at, _)| &own[at..at + 33]).collect();
    assert_eq!(addresses, ["https://github.com/leeoniya/uPlot"]);
    for word in [" src=", "<link", "@import", "url("] {
        assert!(!own.contains(word), "{word}");
    }
}

#[test]
fn a_curve_of_one_point_or_none_has_a_report() {
    for ranks in [&[8][..], &[]] {
        let curve = amdahl::curve(8.0, 2.0, ranks.iter().copied());
        let value = json!({});
        let text = report(&Report {
            title: "",
            curve: &curve,
            measured: None,
            comparison: None,
            subject: Subject::Prediction,
            excerpt: None,
            warnings: &[],
            scenario: &value,
            machine: &value,
            command: "",
        });
        assert!(text.ends_with("</html>"));
    }
}
