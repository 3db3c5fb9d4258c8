//! Text to JSON strings, eight bytes at a time.

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
const WORD: usize = size_of::<u64>();

/// Writes a JSON string as Python's `json` writes it with `ensure_ascii=False`.
pub fn write_quoted(text: &str, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    out.push(b'"');
    loop {
        let end = run_end(bytes, at);
        out.extend_from_slice(&bytes[at..end]);
        let Some(byte) = bytes.get(end) else { break };
        write_escape(*byte, out);
        at = end + 1;
    }
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    match short_escape(byte) {
        Some(escape) => out.extend_from_slice(&escape),
        None => out.extend_from_slice(&long_escape(byte)),
    }
}

/// The escape of two bytes, where the byte has one.
#[inline]
pub const fn short_escape(byte: u8) -> Option<[u8; 2]> {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => return None,
    };
    Some([b'\\', letter])
}

/// The escape of six that every control character has.
pub fn long_escape(byte: u8) -> [u8; 6] {
    let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
    [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0x0f)]
}

/// The first byte that ends a run (a quote, a backslash, a control character), or the end of input.
#[inline]
fn run_end(raw: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = word_at(raw, at) {
        let found = run_ends(word) & HIGH;
        if found != 0 {
            return at + first_byte(found);
        }
        at += WORD;
    }
    while raw.get(at).is_some_and(|byte| !ends_run(*byte)) {
        at += 1;
    }
    at
}

#[inline]
pub const fn ends_run(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// `ends_run` for eight bytes: the lowest high bit that is set is that of the first byte that ends a run.
#[inline]
const fn run_ends(word: u64) -> u64 {
    // A subtraction borrows from the next byte only where its own byte is found, so the first is never wrong.
    let quote = word ^ (EACH * b'"' as u64);
    let backslash = word ^ (EACH * b'\\' as u64);
    (quote.wrapping_sub(EACH) | backslash.wrapping_sub(EACH) | word.wrapping_sub(EACH * b' ' as u64))
        & !word
        & HIGH
}

#[inline]
fn word_at(raw: &[u8], at: usize) -> Option<u64> {
    raw.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

#[inline]
const fn first_byte(found: u64) -> usize {
    (found.trailing_zeros() / u8::BITS) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_escapes_no_more_than_it_must() {
        let mut out = Vec::new();
        write_quoted("a\"\\/\x08\x0c\n\r\t\x00\x1f\x7f é中😀", &mut out);
        assert_eq!(str::from_utf8(&out), Ok("\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f é中😀\""));
    }
}
