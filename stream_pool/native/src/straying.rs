//! Objects that do not follow a basis. Where a key is missing the next few are tried; where a stranger comes it is
//! hashed; and an object that did not follow its basis whole finds its shape by the fingerprint of its keys.

use crate::core::Core;
use crate::fault::Reason;
use crate::frame::{Frame, Kind, Loose, Spot};
use crate::keys::Source;
use crate::layout::Layout;
use crate::object::Text;
use crate::parser::{self, Parser, Scratch};
use crate::reader::Read;
use crate::shapes::{Shape, ShapeId};
use crate::text::{self, Spelling};
use std::rc::Rc;

/// So many missing keys in a row are passed over before a key counts as a stranger.
pub const MISSING_MAX: usize = 6;

impl Parser<'_, '_, '_> {
    /// Reads one more member of the innermost container, an object that follows no basis, or its end.
    pub fn stray(&mut self, frames: &mut Vec<Frame>) -> Read<()> {
        if frames.last().is_some_and(|frame| frame.is_begun) {
            if let Some(at) = self.scratch.loose.last_mut().and_then(|loose| loose.replaces.take()) {
                self.values.replace(at);
            }
            match self.reader.byte()? {
                b',' => self.reader.at += 1,
                b'}' => {
                    self.reader.at += 1;
                    return self.close_stray(frames);
                }
                _ => return self.reader.refuse(),
            }
        }
        self.stray_member(frames)
    }

    /// Reads a member whose key is not expected.
    pub fn stray_member(&mut self, frames: &mut Vec<Frame>) -> Read<()> {
        let Some(frame) = frames.last_mut() else { return Ok(()) };
        let spot = self.unexpected_key(frame)?;
        frame.is_begun = true;
        self.value(spot, frames)
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
                if frame.kind == Kind::Loose || slot != frame.next {
                    loosen(frame, self.core, self.scratch);
                    let hash = self.core.shapes.get(id).map_or(0, |shape| shape.hash(slot));
                    self.scratch.keys.push_slot(hash, slot);
                }
                frame.next = slot + 1;
                Spot::of(id, slot)
            }
            None => self.stranger(frame)?,
        };
        if frame.kind == Kind::Loose {
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
        // A key that is too long is a stranger, who is measured.
        let (raw, at, bytes_max) = (self.reader.raw, self.reader.at, self.reader.bounds.key_bytes);
        let slot = (frame.next..last)
            .find(|slot| shape.key(*slot).len() <= bytes_max && shape.is_quoted_at(*slot, raw, at, b"\""))?;
        Some((id, slot, shape.key(slot).len()))
    }

    /// Reads a key that is not one of the basis.
    fn stranger(&mut self, frame: &mut Frame) -> Read<Spot> {
        loosen(frame, self.core, self.scratch);
        let (raw, opening) = (self.reader.raw, self.reader.at);
        let bytes_max = self.reader.bounds.key_bytes;
        let (seeded, keys) = (&self.core.strings.seeded, &mut self.scratch.keys);
        let found = text::scan(raw, opening, bytes_max, Reason::KeyBytesLimit, &mut self.scratch.text)?;
        match found.spelling {
            Spelling::Unescaped => {
                let key = self.scratch.text.text().bytes();
                keys.push_unescaped(seeded.hash(key), key);
            }
            Spelling::Ascii | Spelling::Utf8 => {
                keys.push_raw(seeded.hash(&raw[found.start..found.end]), found.start, found.end);
            }
        }
        self.reader.at = found.end + 1;
        if let Some(loose) = self.scratch.loose.last_mut() {
            loose.strangers += 1;
        }
        let Some(id) = frame.basis else { return Ok(Spot::NOWHERE) };
        Ok(self.core.shapes.get(id).map_or(Spot::NOWHERE, |shape| Spot::of(id, shape.len())))
    }

    /// Keys of the basis come in its order, so only where there are strangers one can come twice.
    fn check_double(&mut self, frame: &Frame, opening: usize) -> Read<()> {
        let Some(loose) = self.scratch.loose.last_mut().filter(|loose| loose.strangers > 0) else {
            return Ok(());
        };
        let basis = frame.basis.and_then(|id| self.core.shapes.peek(id));
        let source = Source { raw: self.reader.raw, basis };
        let Some(earlier) = self.scratch.keys.double(source, loose.keys_base) else { return Ok(()) };
        if !self.last_wins {
            return self.reader.fault(Reason::DuplicateKey, opening);
        }
        self.scratch.keys.pop();
        self.doubled_at = opening;
        loose.replaces = Some(frame.mark.value(earlier));
        Ok(())
    }

    /// Makes the record of an object that did not follow its basis whole.
    pub fn close_stray(&mut self, frames: &mut Vec<Frame>) -> Read<()> {
        let Some(frame) = frames.last_mut() else { return Ok(()) };
        let followed = (frame.kind == Kind::Following).then_some(frame.next);
        loosen(frame, self.core, self.scratch);
        let Some(loose) = self.scratch.loose.pop() else { return Ok(()) };
        let base = loose.keys_base;
        let (fingerprint, count) = (self.scratch.keys.fingerprint(base), self.scratch.keys.len() - base);
        let basis = frame.basis.and_then(|id| self.core.shapes.peek(id));
        let is_variant = basis.is_some_and(|basis| followed == Some(basis.len()));
        let is_better = loose.strangers > 0 && basis.is_none_or(|basis| count >= basis.len());
        let known = self.known_shape(frame, base, fingerprint);
        let (layout, shape) = match known.and_then(|id| Some((id, self.core.shapes.get(id)?))) {
            Some((id, shape)) => (shape.use_layout(), Some(id)),
            None => self.new_layout(frame, base, fingerprint)?,
        };
        self.scratch.keys.truncate(base);
        let (py, raw) = (self.reader.py, self.reader.raw);
        self.values.close_object(py, raw, &layout, frame.mark)?;
        if !is_variant
            && let Some(site) = parser::site_at(&mut self.core.shapes, &mut self.scratch.root, frame.spot)
        {
            site.misfitted(shape, is_better);
        }
        // An object of a layout that is not shared is not remembered, so that its second sighting is one.
        frame.is_remembered &= shape.is_some();
        if let (Some(basis), Some(shape)) = (frame.basis, shape) {
            if is_variant {
                self.core.shapes.found_variant(basis, frame.missing, shape);
            } else {
                self.core.shapes.branch(basis, shape);
            }
        }
        self.close_object(fingerprint, frames);
        Ok(())
    }

    /// The shared shape that has the listed keys.
    fn known_shape(&self, frame: &Frame, base: usize, fingerprint: u64) -> Option<ShapeId> {
        let (keys, shapes) = (&self.scratch.keys, &self.core.shapes);
        let source = Source { raw: self.reader.raw, basis: frame.basis.and_then(|id| shapes.peek(id)) };
        let id = shapes.candidate(fingerprint)?;
        let shape = shapes.peek(id)?;
        let mut slots = 0..shape.len();
        let is_same = shape.len() == keys.len() - base
            && slots.all(|slot| shape.key(slot) == keys.bytes(source, base + slot));
        is_same.then_some(id)
    }

    /// A layout that is not shared yet, of pooled keys; it is from now on, if it was seen before.
    fn new_layout(
        &mut self,
        frame: &Frame,
        base: usize,
        fingerprint: u64,
    ) -> Read<(Rc<Layout>, Option<ShapeId>)> {
        let py = self.reader.py;
        let keys = &self.scratch.keys;
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

/// From here on the keys of this object are listed.
pub fn loosen(frame: &mut Frame, core: &mut Core, scratch: &mut Scratch) {
    if frame.kind == Kind::Loose {
        return;
    }
    frame.kind = Kind::Loose;
    frame.is_begun = frame.next > 0;
    scratch.loose.push(Loose { keys_base: scratch.keys.len(), strangers: 0, replaces: None });
    if let Some(shape) = frame.basis.and_then(|id| core.shapes.get(id)) {
        for slot in (0..frame.next).filter(|slot| !frame.lacks(*slot)) {
            scratch.keys.push_slot(shape.hash(slot), slot);
        }
    }
}
