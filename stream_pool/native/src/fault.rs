//! Why bytes are refused, and where: the reasons and the offsets of `stream_pool/documents/reasons.py`.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    DocumentBytesLimit,
    ByteOrderMark,
    KeysLimit,
    ItemsLimit,
    DepthLimit,
    KeyBytesLimit,
    StringBytesLimit,
    NumberDigitsLimit,
    TrailingBytes,
    InvalidUtf8,
    UnexpectedByte,
    ControlCharacter,
    InvalidEscape,
    LoneSurrogate,
    InvalidNumber,
    NumberOutOfRange,
    DuplicateKey,
    UnexpectedEnd,
}

impl Reason {
    /// The reason as Python tells it.
    pub const fn slug(self) -> &'static str {
        match self {
            Reason::DocumentBytesLimit => "document_bytes_limit",
            Reason::ByteOrderMark => "byte_order_mark",
            Reason::KeysLimit => "keys_limit",
            Reason::ItemsLimit => "items_limit",
            Reason::DepthLimit => "depth_limit",
            Reason::KeyBytesLimit => "key_bytes_limit",
            Reason::StringBytesLimit => "string_bytes_limit",
            Reason::NumberDigitsLimit => "number_digits_limit",
            Reason::TrailingBytes => "trailing_bytes",
            Reason::InvalidUtf8 => "invalid_utf8",
            Reason::UnexpectedByte => "unexpected_byte",
            Reason::ControlCharacter => "control_character",
            Reason::InvalidEscape => "invalid_escape",
            Reason::LoneSurrogate => "lone_surrogate",
            Reason::InvalidNumber => "invalid_number",
            Reason::NumberOutOfRange => "number_out_of_range",
            Reason::DuplicateKey => "duplicate_key",
            Reason::UnexpectedEnd => "unexpected_end",
        }
    }

    /// Whether the bytes are refused for their size alone (`LimitExceeded` in Python).
    pub const fn is_limit(self) -> bool {
        matches!(
            self,
            Reason::DocumentBytesLimit
                | Reason::KeysLimit
                | Reason::ItemsLimit
                | Reason::DepthLimit
                | Reason::KeyBytesLimit
                | Reason::StringBytesLimit
                | Reason::NumberDigitsLimit
        )
    }
}

/// A refusal: its reason, and its offset in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub reason: Reason,
    pub offset: usize,
}

impl Fault {
    #[cold]
    pub const fn new(reason: Reason, offset: usize) -> Fault {
        Fault { reason, offset }
    }
}

pub type Scanned<T> = Result<T, Fault>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_named_as_one() {
        let table = [
            (1, Reason::DocumentBytesLimit, true),
            (2, Reason::KeysLimit, true),
            (3, Reason::ItemsLimit, true),
            (4, Reason::DepthLimit, true),
            (5, Reason::KeyBytesLimit, true),
            (6, Reason::StringBytesLimit, true),
            (7, Reason::NumberDigitsLimit, true),
            (8, Reason::ByteOrderMark, false),
            (9, Reason::NumberOutOfRange, false),
            (10, Reason::DuplicateKey, false),
            (11, Reason::UnexpectedEnd, false),
        ];
        for (number, reason, is_limit) in table {
            assert_eq!(reason.is_limit(), is_limit, "{number}");
            assert_eq!(reason.slug().ends_with("_limit"), is_limit, "{number}");
        }
    }
}
