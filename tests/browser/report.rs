//! `report.html`, opened from disk.

use crate::chromium::Browser;
use crate::served::Report;

/// Opens the report of coordinates.
fn opened(browser: &mut Browser) -> Report {
    let report = Report::of("predict", "scenarios/dlpc-pi-coordinates.toml");
    browser.open(&report.address());
    report
}

/// Returns the value of the legend's entry that begins with a name.
fn legend(browser: &mut Browser, name: &str) -> String {
    browser.text(&format!(
        "[...document.querySelectorAll('#chart-curve .u-series')].find((row) =>
           row.querySelector('.u-label').textContent.startsWith('{name}')).querySelector('.u-value').textContent"
    ))
}

#[test]
fn reports_load_from_disk_without_complaints_or_a_network() {
    let mut browser = Browser::start();
    for (command, scenario) in [
        ("predict", "scenarios/dlpc-pi-coordinates.toml"),
        ("predict", "scenarios/dlpc-log-60s.toml"),
        ("predict", "scenarios/pi3-64-hosts.toml"),
        ("compare", "scenarios/dlpc-pi-count.toml"),
        ("explain", "scenarios/dlpc-pi-coordinates.toml"),
        ("explain", "scenarios/dlpc-log-1s.toml"),
    ] {
        let report = Report::of(command, scenario);
        browser.open(&report.address());
        assert_eq!(browser.complaints(), Vec::<String>::new(), "{scenario}");
        assert_eq!(browser.requests(), [report.address()], "{scenario}");
        assert!(browser.run("document.querySelectorAll('canvas').length").as_u64() >= Some(2), "{scenario}");
        // 256 ranks are 160 times as fast as one: as seconds, their bar would be 2 pixels high.
        let has_short_bars = scenario.ends_with("pi3-64-hosts.toml");
        assert_eq!(browser.run("document.querySelector('[name=share]').checked"), has_short_bars, "{scenario}");
    }
}

#[test]
fn hovering_and_arrow_keys_show_values() {
    let mut browser = Browser::start();
    let _report = opened(&mut browser);
    assert_eq!(legend(&mut browser, "predicted"), "–");
    browser.hover("#chart-curve .u-over");
    browser.wait_for("document.querySelector('#chart-curve .u-series .u-value').textContent !== '–'");
    let value: f64 = legend(&mut browser, "predicted").parse().expect("a number");
    // The plateau of the measured curve.
    assert!((13.0..16.0).contains(&value), "{value}");
    browser.run("document.getElementById('chart-curve').focus()");
    browser.press("End");
    browser.wait_for("document.querySelector('#chart-curve .u-series .u-value').textContent === '32'");
    browser.press("ArrowLeft");
    browser.wait_for("document.querySelector('#chart-curve .u-series .u-value').textContent === '31'");
}

#[test]
fn legend_axes_and_quantity_change_the_chart() {
    let mut browser = Browser::start();
    let _report = opened(&mut browser);
    let mut seen = vec![browser.picture("chart-curve")];
    let mut look = |browser: &mut Browser, what: &str| {
        browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
        let picture = browser.picture("chart-curve");
        assert!(!seen.contains(&picture), "{what} changes nothing");
        seen.push(picture);
    };
    browser.click("#chart-curve .u-series:nth-child(4) th");
    look(&mut browser, "the legend");
    assert_eq!(
        browser.text("document.querySelector('#chart-curve .u-series:nth-child(4) th').getAttribute('aria-pressed')"),
        "false"
    );
    browser.click("[name=logY]");
    look(&mut browser, "the vertical axis");
    browser.click("[name=logX]");
    look(&mut browser, "the axis of ranks");
    browser.click("[name=quantity][value=speedup]");
    look(&mut browser, "the quantity");
    let before = browser.picture("chart-breakdown");
    browser.click("[name=share]");
    assert_ne!(browser.picture("chart-breakdown"), before);
    browser.click("#chart-breakdown .u-series:nth-child(2) th");
    browser.wait_for("document.querySelector('#chart-breakdown .u-series:nth-child(2)').classList.contains('u-off')");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_phone_shows_it_without_scrolling_sideways_and_the_dark_is_dark() {
    let mut browser = Browser::start();
    browser.resize(390, 844);
    let _report = opened(&mut browser);
    assert_eq!(browser.run("document.documentElement.scrollWidth <= innerWidth"), true);
    assert_eq!(
        browser.run("document.querySelector('#chart-curve canvas').getBoundingClientRect().width <= innerWidth"),
        true
    );
    let background = "getComputedStyle(document.body).backgroundColor";
    browser.prefer("light");
    assert_eq!(browser.text(background), "rgb(255, 255, 255)");
    let light = browser.picture("chart-curve");
    browser.prefer("dark");
    assert_eq!(browser.text(background), "rgb(20, 23, 27)");
    browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    assert_ne!(browser.picture("chart-curve"), light);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn every_chart_has_a_name_and_a_table() {
    let mut browser = Browser::start();
    let _report = opened(&mut browser);
    for (chart, table) in
        [("chart-curve", "curve-table"), ("chart-breakdown", "breakdown-table"), ("chart-errors", "comparison-table")]
    {
        assert!(!browser.text(&format!("document.getElementById('{chart}').getAttribute('aria-label')")).is_empty());
        assert!(browser.run(&format!("document.querySelectorAll('#{table} tbody tr').length")).as_u64() >= Some(20));
    }
    assert_eq!(browser.run("document.querySelector('.timeline svg').getAttribute('role')"), "img");
}

/// Returns whether nothing of the page is wider than the screen, but for what scrolls by itself.
fn fits(browser: &mut Browser) -> bool {
    browser.run("document.documentElement.scrollWidth <= innerWidth") == true
}

#[test]
fn an_explanation_shows_each_rank_count_and_its_bounds() {
    let mut browser = Browser::start();
    let report = Report::of("explain", "scenarios/dlpc-pi-coordinates.toml");
    browser.open(&report.address());
    let shown = "[...document.querySelectorAll('[data-at-ranks]')].filter((it) => !it.hidden).map((it) => it.dataset.atRanks).join()";
    assert_eq!(browser.text(shown), "32");
    browser.run(
        "(() => { const choice = document.querySelector('#view-ranks select'); choice.value = '4';
           choice.dispatchEvent(new Event('change', { bubbles: true })); })()",
    );
    assert_eq!(browser.text(shown), "4");
    let first = "[...document.querySelectorAll('[data-at-ranks]')].find((it) => !it.hidden).querySelector('tbody th').textContent";
    assert_eq!(browser.text(first), "returning only the count");
    let before = browser.picture("chart-bounds");
    browser.click("#view-bounds [name=logY]");
    browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
    assert_ne!(browser.picture("chart-bounds"), before);
    assert_eq!(browser.run("document.querySelectorAll('#bounds-table tbody tr').length"), 32);
    browser.resize(390, 844);
    assert!(fits(&mut browser));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn several_comparisons_share_a_chart() {
    let mut browser = Browser::start();
    let report = Report::with("compare", "scenarios/dlpc-pi-count.toml", &["scenarios/dlpc-pi-coordinates.toml"]);
    browser.open(&report.address());
    let names = "[...document.querySelectorAll('#chart-overlay .u-label')].map((it) => it.textContent).join()";
    assert_eq!(
        browser.text(names),
        "ranks,dlpc-pi-count,dlpc-pi-count, measured,dlpc-pi-count, used for the fit,dlpc-pi-count, outlier,\
         dlpc-pi-coordinates,dlpc-pi-coordinates, measured,dlpc-pi-coordinates, used for the fit,\
         dlpc-pi-coordinates, outlier"
    );
    for input in ["logY", "logX"] {
        let before = browser.picture("chart-overlay");
        browser.click(&format!("#view-overlay [name={input}]"));
        browser.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
        assert_ne!(browser.picture("chart-overlay"), before, "{input}");
    }
    assert_eq!(browser.run("document.querySelectorAll('#chart-overlay-errors canvas').length"), 1);
    assert_eq!(browser.run("document.querySelectorAll('#accuracy-table tbody tr').length"), 2);
    browser.resize(390, 844);
    assert!(fits(&mut browser));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn the_page_of_a_fit_shows_figures_and_tables_without_scripts_and_fits_a_phone() {
    let mut browser = Browser::start();
    browser.resize(390, 844);
    let report = Report::of_fit();
    browser.open(&report.address());
    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert_eq!(browser.requests(), [report.address()]);
    assert_eq!(browser.run("document.scripts.length"), 0);
    assert_eq!(browser.run("document.querySelectorAll('svg[role=img]').length"), 3);
    assert!(browser.run("document.querySelectorAll('#parameters-table tbody tr').length").as_u64() >= Some(20));
    assert_eq!(browser.run("document.documentElement.scrollWidth <= innerWidth"), true);
}
