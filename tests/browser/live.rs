//! The page of `explore`.

use serde_json::Value;

use crate::chromium::Browser;
use crate::served::{Server, ShortScenario, run};

/// Turns a slider to a share of its length and waits for the answer.
fn turn(browser: &mut Browser, knob: &str, share: f64) {
    let before = browser.run("+(document.documentElement.dataset.answers || 0)");
    browser.run(&format!(
        "(() => {{ const slider = document.querySelector('[data-slider={knob}]'); slider.value = {};
           slider.dispatchEvent(new Event('input', {{ bubbles: true }})); }})()",
        1000.0 * share
    ));
    browser.wait_for(&format!("+(document.documentElement.dataset.answers || 0) > {before}"));
}

#[test]
fn sliders_change_curve_breakdown_answer_and_address() {
    let short = ShortScenario::new();
    for scenario in ["scenarios/dlpc-pi-coordinates.toml", &short.path()] {
        sliders_change_the_page_of(scenario);
    }
}

fn sliders_change_the_page_of(scenario: &str) {
    let server = Server::start(scenario);
    let mut browser = Browser::start();
    browser.open(&server.address);
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert_eq!(browser.requests(), [server.address.clone()]);
    // With more cores all ranks fit on one host, and the network no longer counts: the network comes first.
    for knob in ["latency", "bandwidth", "speed", "noise", "cores", "ranks"] {
        let numbers =
            "fetch('answer' + location.search).then((it) => it.json()).then((it) => JSON.stringify(it.numbers))";
        let before = (browser.picture("chart-curve"), browser.text("location.search"), browser.text(numbers));
        turn(&mut browser, knob, if knob == "ranks" { 0.3 } else { 0.8 });
        assert_ne!(browser.text("location.search"), before.1, "{knob}");
        assert!(browser.text(numbers) != before.2, "{knob} changes no number");
        // 0.6 ms of latency cannot be seen beside 14 s.
        assert!(knob == "latency" || browser.picture("chart-curve") != before.0, "{knob} changes no curve");
    }
    let foreign: Vec<String> =
        browser.requests().into_iter().filter(|request| !request.starts_with(&server.address)).collect();
    assert_eq!(foreign, Vec::<String>::new());
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_log_stream_has_its_knobs() {
    let server = Server::start("scenarios/dlpc-log-60s.toml");
    let mut browser = Browser::start();
    browser.open(&server.address);
    let before = browser.text("document.getElementById('answer').textContent");
    turn(&mut browser, "analysis", 0.2);
    turn(&mut browser, "interval", 0.5);
    assert_ne!(browser.text("document.getElementById('answer').textContent"), before);
    browser.run(
        "(() => { const choice = document.getElementById('knob-dispatch'); choice.value = 'first-free';
           choice.dispatchEvent(new Event('input', { bubbles: true })); })()",
    );
    browser.wait_for("location.search.includes('dispatch=first-free')");
    browser.click("#reset");
    browser.wait_for("location.search === ''");
    assert_eq!(browser.text("document.getElementById('answer').textContent"), before);
}

#[test]
fn advice_follows_the_sliders() {
    let server = Server::start("scenarios/dlpc-log-60s.toml");
    let mut browser = Browser::start();
    browser.open(&server.address);
    let advice = "document.getElementById('advice').textContent";
    let before = browser.text(advice);
    assert!(
        before.starts_with("Use 10 ranks: ") && before.contains("queueing theory, rounds need 13 ranks"),
        "{before}"
    );
    browser.run(
        "(() => { const field = document.getElementById('knob-analysis'); field.value = '10';
           field.dispatchEvent(new Event('input', { bubbles: true })); })()",
    );
    browser.wait_for("location.search.includes('analysis=10')");
    let after = browser.text(advice);
    // Two files come while one is analysed.
    assert!(after.starts_with("Use ") && !after.starts_with("Use 10 ranks"), "{after}");
    browser.run(
        "(() => { const field = document.getElementById('knob-analysis'); field.value = '3';
           field.dispatchEvent(new Event('input', { bubbles: true })); })()",
    );
    browser.wait_for("location.search.includes('analysis=3')");
    let alone = browser.text(advice);
    assert!(alone.starts_with("No rank count helps") && alone.contains("rounds need 1 rank;"), "{alone}");
}

#[test]
fn an_address_restores_knobs_view_and_curve() {
    let short = ShortScenario::new();
    for scenario in ["scenarios/dlpc-pi-count.toml", &short.path()] {
        an_address_restores_the_page_of(scenario);
    }
}

fn an_address_restores_the_page_of(scenario: &str) {
    let server = Server::start(scenario);
    let mut browser = Browser::start();
    browser.open(&server.address);
    turn(&mut browser, "bandwidth", 0.9);
    turn(&mut browser, "speed", 0.7);
    browser.click("[name=quantity][value=speedup]");
    browser.click("[name=logX]");
    let state = "[location.href, document.getElementById('knob-bandwidth').value, document.getElementById('knob-speed').value,
                  document.getElementById('answer').textContent, document.querySelector('[name=quantity]:checked').value]";
    let before = browser.run(state);
    let picture = browser.picture("chart-curve");
    browser.open("about:blank");
    browser.open(before[0].as_str().expect("an address"));
    assert_eq!(browser.run(state), before);
    assert_eq!(browser.picture("chart-curve"), picture);
}

#[test]
fn a_saved_scenario_gives_the_numbers_of_the_page() {
    let short = ShortScenario::new();
    for (scenario, n_points) in [("scenarios/dlpc-pi-coordinates.toml", 32), (short.path().as_str(), 6)] {
        a_saved_scenario_gives_the_numbers_of(scenario, n_points);
    }
}

fn a_saved_scenario_gives_the_numbers_of(scenario: &str, n_points: usize) {
    let server = Server::start(scenario);
    let mut browser = Browser::start();
    browser.open(&server.address);
    turn(&mut browser, "speed", 0.6);
    turn(&mut browser, "latency", 0.9);
    let saved = browser.text("fetch(document.getElementById('save').href).then((answer) => answer.text())");
    let rows = "[...document.querySelectorAll('#curve-table tbody tr')].map((row) => row.cells[1].textContent)";
    let on_page = browser.run(rows);
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let path = folder.path().join("saved.toml");
    std::fs::write(&path, saved).expect("a file");
    let out = folder.path().join("out");
    let printed = run("predict", &path, &out, &["--format", "json"]);
    let _: Value = serde_json::from_str(&printed).expect("JSON");
    browser.open(&format!("file://{}", out.join("report.html").display()));
    assert_eq!(browser.run(rows), on_page);
    assert_eq!(on_page.as_array().map(Vec::len), Some(n_points));
}

#[test]
fn a_wrong_value_is_explained_and_the_page_stays() {
    let short = ShortScenario::new();
    for scenario in ["scenarios/dlpc-pi-count.toml", &short.path()] {
        a_wrong_value_is_explained_on_the_page_of(scenario);
    }
}

fn a_wrong_value_is_explained_on_the_page_of(scenario: &str) {
    let server = Server::start(scenario);
    let mut browser = Browser::start();
    browser.open(&format!("{}?ranks=1000000000", server.address));
    assert!(browser.text("document.getElementById('problem').textContent").contains("between 1 and 256"));
    turn(&mut browser, "ranks", 0.5);
    assert_eq!(browser.run("document.getElementById('problem').hidden"), true);
    browser.run(
        "(() => { const field = document.getElementById('knob-ranks'); field.value = '100000';
           field.dispatchEvent(new Event('input', { bubbles: true })); })()",
    );
    assert_eq!(browser.run("document.getElementById('problem').hidden"), false);
}

#[test]
fn a_phone_shows_the_knobs_without_scrolling_sideways_and_the_curve_while_they_turn() {
    let short = ShortScenario::new();
    for scenario in ["scenarios/dlpc-pi-count.toml", "scenarios/dlpc-log-60s.toml", &short.path()] {
        let server = Server::start(scenario);
        let mut browser = Browser::start();
        // Of today, of some years ago, and held sideways.
        for (width, height) in [(390, 844), (375, 667), (844, 390)] {
            browser.resize(width, height);
            browser.open(&server.address);
            assert_eq!(browser.run("document.documentElement.scrollWidth <= innerWidth"), true, "{scenario}");
            assert_eq!(browser.run(HIDDEN_WHILE_TURNED), serde_json::json!([]), "{scenario} on {width} x {height}");
        }
    }
}

/// The knobs beside which less than all of the curve is in sight, or which themselves are not.
const HIDDEN_WHILE_TURNED: &str = "[...document.querySelectorAll('.knob')].filter((knob) => {
    knob.scrollIntoView({ block: 'end' });
    const curve = document.querySelector('#chart-curve .u-wrap').getBoundingClientRect();
    const box = knob.getBoundingClientRect();
    const isHidden = box.top < curve.bottom && curve.left < box.right && box.left < curve.right;
    return curve.top < -1 || curve.bottom > innerHeight + 1 || isHidden;
  }).map((knob) => knob.textContent)";

#[test]
fn a_link_of_another_page_opens_the_page_and_no_state_of_it() {
    let server = Server::start("scenarios/dlpc-pi-count.toml");
    let elsewhere = server.address.replace("127.0.0.1", "localhost");
    let mut browser = Browser::start();
    let mut follow = |target: &str| {
        browser.open(&elsewhere);
        browser.leave(&format!("location.href = '{}{target}'", server.address));
        browser.text("document.body.textContent")
    };
    assert!(follow("?ranks=9").contains("requests of other web pages are refused"));
    assert!(follow("").contains("Turn a knob"));
    // What the visitor does there is the page's own.
    turn(&mut browser, "speed", 0.7);
    browser.leave("location.reload()");
    assert_eq!(browser.run("document.getElementById('knob-speed') !== null && location.search.length > 0"), true);
}
