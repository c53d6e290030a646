//! Writes an RGB image as PNG: lossless, small for plots, the same bytes every time.
//!
//! Portable Network Graphics (W3C, third edition) around a zlib stream (RFC 1950) of one deflate block with fixed
//! Huffman codes (RFC 1951). Plots are mostly rows equal to the row above: after the filter "up" they are runs of
//! zeros, so runs are the only matches that the compressor looks for.

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
const BYTES_PER_PIXEL: usize = 3;
/// Filter type 2: each byte minus the byte above it.
const FILTER_UP: u8 = 2;
/// Longest match of deflate.
const RUN_MAX: usize = 258;
/// Shortest match of deflate.
const RUN_MIN: usize = 3;
/// Literal/length symbol that ends a block.
const END_OF_BLOCK: u16 = 256;

/// Returns `pixels`, rows of 8-bit red, green and blue from the top, as a PNG file.
///
/// # Panics
/// If there are not `width * height` pixels.
pub(crate) fn encode(pixels: &[u8], width: u32, height: u32) -> Vec<u8> {
    let row_length = width as usize * BYTES_PER_PIXEL;
    assert_eq!(pixels.len(), row_length * height as usize, "bug: image of the wrong size");
    let mut header = Vec::new();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // 8 bits per channel, RGB, deflate, adaptive filters, not interlaced.
    header.extend([8, 2, 0, 0, 0]);

    let mut file = SIGNATURE.to_vec();
    push_chunk(&mut file, *b"IHDR", &header);
    push_chunk(&mut file, *b"IDAT", &zlib(&filter_up(pixels, row_length)));
    push_chunk(&mut file, *b"IEND", &[]);
    file
}

fn filter_up(pixels: &[u8], row_length: usize) -> Vec<u8> {
    let mut filtered = Vec::with_capacity(pixels.len() + pixels.len() / row_length.max(1) + 1);
    let mut above = vec![0; row_length];
    for row in pixels.chunks_exact(row_length.max(1)) {
        filtered.push(FILTER_UP);
        filtered.extend(row.iter().zip(&above).map(|(byte, up)| byte.wrapping_sub(*up)));
        above.copy_from_slice(row);
    }
    filtered
}

fn push_chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).expect("invariant: an image below 4 GiB");
    file.extend(length.to_be_bytes());
    let start = file.len();
    file.extend(kind);
    file.extend(data);
    file.extend(crc32(&file[start..]).to_be_bytes());
}

fn zlib(data: &[u8]) -> Vec<u8> {
    // Deflate, window of 32 KiB, no dictionary; the two bytes are a multiple of 31.
    let mut stream = vec![0x78, 0x01];
    stream.extend(deflate(data));
    stream.extend(adler32(data).to_be_bytes());
    stream
}

/// Compresses by run lengths: a literal, then matches at distance 1.
fn deflate(data: &[u8]) -> Vec<u8> {
    let mut bits = BitWriter::default();
    // Last block; fixed Huffman codes.
    bits.push(0b011, 3);
    let mut rest = data;
    while let Some(&byte) = rest.first() {
        push_symbol(&mut bits, u16::from(byte));
        rest = &rest[1..];
        let mut run = rest.iter().take_while(|next| **next == byte).count();
        rest = &rest[run - run % RUN_MAX..];
        for _ in 0..run / RUN_MAX {
            push_run(&mut bits, RUN_MAX);
        }
        run %= RUN_MAX;
        if RUN_MIN <= run {
            push_run(&mut bits, run);
            rest = &rest[run..];
        }
    }
    push_symbol(&mut bits, END_OF_BLOCK);
    bits.finish()
}

/// Pushes a match of `length` bytes at distance 1 (distance code 0, 5 bits).
fn push_run(bits: &mut BitWriter, length: usize) {
    let (symbol, extra, n_extra) = length_code(length);
    push_symbol(bits, symbol);
    bits.push(extra, n_extra);
    bits.push(0, 5);
}

/// Returns the symbol of a match length with its extra bits: RFC 1951, section 3.2.5.
fn length_code(length: usize) -> (u16, u16, u32) {
    let length = u16::try_from(length).expect("invariant: at most 258");
    if length == 258 {
        return (285, 0, 0);
    }
    let offset = length - 3;
    if offset < 8 {
        return (257 + offset, 0, 0);
    }
    // Groups of four symbols; each group has one more extra bit than the one before.
    let n_extra = offset.ilog2() - 2;
    let group = u16::try_from(n_extra).expect("invariant: at most 5");
    let symbol = 257 + 4 * (group + 1) + ((offset >> n_extra) & 3);
    (symbol, offset & ((1 << n_extra) - 1), n_extra)
}

/// Pushes a literal/length symbol in the fixed code: RFC 1951, section 3.2.6.
fn push_symbol(bits: &mut BitWriter, symbol: u16) {
    let (code, length) = match symbol {
        0..=143 => (0x30 + symbol, 8),
        144..=255 => (0x190 + (symbol - 144), 9),
        256..=279 => (symbol - 256, 7),
        _ => (0xC0 + (symbol - 280), 8),
    };
    // Huffman codes go most significant bit first, all else least significant bit first.
    bits.push(code.reverse_bits() >> (16 - length), length);
}

/// Collects bits into bytes, least significant bit first.
#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    pending: u32,
    n_pending: u32,
}

impl BitWriter {
    fn push(&mut self, bits: u16, n_bits: u32) {
        self.pending |= u32::from(bits) << self.n_pending;
        self.n_pending += n_bits;
        while 8 <= self.n_pending {
            self.bytes.push(self.pending.to_le_bytes()[0]);
            self.pending >>= 8;
            self.n_pending -= 8;
        }
    }

    fn finish(mut self) -> Vec<u8> {
        if 0 < self.n_pending {
            self.bytes.push(self.pending.to_le_bytes()[0]);
        }
        self.bytes
    }
}

fn adler32(data: &[u8]) -> u32 {
    let (low, high) = data.iter().fold((1u32, 0u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

fn crc32(data: &[u8]) -> u32 {
    let table = crc_table();
    !data.iter().fold(!0, |crc: u32, byte| table[usize::from(crc.to_le_bytes()[0] ^ byte)] ^ (crc >> 8))
}

fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    for (entry, index) in table.iter_mut().zip(0u32..) {
        *entry = (0..8).fold(index, |crc, _| if crc & 1 == 1 { 0xEDB8_8320 ^ (crc >> 1) } else { crc >> 1 });
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_match_their_published_examples() {
        // The check value of CRC-32/ISO-HDLC, and the Adler-32 of "Wikipedia".
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
    }

    #[test]
    fn match_lengths_have_the_codes_of_the_standard() {
        // RFC 1951, table in 3.2.5: first and last length of several codes.
        assert_eq!(length_code(3), (257, 0, 0));
        assert_eq!(length_code(10), (264, 0, 0));
        assert_eq!(length_code(11), (265, 0, 1));
        assert_eq!(length_code(12), (265, 1, 1));
        assert_eq!(length_code(18), (268, 1, 1));
        assert_eq!(length_code(19), (269, 0, 2));
        assert_eq!(length_code(131), (281, 0, 5));
        assert_eq!(length_code(257), (284, 30, 5));
        assert_eq!(length_code(258), (285, 0, 0));
    }

    #[test]
    fn empty_data_is_an_empty_block() {
        // zlib.compress(b"") with fixed codes: 03 00
        assert_eq!(deflate(&[]), [0x03, 0x00]);
    }

    #[test]
    fn a_run_takes_a_literal_and_a_match() {
        // Bits in the order of the stream: 1 (last block), 10 (fixed codes), 10010001 (`a`: 0x30 + 97 = 0x91),
        // 0000111 (symbol 263: 9 bytes), 00000 (distance 1), 0000000 (end), 00 (filling): 4b 84 03 00.
        assert_eq!(deflate(b"aaaaaaaaaa"), [0x4b, 0x84, 0x03, 0x00]);
    }

    #[test]
    fn a_white_image_shrinks_to_almost_nothing() {
        let file = encode(&vec![255; 300 * 200 * 3], 300, 200);
        assert!(file.starts_with(&SIGNATURE) && file.len() < 3000, "{} bytes", file.len());
    }
}
