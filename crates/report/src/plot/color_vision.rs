//! How far apart two colours look, to each kind of colour vision.

use dlpc_engine::maths;

use super::scene::Color;

/// How colours are seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Vision {
    Trichromacy,
    Protanopia,
    Deuteranopia,
    Tritanopia,
}

impl Vision {
    pub(super) const ALL: [Self; 4] = [Self::Trichromacy, Self::Protanopia, Self::Deuteranopia, Self::Tritanopia];

    /// Returns what linear RGB looks like in linear RGB: Machado, Oliveira and Fernandes, "A Physiologically-based Model
    /// for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, table 1, severity 1.0.
    const fn matrix(self) -> [[f64; 3]; 3] {
        match self {
            Self::Trichromacy => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            Self::Protanopia => [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            Self::Deuteranopia => [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
            Self::Tritanopia => [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        }
    }
}

/// Returns the difference CIEDE2000 of two opaque colours as this vision sees them; about 2 can just be noticed.
pub(super) fn difference(a: Color, b: Color, vision: Vision) -> f64 {
    ciede2000(seen(a, vision), seen(b, vision))
}

/// Returns the least difference of two colours over all kinds of colour vision.
pub(super) fn least_difference(a: Color, b: Color) -> f64 {
    Vision::ALL.into_iter().map(|vision| difference(a, b, vision)).fold(f64::INFINITY, f64::min)
}

/// Returns CIE L*a*b* (D65) of a colour as this vision sees it.
fn seen(color: Color, vision: Vision) -> [f64; 3] {
    let (red, green, blue) = color.rgb;
    let linear = [red, green, blue].map(|channel| to_linear(f64::from(channel) / 255.0));
    lab(product(vision.matrix(), linear).map(|channel| channel.clamp(0.0, 1.0)))
}

/// Returns the linear value of an sRGB channel, IEC 61966-2-1.
fn to_linear(channel: f64) -> f64 {
    if channel <= 0.040_45 { channel / 12.92 } else { maths::powf((channel + 0.055) / 1.055, 2.4) }
}

fn product(matrix: [[f64; 3]; 3], vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(factor, value)| factor * value).sum())
}

/// Returns CIE L*a*b* (D65) of linear sRGB.
fn lab(linear: [f64; 3]) -> [f64; 3] {
    let xyz = [
        [0.412_456_4, 0.357_576_1, 0.180_437_5],
        [0.212_672_9, 0.715_152_2, 0.072_175],
        [0.019_333_9, 0.119_192, 0.950_304_1],
    ];
    let white = [0.950_47, 1.0, 1.088_83];
    let root = |value: f64| {
        if value > 216.0 / 24_389.0 { maths::cbrt(value) } else { (24_389.0 / 27.0 * value + 16.0) / 116.0 }
    };
    let values = product(xyz, linear);
    let [x, y, z] = [0, 1, 2].map(|i| root(values[i] / white[i]));
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Returns the difference CIEDE2000: Sharma, Wu and Dalal, "The CIEDE2000 color-difference formula", Color Research and
/// Application 30(1), 2005, equations 2 to 22.
fn ciede2000([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
    let chroma = f64::midpoint(maths::hypot(a1, b1), maths::hypot(a2, b2));
    let stretch = 1.0 + 0.5 * (1.0 - saturated(chroma));
    let (a1, a2) = (stretch * a1, stretch * a2);
    let (c1, c2) = (maths::hypot(a1, b1), maths::hypot(a2, b2));
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let turn = if c1 * c2 == 0.0 { 0.0 } else { (h2 - h1 + 180.0).rem_euclid(360.0) - 180.0 };
    let (dl, dc, dh) = (l2 - l1, c2 - c1, 2.0 * (c1 * c2).sqrt() * maths::sin((turn / 2.0).to_radians()));
    let (l, c) = (f64::midpoint(l1, l2), f64::midpoint(c1, c2));
    let h = mean_hue((h1, h2), c1 * c2);
    let cosine = |factor: f64, shift: f64| maths::cos((factor * h + shift).to_radians());
    let t =
        1.0 - 0.17 * cosine(1.0, -30.0) + 0.24 * cosine(2.0, 0.0) + 0.32 * cosine(3.0, 6.0) - 0.20 * cosine(4.0, -63.0);
    let (sl, sc, sh) =
        (1.0 + 0.015 * (l - 50.0).powi(2) / (20.0 + (l - 50.0).powi(2)).sqrt(), 1.0 + 0.045 * c, 1.0 + 0.015 * c * t);
    let bend = 60.0 * maths::exp(-((h - 275.0) / 25.0).powi(2));
    let rotation = -2.0 * saturated(c) * maths::sin(bend.to_radians());
    let (dl, dc, dh) = (dl / sl, dc / sc, dh / sh);
    (dl * dl + dc * dc + dh * dh + rotation * dc * dh).sqrt()
}

fn saturated(chroma: f64) -> f64 {
    (chroma.powi(7) / (chroma.powi(7) + 25f64.powi(7))).sqrt()
}

fn hue(a: f64, b: f64) -> f64 {
    if a == 0.0 && b == 0.0 { 0.0 } else { maths::atan2(b, a).to_degrees().rem_euclid(360.0) }
}

fn mean_hue((h1, h2): (f64, f64), chromas: f64) -> f64 {
    if chromas == 0.0 {
        h1 + h2
    } else if (h1 - h2).abs() <= 180.0 {
        f64::midpoint(h1, h2)
    } else if h1 + h2 < 360.0 {
        f64::midpoint(h1, h2) + 180.0
    } else {
        f64::midpoint(h1, h2) - 180.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::scene::palette;
    use crate::plot::{breakdown, overlay};
    use dlpc_predict::analysis::Cause;

    const STYLE: &str = include_str!("../../assets/page/page.css");
    /// What may lie between two pieces of a Gantt row, in the colour of `report::timeline`.
    const BLOCKED: Color = Color::rgb(240, 240, 240);

    fn assert_apart(what: &str, colors: &[Color]) {
        for (i, a) in colors.iter().enumerate() {
            for b in &colors[..i] {
                let apart = least_difference(*a, *b);
                assert!(palette::APART <= apart, "{what}: {:?} and {:?} are {apart:.1} apart", a.rgb, b.rgb);
            }
        }
    }

    fn assert_seen(what: &str, colors: &[Color], back: Color) {
        for color in colors {
            let apart = least_difference(*color, back);
            assert!(palette::SEEN <= apart, "{what}: {:?} on {:?} are {apart:.1} apart", color.rgb, back.rgb);
        }
    }

    /// Returns the colour of a property in one of the blocks `:root` of the pages: the first is light, the second dark.
    fn property(block: usize, name: &str) -> Color {
        let block = STYLE.split(":root").nth(block + 1).expect("a block");
        let hex = block.split(&format!("--{name}: #")).nth(1).expect("the property").get(..6).expect("six digits");
        let channel = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("a number");
        Color::rgb(channel(0), channel(2), channel(4))
    }

    const LIGHT: usize = 0;
    const DARK: usize = 1;

    // Causes are left out where they take no time, so that any two may touch.
    #[test]
    fn any_two_causes_are_told_apart_by_any_kind_of_colour_vision() {
        assert_apart("causes", &Cause::ALL.map(breakdown::color));
    }

    #[test]
    fn causes_are_seen_on_light_and_on_dark_pages() {
        for block in [LIGHT, DARK] {
            assert_seen("causes", &Cause::ALL.map(breakdown::color), property(block, "back"));
        }
    }

    #[test]
    fn what_a_rank_does_is_told_apart_from_being_blocked() {
        let drawn = [Cause::Compute, Cause::Setup, Cause::Pack, Cause::SerialTail, Cause::Overhead, Cause::Producer];
        assert_seen("Gantt rows", &drawn.map(breakdown::color), BLOCKED);
    }

    #[test]
    fn curves_are_told_apart_and_seen_on_light_and_on_dark_pages() {
        assert_apart("curves", &overlay::COLORS);
        for block in [LIGHT, DARK] {
            assert_seen("curves", &overlay::COLORS, property(block, "back"));
        }
    }

    #[test]
    fn marks_of_pages_are_told_apart_in_light_and_in_dark() {
        for block in [LIGHT, DARK] {
            let marks = ["accent", "measured", "fitted", "outlier"].map(|name| property(block, name));
            assert_apart("marks", &marks);
            assert_seen("marks", &marks, property(block, "back"));
        }
    }

    #[test]
    fn differences_are_those_of_the_published_test_data() {
        // Sharma, Wu and Dalal (2005), table 1: pairs 1, 7, 16, 25 and 34.
        let table = [
            ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
            ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
            ([50.0, 2.5, 0.0], [50.0, 0.0, -2.5], 4.3065),
            ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
            ([2.0776, 0.0795, -1.1350], [0.9033, -0.0636, -0.5514], 0.9082),
        ];
        for (a, b, expected) in table {
            assert!((ciede2000(a, b) - expected).abs() < 5e-5, "{a:?} {b:?}: {}", ciede2000(a, b));
            assert!((ciede2000(b, a) - expected).abs() < 5e-5, "{b:?} {a:?}");
        }
    }

    #[test]
    fn who_sees_two_colours_only_takes_red_and_green_of_one_lightness_for_one() {
        let (red, green) = (Color::rgb(200, 100, 60), Color::rgb(136, 136, 60));
        assert!(difference(red, green, Vision::Trichromacy) > 30.0);
        assert!(difference(red, green, Vision::Deuteranopia) < 6.0);
    }
}
