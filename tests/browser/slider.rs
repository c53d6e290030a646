//! How long it takes from a slider to its curve, in a real browser: `cargo bench --bench slider`.

#[expect(dead_code, reason = "the tests use more of it")]
mod chromium;
#[expect(dead_code, reason = "the tests use more of it")]
mod served;

use chromium::Browser;
use served::Server;

const SCENARIOS: [&str; 4] = ["dlpc-pi-count", "dlpc-pi-coordinates", "dlpc-log-1s", "dlpc-log-60s"];
/// Positions of each slider, in thousandths of its length.
const POSITIONS: [u32; 5] = [150, 350, 500, 650, 850];

fn main() {
    let mut all: Vec<f64> = Vec::new();
    for scenario in SCENARIOS {
        let server = Server::start(&format!("scenarios/{scenario}.toml"));
        let mut browser = Browser::start();
        browser.open(&server.address);
        let knobs = browser.run("[...document.querySelectorAll('[data-slider]')].map((it) => it.dataset.slider)");
        let knobs: Vec<String> = serde_json::from_value(knobs).expect("names of knobs");
        let mut millis: Vec<f64> = Vec::new();
        // Replications and numbers of things make the work longer than the page does by itself.
        for knob in knobs.iter().filter(|knob| *knob != "replications") {
            millis.extend(POSITIONS.map(|position| turn(&mut browser, knob, position)));
            browser.click("#reset");
            browser.wait_for("location.search === ''");
        }
        summarize(scenario, &mut millis);
        all.extend(millis);
    }
    summarize("all of them", &mut all);
}

fn summarize(name: &str, millis: &mut [f64]) {
    millis.sort_by(f64::total_cmp);
    let quantile = |percent: usize| millis[(millis.len() - 1) * percent / 100];
    let (median, p95, most) = (quantile(50), quantile(95), quantile(100));
    report(&format!("{name}: {} turns, median {median:.1} ms, 95 % {p95:.1} ms, most {most:.1} ms", millis.len()));
}

/// Turns a slider and returns the milliseconds until the curve is drawn.
fn turn(browser: &mut Browser, knob: &str, position: u32) -> f64 {
    let before = browser.run("+(document.documentElement.dataset.answers || 0)");
    browser.run(&format!(
        "(() => {{ const slider = document.querySelector('[data-slider={knob}]'); slider.value = {position};
           slider.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()"
    ));
    browser.wait_for(&format!("+(document.documentElement.dataset.answers || 0) > {before}"));
    browser.run("+document.documentElement.dataset.lastMs").as_f64().expect("milliseconds")
}

#[expect(clippy::print_stdout, reason = "a bench reports")]
fn report(line: &str) {
    println!("{line}");
}
