//! The figures of a fit: samples and the fitted model's line above, relative errors below.

mod cloud;
mod compute;
mod messages;
mod network;
mod runs;

use dlpc_engine::machine::MachineModel;

use self::cloud::Picture;
use super::paint;
use super::scene::Scene;
use dlpc_predict::fit::evidence::{Over, Series};

/// One figure of a fit.
#[derive(Debug)]
pub struct FitFigure {
    /// Stem of its file, for instance `fit-remote`.
    pub file_stem: &'static str,
    /// What it shows, in words.
    pub caption: &'static str,
    title: String,
    scene: Scene,
}

impl FitFigure {
    /// Returns the figure as an SVG document of 960 x 600 pixels.
    #[must_use]
    pub fn svg(&self) -> String {
        paint::svg(&self.scene, &format!("{}: {}", self.title, self.caption))
    }

    /// Returns the figure as a PNG file of 1920 x 1200 pixels.
    #[must_use]
    pub fn png(&self) -> Vec<u8> {
        paint::png(&self.scene)
    }
}

/// Returns the figures of what was measured: messages by class of pairs, many messages at once, computing, whole programs.
#[must_use]
pub fn figures(title: &str, machine: &MachineModel, series: &[Series]) -> Vec<FitFigure> {
    let figure = |file_stem, caption, picture: Picture| {
        let scene = picture.scene(title, caption);
        FitFigure { file_stem, caption, title: title.to_owned(), scene }
    };
    let of_messages = |class: &str, table| messages::picture(series, class, table);
    let found = [
        ("fit-remote", "Messages between hosts", of_messages("remote", &machine.remote)),
        ("fit-local", "Messages within a host", of_messages("local", &machine.local)),
        ("fit-network", "Many messages at once: what a port carries", network::picture(series, machine)),
        ("fit-compute", "Computing, by host and busy cores", compute::picture(series, machine)),
        ("fit-runs", "Whole programs", runs::picture(series)),
    ];
    found.into_iter().filter_map(|(stem, caption, picture)| Some(figure(stem, caption, picture?))).collect()
}

/// Returns the series that depend on the size of messages and are of one of these kinds.
fn of_kinds<'s>(series: &'s [Series], kinds: &[String]) -> Vec<&'s Series> {
    let is_wanted = |series: &&Series| series.over == Over::Bytes && kinds.contains(&series.kind);
    series.iter().filter(is_wanted).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use dlpc_engine::machine::Segment;
    use dlpc_engine::units::Bytes;

    use super::*;
    use crate::plot::tests::check_texts;
    use dlpc_predict::fit::evidence::Point;
    use dlpc_predict::input;

    fn machine() -> MachineModel {
        let text = include_bytes!("../../../../models/dlpc-2020.toml");
        input::load_machine(Path::new("dlpc-2020.toml"), &|_| Ok(text.to_vec())).expect("a machine model").model
    }

    fn series(kind: &str, over: Over, x: f64, measured_s: f64) -> Series {
        let point = Point {
            x,
            measured_s,
            fitted_s: 1.1 * measured_s,
            relative_error: 0.1,
            reading_error_s: 0.0,
            launch: Some(0),
            host: Some("pi0".to_owned()),
            is_outlier: false,
        };
        let line = vec![(x, 1.1 * measured_s)];
        Series { kind: kind.to_owned(), variant: String::new(), count: 1, over, points: vec![point], line }
    }

    fn stems(series: &[Series]) -> Vec<&'static str> {
        figures("Test", &machine(), series).iter().map(|figure| figure.file_stem).collect()
    }

    #[test]
    fn what_was_not_measured_has_no_figure() {
        assert!(stems(&[]).is_empty());
        assert_eq!(stems(&[series("recv local", Over::Bytes, 8.0, 1e-5)]), ["fit-local"]);
        assert_eq!(stems(&[series("fan_in", Over::Bytes, 1e6, 0.1)]), ["fit-network"]);
        assert_eq!(stems(&[series("pi.csv", Over::Ranks, 1.0, 2.0)]), ["fit-runs"]);
        assert!(stems(&[series("fixed_work", Over::Host, 0.0, 1e-8)]).is_empty());
    }

    #[test]
    fn a_single_sample_of_each_kind_is_drawn() {
        let all = [
            series("ping_pong remote", Over::Bytes, 1.0, 1e-4),
            series("send local", Over::Bytes, 1024.0, 1e-6),
            series("pairs", Over::Bytes, 65_536.0, 1e-2),
            series("compute", Over::Host, 7.0, 3e-8),
            series("pi.csv", Over::Ranks, 4.0, 0.5),
        ];
        assert_eq!(stems(&all).len(), 5);
        for figure in figures("A <cluster>", &machine(), &all) {
            let svg = figure.svg();
            assert!(
                svg.starts_with("<svg ") && svg.contains("A &lt;cluster&gt;") && svg.ends_with("</svg>\n"),
                "{svg}"
            );
            assert!(figure.png().starts_with(b"\x89PNG"));
            check_texts(figure.file_stem, &figure.scene);
        }
    }

    #[test]
    fn labels_of_borders_that_are_close_lie_below_each_other() {
        let mut machine = machine();
        let first = machine.remote.segments[0];
        let upto = |bytes| Segment { upto: Bytes(bytes), ..first };
        machine.remote.segments = [40_000, 50_000, 65_536, u64::MAX].map(upto).to_vec();
        machine.remote.eager_limit = Bytes(65_536);
        machine.remote.calibrated_upto = Bytes(70_000);
        let all = [1.0, 70_000.0].map(|bytes| series("ping_pong remote", Over::Bytes, bytes, 1e-4));
        let both = Series { points: all.iter().flat_map(|series| series.points.clone()).collect(), ..all[0].clone() };
        let figures = figures("Close borders", &machine, &[both]);
        assert!(figures[0].svg().contains("eager limit 64 KiB"));
        check_texts("close borders", &figures[0].scene);
    }

    #[test]
    fn long_names_of_many_hosts_are_thinned_out() {
        let mut machine = machine();
        machine.host_groups[0].name = "raspberry-in-the-attic-".to_owned();
        machine.host_groups[0].speeds = vec![1.0; 40];
        let figures = figures("Many hosts", &machine, &[series("compute", Over::Host, 39.0, 3e-8)]);
        check_texts("many hosts", &figures[0].scene);
    }

    #[test]
    fn errors_beyond_the_panel_lie_at_its_edge() {
        let mut far = series("ping_pong remote", Over::Bytes, 100.0, 1e-4);
        far.points[0].relative_error = 50.0;
        let figures = figures("Test", &machine(), &[far]);
        // A triangle, not a disc: one disc is the sample above, the other that of the legend.
        assert_eq!(figures[0].svg().matches("<circle").count(), 2);
        assert_eq!(figures[0].svg().matches("<polygon").count(), 2, "the triangle and the legend's swatch");
    }
}
