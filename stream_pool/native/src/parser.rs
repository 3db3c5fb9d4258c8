//! One text, one pass, one loop: containers are on a stack of frames, so depth costs no recursion.
//!
//! An object is read along its *basis*, the shape that its site saw last, for as long as it follows it
//! (`following.rs`); one that has other keys goes its own way (`straying.rs`). Here are arrays, and what can stand
//! anywhere. What `documents/reasons.py` says about offsets and precedence holds because every check is made where
//! the cursor stands.

use crate::core::Core;
use crate::echo::{ECHO_BYTES_MAX, Extent, Memory, Seen};
use crate::fault::Reason;
use crate::frame::{Frame, Kind, Loose, Opening, Spot};
use crate::hashing;
use crate::keys::Keys;
use crate::leaving::Leaving;
use crate::limits::Bounds;
use crate::object::Object;
use crate::reader::{Read, Reader};
use crate::record::{Values, Word};
use crate::shapes::ShapeTable;
use crate::site::Site;
use crate::unescape::Unescaped;

/// What a decoder asks for, beside the bounds.
#[derive(Clone, Copy)]
pub struct Manner {
    pub last_wins: bool,
    pub echo: bool,
}

/// What one decode needs, kept for the next.
pub struct Scratch {
    values: Values,
    frames: Vec<Frame>,
    pub loose: Vec<Loose>,
    pub keys: Keys,
    pub text: Unescaped,
    pub root: Site,
    pub leaving: Leaving,
}

impl Scratch {
    pub fn new() -> Scratch {
        Scratch {
            values: Values::default(),
            frames: Vec::new(),
            loose: Vec::new(),
            keys: Keys::default(),
            text: Unescaped::default(),
            root: Site::new(),
            leaving: Leaving::new(),
        }
    }
}

/// An accepted document, and what it adds to the pool's counts.
pub struct Accepted {
    pub value: Object,
    pub keys: usize,
    pub misses: usize,
    pub root: Option<u64>,
}

pub fn decode(
    reader: Reader<'_, '_>,
    manner: Manner,
    core: &mut Core,
    scratch: &mut Scratch,
) -> Read<Accepted> {
    // What is remembered whole must be within the bounds of whoever meets it again.
    let bounds = reader.bounds;
    let shortest = bounds.key_bytes.min(bounds.string_bytes).min(bounds.number_digits);
    let echo = manner.echo && shortest >= ECHO_BYTES_MAX;
    scratch.leaving.clear();
    let mut frames = std::mem::take(&mut scratch.frames);
    let values = std::mem::take(&mut scratch.values);
    let mut parser = Parser {
        reader,
        last_wins: manner.last_wins,
        echo,
        core,
        values,
        scratch,
        seen: Seen::default(),
        doubled_at: 0,
        misses: 0,
        root: None,
        deepest: 0,
        rest: &[],
        closed: hashing::NO_KEYS,
    };
    let outcome = parser.document(&mut frames);
    let Parser { mut values, seen: Seen { keys, .. }, misses, root, .. } = parser;
    core.shapes.settle();
    frames.clear();
    values.clear();
    scratch.frames = frames;
    scratch.values = values;
    scratch.loose.clear();
    scratch.keys.clear();
    outcome.map(|value| Accepted { value, keys, misses, root })
}

pub struct Parser<'a, 'py, 'c> {
    pub reader: Reader<'a, 'py>,
    pub last_wins: bool,
    pub echo: bool,
    pub core: &'c mut Core,
    pub values: Values,
    pub scratch: &'c mut Scratch,
    /// So far.
    pub seen: Seen,
    /// Where the latest key stood that came twice in its object, where the last one wins.
    pub doubled_at: usize,
    pub misses: usize,
    /// The fingerprint of a root that is an object.
    pub root: Option<u64>,
    /// How deep the objects go that are read by recursion.
    pub deepest: usize,
    /// What stands behind the object that was read last by recursion.
    pub rest: &'a [u8],
    /// The fingerprint of the object whose record was made last.
    pub closed: u64,
}

impl<'a> Parser<'a, '_, '_> {
    fn document(&mut self, frames: &mut Vec<Frame>) -> Read<Object> {
        if self.reader.raw.starts_with(b"\xef\xbb\xbf") {
            return self.reader.fault(Reason::ByteOrderMark, 0);
        }
        self.value(Spot::ROOT, frames)?;
        while let Some(frame) = frames.last() {
            match frame.kind {
                Kind::Array => self.items(frames)?,
                Kind::Following => self.follow(frames)?,
                Kind::Loose => self.stray(frames)?,
            }
        }
        self.reader.skip_space();
        if self.reader.at < self.reader.raw.len() {
            return self.reader.fault(Reason::TrailingBytes, self.reader.at);
        }
        Ok(self.values.root(self.reader.py, self.reader.raw)?)
    }

    /// Reads a value; of a container that has something in it only the opening bracket, for which there is a new frame
    /// then.
    pub fn value(&mut self, spot: Spot, frames: &mut Vec<Frame>) -> Read<()> {
        let word = match self.reader.byte()? {
            b'"' => {
                let site = site_at(&mut self.core.shapes, &mut self.scratch.root, spot);
                self.reader.text(site, &mut self.core.strings, &mut self.scratch.text)?
            }
            b'-' | b'0'..=b'9' => self.reader.number()?,
            b't' | b'f' | b'n' => self.reader.literal()?,
            b'{' => return self.begin_object(spot, frames),
            b'[' => return self.begin_array(spot, frames),
            _ => return self.reader.refuse(),
        };
        self.values.push(word);
        Ok(())
    }

    fn begin_object(&mut self, spot: Spot, frames: &mut Vec<Frame>) -> Read<()> {
        self.check_depth(frames)?;
        let start = self.reader.at;
        let mut opening = Opening { spot, start, basis: None, is_remembered: false };
        if let Some(site) = site_at(&mut self.core.shapes, &mut self.scratch.root, spot) {
            opening.basis = site.basis();
        }
        if self.echo
            && let Some(shape) = opening.basis.and_then(|id| self.core.shapes.get(id))
        {
            if let Some(echo) = shape.echoes().heard(&self.reader.raw[start..])
                && let Some(grown) = grown(self.seen, echo.extent, frames.len(), self.reader.bounds)
            {
                self.reader.at += echo.length();
                self.seen = grown;
                let (record, fingerprint) = (echo.record.clone(), echo.fingerprint);
                let height = echo.extent.height;
                self.push_object(record, fingerprint, height, frames);
                return Ok(());
            }
            opening.is_remembered = shape.echoes().listens();
        }
        self.reader.at += 1;
        if self.reader.byte()? == b'}' {
            self.reader.at += 1;
            let empty = self.core.empty_record(self.reader.py)?;
            self.push_object(empty, hashing::NO_KEYS, 1, frames);
            return Ok(());
        }
        frames.push(Frame::object(opening, self.values.mark(), self.seen));
        Ok(())
    }

    fn begin_array(&mut self, spot: Spot, frames: &mut Vec<Frame>) -> Read<()> {
        self.check_depth(frames)?;
        self.reader.at += 1;
        if self.reader.byte()? == b']' {
            self.reader.at += 1;
            let empty = Object::tuple(self.reader.py, std::iter::empty())?;
            self.values.push(Word::object(empty));
            hold(frames, 1);
            return Ok(());
        }
        let mark = self.values.mark();
        frames.push(Frame::array(spot.items(), mark));
        Ok(())
    }

    #[inline]
    pub fn check_depth(&self, frames: &[Frame]) -> Read<()> {
        if frames.len() >= self.reader.bounds.depth {
            return self.reader.fault(Reason::DepthLimit, self.reader.at);
        }
        Ok(())
    }

    /// Reads the items of an array up to one that is a container, or up to its end.
    fn items(&mut self, frames: &mut Vec<Frame>) -> Read<()> {
        let depth = frames.len();
        while let Some(frame) = frames.last_mut() {
            if frame.is_begun {
                match self.reader.byte()? {
                    b',' => self.reader.at += 1,
                    b']' => {
                        self.reader.at += 1;
                        return self.close_array(frames);
                    }
                    _ => return self.reader.refuse(),
                }
            }
            if !matches!(self.reader.byte()?, b'"' | b'-' | b'0'..=b'9' | b'{' | b'[' | b't' | b'f' | b'n') {
                return self.reader.refuse();
            }
            self.seen.items += 1;
            if self.seen.items > self.reader.bounds.items {
                return self.reader.fault(Reason::ItemsLimit, self.reader.at);
            }
            frame.is_begun = true;
            let spot = frame.spot;
            self.value(spot, frames)?;
            if frames.len() > depth {
                break;
            }
        }
        Ok(())
    }

    fn close_array(&mut self, frames: &mut Vec<Frame>) -> Read<()> {
        let is_root = frames.len() == 1;
        if let Some(Frame { mark, height, .. }) = frames.pop() {
            self.values.close_array(self.reader.py, self.reader.raw, mark, is_root)?;
            hold(frames, height + 1);
        }
        Ok(())
    }

    /// Hands over the object that ends at the cursor: the last value, and the innermost frame.
    pub fn close_object(&mut self, fingerprint: u64, frames: &mut Vec<Frame>) {
        self.closed = fingerprint;
        if let Some(frame) = frames.pop() {
            let height = frame.height + 1;
            self.hand_over(&frame, height, frames);
        }
    }

    /// As `close_object`, of an object that is no frame any more.
    pub fn hand_over(&mut self, frame: &Frame, height: usize, frames: &mut [Frame]) {
        if frame.is_remembered
            && let Some(memory) = self.memory(frame.start, self.reader.at, frame.before, height)
            && let Some(shape) = frame.basis.and_then(|id| self.core.shapes.get(id))
        {
            shape.echoes().remember(memory);
        }
        self.settle(height, frames);
    }

    /// What its shape may remember of the object from `start` to `end` that is the last value.
    pub fn memory(&self, start: usize, end: usize, before: Seen, height: usize) -> Option<Memory<'a>> {
        let raw = &self.reader.raw[start..end];
        let record =
            self.values.last_object().filter(|_| raw.len() <= ECHO_BYTES_MAX && self.doubled_at <= start)?;
        let extent = Extent { height, seen: self.seen.since(before) };
        Some(Memory { raw, record: record.clone(), extent, fingerprint: self.closed })
    }

    #[inline(always)]
    fn push_object(&mut self, record: Object, fingerprint: u64, height: usize, frames: &mut [Frame]) {
        self.values.push_object(record);
        self.closed = fingerprint;
        self.settle(height, frames);
    }

    /// The object that was closed last is in the innermost frame, or the root.
    #[inline(always)]
    fn settle(&mut self, height: usize, frames: &mut [Frame]) {
        match frames.last_mut() {
            Some(outer) => outer.hold(height),
            None => self.root = Some(self.closed),
        }
    }
}

#[inline]
fn hold(frames: &mut [Frame], height: usize) {
    if let Some(outer) = frames.last_mut() {
        outer.hold(height);
    }
}

/// What a document has counted with a subtree more, if that keeps the bounds.
#[inline]
pub fn grown(seen: Seen, more: Extent, depth: usize, bounds: &Bounds) -> Option<Seen> {
    let grown = Seen { keys: seen.keys + more.seen.keys, items: seen.items + more.seen.items };
    let fits =
        depth + more.height <= bounds.depth && grown.keys <= bounds.keys && grown.items <= bounds.items;
    fits.then_some(grown)
}

#[inline]
pub fn site_at<'a>(shapes: &'a mut ShapeTable, root: &'a mut Site, spot: Spot) -> Option<&'a mut Site> {
    let (site, allowance) = match spot.shape {
        Some(id) => shapes.site(id, spot.slot as usize)?,
        None if spot.slot == Spot::ROOT.slot => (root, shapes.allowance()),
        None => return None,
    };
    (0..spot.nested).try_fold(site, |site, _| site.items(allowance))
}
