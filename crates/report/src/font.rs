//! The embedded font of the plots: `DejaVu Sans`, subset to Latin, Greek, arrows and punctuation.
//!
//! Plots look the same on every machine, and no system font is needed. Licence: `assets/fonts/LICENSE-DejaVu.txt`.

use std::sync::Once;

use ab_glyph::{Font as _, FontRef};
use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

/// The name under which the font is registered, which is also the `font-family` of SVG text: a reader without
/// `DejaVu Sans` has Verdana, of the same width, or at least a sans-serif font.
const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

static REGULAR: &[u8] = include_bytes!("../assets/fonts/DejaVuSans.ttf");
static BOLD: &[u8] = include_bytes!("../assets/fonts/DejaVuSans-Bold.ttf");

/// Height from the descender to the ascender over the size of an em, as both fonts state it: what plotters calls size.
pub(crate) const HEIGHT_PER_EM: f64 = 1.164;

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// Returns the font at a plotters size, which is `em * HEIGHT_PER_EM` in bitmaps.
pub(crate) fn sized(size: f64, weight: Weight) -> FontDesc<'static> {
    register();
    let style = match weight {
        Weight::Regular => FontStyle::Normal,
        Weight::Bold => FontStyle::Bold,
    };
    FontDesc::new(FontFamily::Name(FAMILY), size, style)
}

/// Returns the width of `text` where an em is `em` long.
pub(crate) fn width(text: &str, em: f64, weight: Weight) -> f64 {
    // The layout is in whole pixels: measure large.
    const SCALE: f64 = 16.0;
    let (pixels, _) =
        sized(SCALE * em * HEIGHT_PER_EM, weight).box_size(text).expect("invariant: the embedded font is registered");
    f64::from(pixels) / SCALE
}

/// Returns how far right of the pen the ink of `symbol` starts, where an em is `em` long.
pub(crate) fn left_bearing(symbol: char, em: f64, weight: Weight) -> f64 {
    let bytes = match weight {
        Weight::Regular => REGULAR,
        Weight::Bold => BOLD,
    };
    let font = FontRef::try_from_slice(bytes).expect("invariant: the embedded fonts are readable");
    let units_per_em = font.units_per_em().expect("invariant: the embedded fonts state their units");
    em * f64::from(font.h_side_bearing_unscaled(font.glyph_id(symbol)) / units_per_em)
}

fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        let registered = register_font(FAMILY, FontStyle::Normal, REGULAR)
            .and_then(|()| register_font(FAMILY, FontStyle::Bold, BOLD));
        assert!(registered.is_ok(), "bug: the embedded fonts are not readable");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_grows_with_text_size_and_weight() {
        let narrow = width("makespan", 10.0, Weight::Regular);
        assert!(narrow < width("makespans", 10.0, Weight::Regular));
        assert!(narrow < width("makespan", 10.0, Weight::Bold));
        assert!((width("makespan", 20.0, Weight::Regular) - 2.0 * narrow).abs() < 0.2);
    }

    #[test]
    fn bearings_are_those_of_the_font() {
        // In units of 1/2048 em: l 193 and j -37 in regular, M 188 in bold, µ 174 beyond ASCII.
        let units = |symbol, weight| left_bearing(symbol, 2048.0, weight);
        assert!((units('l', Weight::Regular) - 193.0).abs() < 1e-9);
        assert!((units('j', Weight::Regular) + 37.0).abs() < 1e-9);
        assert!((units('M', Weight::Bold) - 188.0).abs() < 1e-9);
        assert!((units('µ', Weight::Regular) - 174.0).abs() < 1e-9);
    }

    #[test]
    fn symbols_that_the_font_lacks_share_the_bearing_of_the_empty_box() {
        let [cjk, emoji] = ['漢', '🎯'].map(|symbol| left_bearing(symbol, 2048.0, Weight::Regular));
        assert!((cjk - 102.0).abs() < 1e-9 && (emoji - 102.0).abs() < 1e-9);
    }

    #[test]
    fn digits_are_as_wide_as_the_font_says() {
        // DejaVu Sans: a digit is 1303 of 2048 units wide; 10 digits of 10 px: 63.6 px
        assert!((width("0123456789", 10.0, Weight::Regular) - 63.6).abs() < 0.2);
    }
}
