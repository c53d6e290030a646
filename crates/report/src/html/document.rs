//! The frame of a page: head, style, scripts and the numbers that they draw.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde::Serialize;

const UPLOT_STYLE: &str = include_str!("../../assets/page/uPlot.min.css");
const UPLOT: &str = include_str!("../../assets/page/uPlot.iife.min.js");
const STYLE: &str = include_str!("../../assets/page/page.css");
const CHARTS: &str = include_str!("../../assets/page/charts.js");
const CONTROLS: &str = include_str!("../../assets/page/controls.js");
const REPORT: &str = include_str!("../../assets/page/report.js");
const LIVE: &str = include_str!("../../assets/page/live.js");

/// A page without scripts runs none.
const STILL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";
/// A browser that obeys it loads nothing from anywhere, even if a way to slip an address in were found.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
/// The live page may ask its own server.
const LIVE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'self'";

/// What a page consists of.
pub(super) struct Content<'a, N> {
    /// Title of the window.
    pub(super) title: &'a str,
    /// What is seen.
    pub(super) body: Markup,
    /// What the scripts draw.
    pub(super) numbers: &'a N,
    /// What the page can do.
    pub(super) scripts: Scripts,
}

/// What a page can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scripts {
    /// Charts of fixed numbers.
    Report,
    /// Charts that follow knobs.
    Live,
}

/// Returns the whole document.
pub(super) fn page<N: Serialize>(content: &Content<'_, N>) -> String {
    let (policy, last) = match content.scripts {
        Scripts::Report => (POLICY, REPORT),
        Scripts::Live => (LIVE_POLICY, LIVE),
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(content.title, policy))
            body {
                (content.body)
                script id="numbers" type="application/json" { (PreEscaped(json_in_html(content.numbers))) }
                @for script in [UPLOT, CHARTS, CONTROLS, last] {
                    script { (PreEscaped(script)) }
                }
            }
        }
    }
    .into_string()
}

/// Returns a document without scripts: figures and tables only.
pub(super) fn still(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head(title, STILL_POLICY))
            body { (body) }
        }
    }
    .into_string()
}

fn head(title: &str, policy: &str) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta http-equiv="Content-Security-Policy" content=(policy);
            meta name="generator" content=(concat!("dlpc-sim ", env!("CARGO_PKG_VERSION")));
            title { (title) " – dlpc-sim" }
            link rel="icon" href="data:,";
            style { (PreEscaped(UPLOT_STYLE)) "\n" (PreEscaped(STYLE)) }
        }
    }
}

/// Returns JSON that cannot end the element that it stands in: without `<`, `>` and `&`.
fn json_in_html(numbers: &impl Serialize) -> String {
    let text = serde_json::to_string(numbers).expect("invariant: keys are strings and nothing fails to serialize");
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_json_cannot_end_its_element() {
        let text = json_in_html(&"</script><script>alert(1)</script>&amp;");
        assert!(!text.contains(['<', '>', '&']), "{text}");
        let back: String = serde_json::from_str(&text).expect("JSON");
        assert_eq!(back, "</script><script>alert(1)</script>&amp;");
    }

    #[test]
    fn no_script_can_end_its_element_early() {
        for script in [UPLOT, CHARTS, CONTROLS, REPORT, LIVE] {
            assert!(!script.contains("</script"));
        }
    }
}
