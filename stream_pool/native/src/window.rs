//! Sixteen bytes of the input at once, and as two words: what is compared with what is expected.

/// Bytes of a window.
pub const BYTES: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window(u64, u64);

impl Window {
    pub const ZEROS: Window = Window(0, 0);
    /// What no window is under a mask that leaves one byte out.
    pub const NONE: Window = Window(u64::MAX, u64::MAX);

    #[inline(always)]
    pub fn of(bytes: &[u8; BYTES]) -> Window {
        let both = u128::from_le_bytes(*bytes);
        Window(both as u64, (both >> u64::BITS) as u64)
    }

    /// The first bytes of what is left, if there are as many.
    #[inline(always)]
    pub fn first(rest: &[u8]) -> Option<Window> {
        rest.first_chunk().map(Window::of)
    }

    /// The first bytes of what is left, with zeros behind the end of the input.
    #[inline(always)]
    pub fn padded(rest: &[u8]) -> Window {
        Window::first(rest).unwrap_or_else(|| Window::of(&last_bytes(rest)))
    }

    #[inline(always)]
    pub fn masked(self, mask: Mask) -> Window {
        let Window(low, high) = MASKS[usize::from(mask.0) % MASKS.len()];
        Window(self.0 & low, self.1 & high)
    }

    /// The first bytes alone, six at most, in a number whose lowest byte is the first.
    #[inline(always)]
    pub fn low(self, bytes: usize) -> u64 {
        self.0 & ((1 << (8 * bytes)) - 1)
    }

    /// A number below 2^`bits` that depends on all of it.
    #[inline(always)]
    pub fn place(self, bits: u32) -> usize {
        let mixed = (self.0 ^ self.1.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (u64::BITS - bits)) as usize
    }
}

/// The input's last bytes, fewer than a window has, with zeros behind them.
#[cold]
pub fn last_bytes(rest: &[u8]) -> [u8; BYTES] {
    let mut padded = [0; BYTES];
    padded[..rest.len()].copy_from_slice(rest);
    padded
}

/// Which bytes of a window count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask(u8);

impl Mask {
    /// So many bytes from the first, one at least; all where there are more.
    #[inline(always)]
    pub fn first(bytes: usize) -> Mask {
        Mask(bytes.saturating_sub(1).min(BYTES - 1) as u8)
    }

    /// The same bytes without the first of all.
    #[inline(always)]
    pub fn but_first(self) -> Mask {
        Mask(self.0 | BUT_FIRST)
    }
}

const BUT_FIRST: u8 = BYTES as u8;

static MASKS: [Window; 2 * BYTES] = masks();

const fn masks() -> [Window; 2 * BYTES] {
    let mut masks = [Window::ZEROS; 2 * BYTES];
    let mut last = 0;
    while last < BYTES {
        let mask = u128::MAX >> (u128::BITS - (last as u32 + 1) * u8::BITS);
        masks[last] = Window(mask as u64, (mask >> u64::BITS) as u64);
        masks[BYTES + last] = Window(mask as u64 & !0xff, (mask >> u64::BITS) as u64);
        last += 1;
    }
    masks
}
