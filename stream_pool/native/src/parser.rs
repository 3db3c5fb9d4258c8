//! One text, one pass, one loop: containers are on a stack of frames, so depth costs no recursion.
//!
//! An object is read along its *basis*, the shape that its site saw last: key by key one comparison with the raw
//! bytes. Where a key is missing the next few are tried; where a stranger comes it is hashed; and an object that did
//! not follow its basis whole finds its shape by the fingerprint of its keys. What `documents/reasons.py` says about
//! offsets and precedence holds because every check is made where the cursor stands.

use crate::core::Core;
use crate::fault::Reason;
use crate::frame::{Frame, Opening, Spot};
use crate::hashing;
use crate::keys::{Keys, Source};
use crate::layout::Layout;
use crate::limits::Bounds;
use crate::object::{Object, Text};
use crate::reader::{Read, Reader};
use crate::record::{Values, Word};
use crate::shapes::{Shape, ShapeId, ShapeTable};
use crate::site::{ECHO_BYTES_MAX, Extent, Site};
use crate::text::{self, Spelling};
use std::rc::Rc;

/// So many missing keys in a row are looked over before a key counts as a stranger.
const MISSING_MAX: usize = 6;

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
    keys: Keys,
    text: String,
    root: Site,
}

impl Scratch {
    pub fn new() -> Scratch {
        Scratch {
            values: Values::default(),
            frames: Vec::new(),
            keys: Keys::default(),
            text: String::new(),
            root: Site::new(),
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
    let mut frames = std::mem::take(&mut scratch.frames);
    let (seen, last_wins) = (Extent::default(), manner.last_wins);
    let mut parser = Parser {
        reader,
        last_wins,
        echo,
        core,
        scratch,
        depth: 0,
        seen,
        misses: 0,
        root: None,
        opening: Opening::NONE,
        whole: 0,
    };
    let outcome = parser.document(&mut frames);
    let (keys, misses, root) = (parser.seen.keys, parser.misses, parser.root);
    core.shapes.forget_evicted();
    frames.clear();
    scratch.frames = frames;
    scratch.keys.clear();
    scratch.values.clear();
    outcome.map(|value| Accepted { value, keys, misses, root })
}

struct Parser<'a, 'py, 'c> {
    reader: Reader<'a, 'py>,
    last_wins: bool,
    echo: bool,
    core: &'c mut Core,
    scratch: &'c mut Scratch,
    depth: usize,
    /// Keys and items so far.
    seen: Extent,
    misses: usize,
    /// The fingerprint of a root that is an object.
    root: Option<u64>,
    opening: Opening,
    whole: usize,
}

enum Begun {
    /// A whole scalar was pushed.
    Scalar,
    /// A whole container was pushed; `whole` is its height.
    Whole,
    /// What opened is in `opening`.
    Opened,
}

enum Along {
    /// The object ended.
    Closed,
    /// An object stands at the cursor, the value of an expected key; the basis that its site has.
    Object(Spot, Option<ShapeId>),
    /// A container stands at the cursor, the value of an expected key.
    Other(Spot),
    /// What stands at the cursor is not the expected key.
    Astray,
}

enum Step {
    Opened,
    Closed,
}

impl Parser<'_, '_, '_> {
    fn document(&mut self, frames: &mut Vec<Frame>) -> Read<Object> {
        if self.reader.raw.starts_with(b"\xef\xbb\xbf") {
            return self.reader.fault(Reason::ByteOrderMark, 0);
        }
        if let Begun::Opened = self.value(Spot::ROOT)? {
            self.open(frames);
        }
        loop {
            self.depth = frames.len();
            let Some(frame) = frames.last_mut() else { break };
            let step = if frame.is_array { self.items(frame)? } else { self.members(frame)? };
            match step {
                Step::Opened => self.open(frames),
                Step::Closed => self.close(frames)?,
            }
        }
        self.reader.skip_space();
        if self.reader.at < self.reader.raw.len() {
            return self.reader.fault(Reason::TrailingBytes, self.reader.at);
        }
        Ok(self.scratch.values.root(self.reader.py, self.reader.raw)?)
    }

    /// Reads a value, or only the opening bracket of a container that has something in it.
    #[inline(always)]
    fn value(&mut self, spot: Spot) -> Read<Begun> {
        let py = self.reader.py;
        let word = match self.reader.byte()? {
            b'"' => {
                let site = site_at(&mut self.core.shapes, &mut self.scratch.root, spot);
                self.reader.text(site, &mut self.core.strings, &mut self.scratch.text)?
            }
            b'-' | b'0'..=b'9' => self.reader.number()?,
            b'{' => return self.begin_object(spot),
            b'[' => return self.begin_array(spot),
            b't' => self.reader.literal(b"true", Object::boolean(py, true))?,
            b'f' => self.reader.literal(b"false", Object::boolean(py, false))?,
            b'n' => self.reader.literal(b"null", Object::none(py))?,
            _ => return self.reader.refuse(),
        };
        self.scratch.values.push(word);
        Ok(Begun::Scalar)
    }

    fn begin_object(&mut self, spot: Spot) -> Read<Begun> {
        self.check_depth()?;
        let Parser { reader, core, scratch, seen, .. } = self;
        let mut basis = None;
        if let Some(site) = site_at(&mut core.shapes, &mut scratch.root, spot) {
            if self.echo {
                if let Some(echo) = site.echo(&reader.raw[reader.at..]) {
                    if let Some(grown) = grown(seen, echo.extent, self.depth, reader.bounds) {
                        scratch.values.push(Word::object(echo.record.clone()));
                        reader.at += echo.length();
                        *seen = grown;
                        self.whole = echo.extent.height;
                        if self.depth == 0 {
                            self.root = Some(echo.fingerprint);
                        }
                        site.echoed();
                        return Ok(Begun::Whole);
                    }
                }
            }
            basis = site.basis();
        }
        self.begin_members(spot, basis)
    }

    /// An object that is not remembered whole.
    #[inline]
    fn begin_members(&mut self, spot: Spot, basis: Option<ShapeId>) -> Read<Begun> {
        let start = self.reader.at;
        self.reader.at += 1;
        if self.reader.byte()? == b'}' {
            self.reader.at += 1;
            if self.depth == 0 {
                self.root = Some(hashing::NO_KEYS);
            }
            let empty = self.core.empty_record(self.reader.py)?;
            self.scratch.values.push(Word::object(empty));
            self.whole = 1;
            return Ok(Begun::Whole);
        }
        self.opening = Opening { is_array: false, spot, start, basis };
        Ok(Begun::Opened)
    }

    fn begin_array(&mut self, spot: Spot) -> Read<Begun> {
        let start = self.reader.at;
        self.check_depth()?;
        self.reader.at += 1;
        if self.reader.byte()? == b']' {
            self.reader.at += 1;
            let empty = Object::tuple(self.reader.py, std::iter::empty())?;
            self.scratch.values.push(Word::object(empty));
            self.whole = 1;
            return Ok(Begun::Whole);
        }
        self.opening = Opening { is_array: true, spot: spot.items(), start, basis: None };
        Ok(Begun::Opened)
    }

    fn check_depth(&self) -> Read<()> {
        if self.depth >= self.reader.bounds.depth {
            return self.reader.fault(Reason::DepthLimit, self.reader.at);
        }
        Ok(())
    }

    #[inline]
    fn open(&mut self, frames: &mut Vec<Frame>) {
        let opening = &self.opening;
        let longest =
            opening.basis.and_then(|id| self.core.shapes.get(id)).map(|shape| shape.longest_bytes());
        let fits = longest.is_some_and(|longest| longest <= self.reader.bounds.key_bytes);
        let basis = if fits { opening.basis } else { None };
        frames.push(Frame::new(&self.opening, basis, self.scratch.values.mark(), self.seen));
    }

    fn items(&mut self, frame: &mut Frame) -> Read<Step> {
        loop {
            if frame.is_begun {
                match self.reader.byte()? {
                    b',' => self.reader.at += 1,
                    b']' => {
                        self.reader.at += 1;
                        return Ok(Step::Closed);
                    }
                    _ => return self.reader.refuse(),
                }
            }
            frame.is_begun = true;
            if !matches!(self.reader.byte()?, b'"' | b'-' | b'0'..=b'9' | b'{' | b'[' | b't' | b'f' | b'n') {
                return self.reader.refuse();
            }
            self.seen.items += 1;
            if self.seen.items > self.reader.bounds.items {
                return self.reader.fault(Reason::ItemsLimit, self.reader.at);
            }
            match self.value(frame.spot)? {
                Begun::Opened => return Ok(Step::Opened),
                Begun::Whole => frame.height = frame.height.max(self.whole),
                Begun::Scalar => {}
            }
        }
    }

    fn members(&mut self, frame: &mut Frame) -> Read<Step> {
        if frame.is_begun && self.ends(frame)? {
            return Ok(Step::Closed);
        }
        frame.is_begun = true;
        loop {
            let spot = match frame.basis {
                Some(id) if !frame.is_loose => match self.along(frame, id)? {
                    Along::Closed => return Ok(Step::Closed),
                    Along::Object(spot, basis) => {
                        self.check_depth()?;
                        if let Begun::Opened = self.begin_members(spot, basis)? {
                            return Ok(Step::Opened);
                        }
                        frame.height = frame.height.max(self.whole);
                        if self.ends(frame)? {
                            return Ok(Step::Closed);
                        }
                        continue;
                    }
                    Along::Other(spot) => spot,
                    Along::Astray => self.unexpected_key(frame)?,
                },
                _ => self.unexpected_key(frame)?,
            };
            match self.value(spot)? {
                Begun::Opened => return Ok(Step::Opened),
                Begun::Whole => frame.height = frame.height.max(self.whole),
                Begun::Scalar => {}
            }
            if self.ends(frame)? {
                return Ok(Step::Closed);
            }
        }
    }

    /// After a value: whether the object ends, or goes on with another key.
    #[inline]
    fn ends(&mut self, frame: &mut Frame) -> Read<bool> {
        if let Some(at) = frame.replaces.take() {
            self.scratch.values.replace(at);
        }
        let byte = self.reader.byte()?;
        if !matches!(byte, b',' | b'}') {
            return self.reader.refuse();
        }
        self.reader.at += 1;
        Ok(byte == b'}')
    }

    /// Reads members as long as their keys are those of the basis, one after the other, up to a container.
    #[inline]
    fn along(&mut self, frame: &mut Frame, id: ShapeId) -> Read<Along> {
        let Parser { reader, core, scratch, seen, echo: is_echo, depth, .. } = self;
        let Core { shapes, strings, .. } = &mut **core;
        let Some(shape) = shapes.get(id) else { return Ok(Along::Astray) };
        let (raw, py) = (reader.raw, reader.py);
        let first = frame.next;
        let room = reader.bounds.keys - seen.keys;
        let mut members = shape.members_from(first).take(room);
        let mut read = 0;
        let mut rest = &raw[reader.at..];
        let outcome = loop {
            let Some(member) = members.next() else { break Along::Astray };
            let Some(behind) = member.behind_key(rest) else { break Along::Astray };
            read += 1;
            let word = match behind {
                [b'"', content @ ..] => match text::plain_length(content) {
                    Some(length) if length <= reader.bounds.string_bytes => {
                        let start = raw.len() - content.len();
                        rest = &content[length + 1..];
                        reader.plain_text(start, &content[..length], member.site(), strings)?
                    }
                    _ => {
                        reader.at = raw.len() - behind.len();
                        let word = reader.text(Some(member.site()), strings, &mut scratch.text)?;
                        rest = &raw[reader.at..];
                        word
                    }
                },
                [b'-' | b'0'..=b'9', ..] => {
                    reader.at = raw.len() - behind.len();
                    let word = reader.number()?;
                    rest = &raw[reader.at..];
                    word
                }
                [b'{', ..] => {
                    let site = member.site();
                    if let (true, Some(echo)) = (*is_echo, site.echo(behind)) {
                        if let Some(grown) = grown(
                            &Extent { keys: seen.keys + read, ..*seen },
                            echo.extent,
                            *depth,
                            reader.bounds,
                        ) {
                            seen.keys = grown.keys - read;
                            seen.items = grown.items;
                            rest = &behind[echo.length()..];
                            frame.height = frame.height.max(echo.extent.height);
                            let word = Word::object(echo.record.clone());
                            site.echoed();
                            word
                        } else {
                            rest = behind;
                            break Along::Object(Spot::of(id, first + read - 1), site.basis());
                        }
                    } else {
                        rest = behind;
                        break Along::Object(Spot::of(id, first + read - 1), site.basis());
                    }
                }
                [b'[', ..] => {
                    rest = behind;
                    break Along::Other(Spot::of(id, first + read - 1));
                }
                _ => {
                    reader.at = raw.len() - behind.len();
                    let word = match reader.byte()? {
                        b'"' => reader.text(Some(member.site()), strings, &mut scratch.text)?,
                        b'-' | b'0'..=b'9' => reader.number()?,
                        b't' => reader.literal(b"true", Object::boolean(py, true))?,
                        b'f' => reader.literal(b"false", Object::boolean(py, false))?,
                        b'n' => reader.literal(b"null", Object::none(py))?,
                        b'{' | b'[' => {
                            rest = &raw[reader.at..];
                            break Along::Other(Spot::of(id, first + read - 1));
                        }
                        _ => return reader.refuse(),
                    };
                    rest = &raw[reader.at..];
                    word
                }
            };
            scratch.values.push(word);
            match rest {
                [b',', behind @ ..] => rest = behind,
                [b'}', behind @ ..] => {
                    rest = behind;
                    break Along::Closed;
                }
                _ => {
                    reader.at = raw.len() - rest.len();
                    match reader.byte()? {
                        b',' => rest = &raw[reader.at + 1..],
                        b'}' => {
                            rest = &raw[reader.at + 1..];
                            break Along::Closed;
                        }
                        _ => return reader.refuse(),
                    }
                }
            }
        };
        reader.at = raw.len() - rest.len();
        frame.next = first + read;
        seen.keys += read;
        Ok(outcome)
    }

    fn unexpected_key(&mut self, frame: &mut Frame) -> Read<Spot> {
        if self.reader.byte()? != b'"' {
            return self.reader.refuse();
        }
        let opening = self.reader.at;
        self.seen.keys += 1;
        if self.seen.keys > self.reader.bounds.keys {
            return self.reader.fault(Reason::KeysLimit, opening);
        }
        let spot = match self.slot_ahead(frame) {
            Some((id, slot, length)) => {
                self.reader.at = opening + length + 2;
                if frame.is_loose || slot != frame.next {
                    self.loosen(frame);
                    let hash = self.core.shapes.get(id).map_or(0, |shape| shape.hash(slot));
                    self.scratch.keys.push_slot(hash, slot);
                }
                frame.next = slot + 1;
                Spot::of(id, slot)
            }
            None => self.stranger(frame)?,
        };
        if frame.strangers > 0 {
            self.check_double(frame, opening)?;
        }
        if self.reader.byte()? != b':' {
            return self.reader.refuse();
        }
        self.reader.at += 1;
        Ok(spot)
    }

    /// The next slot of the basis whose key stands here, plainly spelled, and the key's length.
    fn slot_ahead(&mut self, frame: &Frame) -> Option<(ShapeId, usize, usize)> {
        let id = frame.basis?;
        let shape = self.core.shapes.get(id)?;
        let last = shape.len().min(frame.next + MISSING_MAX);
        let slot = (frame.next..last)
            .find(|slot| shape.is_quoted_at(*slot, self.reader.raw, self.reader.at, b"\""))?;
        Some((id, slot, shape.key(slot).len()))
    }

    /// From here on the keys of this object are listed.
    fn loosen(&mut self, frame: &mut Frame) {
        if frame.is_loose {
            return;
        }
        frame.is_loose = true;
        frame.keys_base = self.scratch.keys.len();
        if let Some(shape) = frame.basis.and_then(|id| self.core.shapes.get(id)) {
            for slot in 0..frame.next {
                self.scratch.keys.push_slot(shape.hash(slot), slot);
            }
        }
    }

    /// Reads a key that is not expected.
    fn stranger(&mut self, frame: &mut Frame) -> Read<Spot> {
        self.loosen(frame);
        let (raw, opening) = (self.reader.raw, self.reader.at);
        let bytes_max = self.reader.bounds.key_bytes;
        let (seeded, keys) = (&self.core.strings.seeded, &mut self.scratch.keys);
        let found = text::scan(raw, opening, bytes_max, Reason::KeyBytesLimit, &mut self.scratch.text)?;
        match found.spelling {
            Spelling::Unescaped => {
                let key = self.scratch.text.as_str();
                keys.push_unescaped(seeded.hash(key.as_bytes()), key);
            }
            Spelling::Ascii | Spelling::Utf8 => {
                keys.push_raw(seeded.hash(&raw[found.start..found.end]), found.start, found.end);
            }
        }
        self.reader.at = found.end + 1;
        frame.strangers += 1;
        let Some(id) = frame.basis else { return Ok(Spot::NOWHERE) };
        Ok(self.core.shapes.get(id).map_or(Spot::NOWHERE, |shape| Spot::of(id, shape.len())))
    }

    fn check_double(&mut self, frame: &mut Frame, opening: usize) -> Read<()> {
        let basis = frame.basis.and_then(|id| self.core.shapes.peek(id));
        let source = Source { raw: self.reader.raw, basis };
        let Some(earlier) = self.scratch.keys.double(source, frame.keys_base) else { return Ok(()) };
        if !self.last_wins {
            return self.reader.fault(Reason::DuplicateKey, opening);
        }
        self.scratch.keys.pop();
        frame.has_doubles = true;
        frame.replaces = Some(frame.mark.value(earlier));
        Ok(())
    }

    /// Makes one value of all that the innermost container holds.
    fn close(&mut self, frames: &mut Vec<Frame>) -> Read<()> {
        let is_root = frames.len() == 1;
        let Some(frame) = frames.last_mut() else { return Ok(()) };
        let (py, raw) = (self.reader.py, self.reader.raw);
        if frame.is_array {
            self.scratch.values.close_array(py, raw, frame.mark, is_root)?;
        } else {
            let (record, fingerprint) = self.close_object(frame)?;
            self.scratch.values.push(Word::object(record));
            if is_root {
                self.root = Some(fingerprint);
            }
        }
        let (height, has_doubles) = (frame.height + 1, frame.has_doubles);
        frames.pop();
        if let Some(outer) = frames.last_mut() {
            outer.height = outer.height.max(height);
            outer.has_doubles |= has_doubles;
        }
        Ok(())
    }

    fn close_object(&mut self, frame: &mut Frame) -> Read<(Object, u64)> {
        let settled = self.settle(frame)?;
        let (py, raw) = (self.reader.py, self.reader.raw);
        let Settled { layout, fingerprint, .. } = settled;
        let record = self.scratch.values.record(py, raw, layout, frame.mark)?;
        let written = &raw[frame.start..self.reader.at];
        // An object of a layout that is not shared is not remembered, so that its second sighting is one.
        let is_shared = settled.misfit.as_ref().is_none_or(|misfit| misfit.shape.is_some());
        let is_echo = self.echo && is_shared && written.len() <= ECHO_BYTES_MAX && !frame.has_doubles;
        if !is_echo && settled.misfit.is_none() {
            return Ok((record, fingerprint));
        }
        if let Some(site) = site_at(&mut self.core.shapes, &mut self.scratch.root, frame.spot) {
            if let Some(misfit) = settled.misfit {
                site.misfitted(misfit.shape, misfit.is_better);
            }
            if is_echo {
                let keys = self.seen.keys - frame.before.keys;
                let items = self.seen.items - frame.before.items;
                let extent = Extent { height: frame.height + 1, keys, items };
                site.remember(written, &record, extent, fingerprint);
            }
        }
        Ok((record, fingerprint))
    }

    /// The layout of an object all of whose members were read.
    #[inline]
    fn settle(&mut self, frame: &mut Frame) -> Read<Settled> {
        if let (false, Some(id)) = (frame.is_loose, frame.basis) {
            if let Some(shape) = self.core.shapes.get(id) {
                if frame.next == shape.len() {
                    let (layout, fingerprint) = (shape.layout().clone(), shape.fingerprint());
                    return Ok(Settled { layout, fingerprint, misfit: None });
                }
            }
        }
        self.settle_loose(frame)
    }

    fn settle_loose(&mut self, frame: &mut Frame) -> Read<Settled> {
        self.loosen(frame);
        let (keys, base) = (&self.scratch.keys, frame.keys_base);
        let count = keys.len() - base;
        let fingerprint = keys.fingerprint(base);
        let basis = frame.basis.and_then(|id| self.core.shapes.peek(id));
        let is_better = frame.strangers > 0 && basis.is_none_or(|basis| count >= basis.len());
        let source = Source { raw: self.reader.raw, basis };
        let known = self.core.shapes.candidate(fingerprint).filter(|id| {
            let is_same = |shape: &Shape| {
                shape.len() == count
                    && (0..count).all(|slot| shape.key(slot) == keys.bytes(source, base + slot))
            };
            self.core.shapes.peek(*id).is_some_and(is_same)
        });
        let (layout, shape) = match known.and_then(|id| self.core.shapes.get(id).map(|shape| (id, shape))) {
            Some((id, shape)) => (shape.use_layout(), Some(id)),
            None => self.new_layout(frame, fingerprint)?,
        };
        self.scratch.keys.truncate(base);
        Ok(Settled { layout, fingerprint, misfit: Some(Misfit { shape, is_better }) })
    }

    /// A layout that is not shared yet, of pooled keys; it is from now on, if it was seen before.
    fn new_layout(&mut self, frame: &Frame, fingerprint: u64) -> Read<(Rc<Layout>, Option<ShapeId>)> {
        let py = self.reader.py;
        let (keys, base) = (&self.scratch.keys, frame.keys_base);
        let is_shared = self.core.shapes.wants(fingerprint, keys.len() - base);
        let basis = frame.basis.and_then(|id| self.core.shapes.peek(id));
        let source = Source { raw: self.reader.raw, basis };
        let mut texts = Vec::with_capacity(keys.len() - base);
        for at in base..keys.len() {
            let bytes = keys.bytes(source, at);
            let (text, is_hit) =
                self.core.strings.key(keys.hash(at), bytes, || match (basis, keys.slot(at)) {
                    (Some(basis), Some(slot)) => Ok(basis.layout().key(slot).clone()),
                    _ => Text::of_utf8(py, bytes),
                })?;
            self.misses += usize::from(!is_hit);
            texts.push(text);
        }
        let layout = Rc::new(Layout::new(texts.into_iter()));
        let shared = is_shared.then(|| {
            let written = (base..keys.len()).map(|at| (keys.hash(at), keys.bytes(source, at)));
            Shape::new(layout.clone(), fingerprint, written)
        });
        let shape = shared.and_then(|shape| self.core.shapes.share(shape));
        Ok((layout, shape))
    }
}

struct Settled {
    layout: Rc<Layout>,
    fingerprint: u64,
    /// None where the object followed its basis whole.
    misfit: Option<Misfit>,
}

struct Misfit {
    shape: Option<ShapeId>,
    /// It has keys that the basis lacks, and as many in all.
    is_better: bool,
}

/// What a document has counted with a subtree more, if that keeps the bounds.
#[inline]
fn grown(seen: &Extent, more: Extent, depth: usize, bounds: &Bounds) -> Option<Extent> {
    let grown = Extent { keys: seen.keys + more.keys, items: seen.items + more.items, height: 0 };
    let fits =
        depth + more.height <= bounds.depth && grown.keys <= bounds.keys && grown.items <= bounds.items;
    fits.then_some(grown)
}

#[inline]
fn site_at<'a>(shapes: &'a mut ShapeTable, root: &'a mut Site, spot: Spot) -> Option<&'a mut Site> {
    let mut site = match spot.shape {
        Some(id) => shapes.get(id)?.site(spot.slot as usize),
        None if spot.slot == Spot::ROOT.slot => root,
        None => return None,
    };
    for _ in 0..spot.nested {
        site = site.items();
    }
    Some(site)
}
