//! Left side bearings: how far right of the pen the ink of a glyph starts.
//!
//! plotters draws the ink of each glyph of a bitmap at the pen and forgets the bearing, which makes the spaces between
//! letters uneven. The bearings are read from the font itself: tables `cmap` (format 4), `hhea`, `hmtx` and `head` of the
//! OpenType specification. `None` anywhere means that the font is not of that shape, and no bearing.

/// Returns the left side bearing of `symbol` over the size of an em.
pub(super) fn left_bearing(font: &[u8], symbol: char) -> f64 {
    bearing_units(font, symbol).unwrap_or(0.0) / units_per_em(font).unwrap_or(2048.0)
}

fn bearing_units(font: &[u8], symbol: char) -> Option<f64> {
    let glyph = usize::from(glyph_id(table(font, *b"cmap")?, u16::try_from(u32::from(symbol)).ok()?)?);
    let n_metrics = usize::from(u16_at(table(font, *b"hhea")?, 34)?);
    // Pairs of advance and bearing; then bearings only, for glyphs that share the last advance.
    let offset = if glyph < n_metrics { 4 * glyph + 2 } else { 4 * n_metrics + 2 * (glyph - n_metrics) };
    let bits = u16_at(table(font, *b"hmtx")?, offset)?;
    Some(f64::from(bits.cast_signed()))
}

fn units_per_em(font: &[u8]) -> Option<f64> {
    u16_at(table(font, *b"head")?, 18).map(f64::from)
}

fn table(font: &[u8], tag: [u8; 4]) -> Option<&[u8]> {
    let n_tables = usize::from(u16_at(font, 4)?);
    let record = font.get(12..)?.chunks_exact(16).take(n_tables).find(|record| record[..4] == tag)?;
    let start = usize::try_from(u32_at(record, 8)?).ok()?;
    let length = usize::try_from(u32_at(record, 12)?).ok()?;
    font.get(start..start.checked_add(length)?)
}

/// Looks a code point up in the segments of a `cmap` of format 4.
fn glyph_id(cmap: &[u8], code: u16) -> Option<u16> {
    let segments = (0..usize::from(u16_at(cmap, 2)?))
        .filter_map(|index| cmap.get(usize::try_from(u32_at(cmap, 4 + 8 * index + 4)?).ok()?..))
        .find(|subtable| u16_at(subtable, 0) == Some(4))?;
    let column = usize::from(u16_at(segments, 6)?);
    let segment = (0..column / 2).find(|index| u16_at(segments, 14 + 2 * index).is_some_and(|end| code <= end))?;
    let value = |column_index: usize| u16_at(segments, 16 + column_index * column + 2 * segment);
    let (start, delta, range_offset) = (value(1)?, value(2)?, value(3)?);
    if code < start {
        return None;
    }
    if range_offset == 0 {
        return Some(code.wrapping_add(delta));
    }
    // The offset counts from its own place.
    let own_place = 16 + 3 * column + 2 * segment;
    u16_at(segments, own_place + usize::from(range_offset) + 2 * usize::from(code - start))
        .filter(|glyph| *glyph != 0)
        .map(|glyph| glyph.wrapping_add(delta))
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    bytes.get(offset..offset + 2)?.try_into().ok().map(u16::from_be_bytes)
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    bytes.get(offset..offset + 4)?.try_into().ok().map(u32::from_be_bytes)
}
