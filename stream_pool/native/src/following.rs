//! Objects that follow their basis, and those within them: key by key one comparison with the raw bytes, no hash, and
//! no look for doubles. Keys that an object lacks are passed over, a few in a row, and which they are tells its shape.
//!
//! The objects of a document are read by recursion here, some levels deep, each with its shape taken out of the table.
//! Whoever meets anything else leaves: each level becomes a frame (`leaving.rs`), and the rest is read there
//! (`parser.rs`). What is left to read begins with the byte before a key's quote: a comma, but for the first a bracket.

use crate::frame::{Frame, Spot};
use crate::leaving::{Begun, Height, LEFT, Left};
use crate::parser::{self, Parser};
use crate::plain;
use crate::reader::{self, Read};
use crate::record::{SHORT_BYTES_MAX, TEXT_BYTES_MAX, Word};
use crate::shapes::Shape;
use crate::straying::{self, MISSING_MAX};
use crate::window::Window;

/// So many levels go down the stack before the next begins anew as a frame.
const LEVELS_MAX: usize = 24;

/// What stands where the key of a slot was expected.
enum Found<'a> {
    /// The key of this slot, with this behind it.
    Key(usize, &'a [u8]),
    /// The end of the object, with this behind it.
    End(&'a [u8]),
    Nothing,
}

impl<'a> Parser<'a, '_, '_> {
    /// Reads on in the innermost container, an object that follows its basis, until that ends or something else is to be
    /// done.
    pub fn follow(&mut self, frames: &mut Vec<Frame>) -> Read<()> {
        let depth = frames.len();
        let Some(mut frame) = frames.pop() else { return Ok(()) };
        let is_within = |shape: &Shape| self.is_lenient() && self.may_come(shape, frame.next);
        let basis = self.core.shapes.only(frame.basis, is_within);
        let Some((id, mut shape)) = basis.and_then(|id| Some((id, self.core.shapes.take(id)?))) else {
            straying::loosen(&mut frame, self.core, self.scratch);
            frames.push(frame);
            return Ok(());
        };
        self.deepest = self.reader.bounds.depth.min(depth + LEVELS_MAX);
        let rest = &self.reader.raw[self.reader.at - usize::from(frame.next == 0)..];
        let Frame { next, missing, mark, height, .. } = frame;
        self.seen.keys += shape.len() - next;
        let outcome = self.object(&mut shape, Some(&Begun { next, missing, mark, height }), rest, depth);
        self.core.shapes.put_back(id, shape);
        match outcome? {
            LEFT => self.leave_to(frame, frames),
            height => {
                self.reader.go_to(self.rest);
                self.hand_over(&frame, height, frames);
                Ok(())
            }
        }
    }

    /// Whether whatever is pooled or short keeps the bounds.
    fn is_lenient(&self) -> bool {
        self.reader.bounds.string_bytes >= TEXT_BYTES_MAX
    }

    /// Whether all keys of a shape from a slot on keep the bounds.
    #[inline(always)]
    fn may_come(&self, shape: &Shape, next: usize) -> bool {
        let bounds = self.reader.bounds;
        shape.longest_bytes() <= bounds.key_bytes && self.seen.keys + shape.len() - next <= bounds.keys
    }

    /// Reads an object along its shape, from its beginning or further on.
    #[inline(never)]
    fn object(
        &mut self,
        shape: &mut Shape,
        begun: Option<&Begun>,
        mut rest: &'a [u8],
        depth: usize,
    ) -> Read<Height> {
        shape.keep();
        let Begun { next, mut missing, mark, mut height } = match begun {
            Some(begun) => *begun,
            None => Begun { next: 0, missing: 0, mark: self.values.mark(), height: 0 },
        };
        let keys = shape.len();
        let mut members = shape.members_from(next);
        loop {
            let (member, behind) = 'key: {
                let mut slot = match members.next() {
                    Some(next) => match next.spelling().behind(rest) {
                        Some(behind) => break 'key (next, behind),
                        None => keys - members.len() - 1,
                    },
                    None => keys,
                };
                let found = match rest {
                    [b'}', behind @ ..] if slot > 0 => Found::End(behind),
                    _ => self.unexpected(shape, &mut slot, &mut missing, rest)?,
                };
                match found {
                    Found::Key(slot, behind) => {
                        members = shape.members_from(slot);
                        let Some(next) = members.next() else { return self.reader.refuse() };
                        (next, behind)
                    }
                    Found::End(behind) => {
                        self.rest = behind;
                        let begun = Begun { next: slot, missing, mark, height };
                        if slot < shape.len() || missing > 0 {
                            return self.end_short(shape, begun);
                        }
                        let (py, raw) = (self.reader.py, self.reader.raw);
                        self.values.close_object(py, raw, shape.layout(), mark)?;
                        self.closed = shape.fingerprint();
                        return Ok(height + 1);
                    }
                    Found::Nothing => return self.leave(shape, Begun { next: slot, missing, mark, height }),
                }
            };
            if let [b'"', content @ ..] = behind {
                let text = match content.first_chunk() {
                    Some(window) => {
                        let end = plain::first_not_plain(window);
                        if end <= SHORT_BYTES_MAX
                            && let Some((b'"', behind)) = content[end..].split_first()
                        {
                            self.values.push_whole(Word::short(Window::of(window).low(end), end));
                            rest = behind;
                            continue;
                        }
                        plain::read_from(content, end)
                    }
                    None => None,
                };
                if let Some((text, behind)) = text
                    && text.len() <= TEXT_BYTES_MAX
                {
                    rest = behind;
                    let (site, strings) = (member.site(), &mut self.core.strings);
                    self.values.push(self.reader.expected_text(content, text.len(), site, strings)?);
                    continue;
                }
            }
            let value = reader::behind_space(behind);
            if let [b'{', b'"', ..] = value {
                let slot = keys - members.len() - 1;
                if depth < self.deepest
                    && let Some(id) = member.site().basis()
                    && let Some(mut child) = self.core.shapes.take(id)
                {
                    if self.echo
                        && let Some(echo) = child.echoes().heard(value)
                        && let Some(grown) = parser::grown(self.seen, echo.extent, depth, self.reader.bounds)
                    {
                        self.seen = grown;
                        self.values.push_object(echo.record.clone());
                        height = height.max(echo.extent.height);
                        rest = &value[echo.length()..];
                        self.core.shapes.put_back(id, child);
                        continue;
                    }
                    if self.may_come(&child, 0) {
                        let is_remembered = self.echo && child.echoes().listens();
                        let before = self.seen;
                        self.seen.keys += child.len();
                        let start = self.reader.raw.len() - value.len();
                        let outcome = self.object(&mut child, None, value, depth + 1);
                        if is_remembered
                            && let Ok(grown @ 1..) = outcome
                            && let Some(memory) =
                                self.memory(start, self.reader.raw.len() - self.rest.len(), before, grown)
                        {
                            child.echoes().remember(memory);
                        }
                        self.core.shapes.put_back(id, child);
                        let grown = outcome?;
                        if grown == LEFT {
                            self.open_left(Spot::of(shape.id(), slot), start, before, is_remembered);
                            return self.leave(shape, Begun { next: slot + 1, missing, mark, height });
                        }
                        height = height.max(grown);
                        rest = self.rest;
                        continue;
                    }
                    self.core.shapes.put_back(id, child);
                }
                return self.leave_at(value, shape, Begun { next: slot + 1, missing, mark, height });
            }
            self.reader.go_to(value);
            match value {
                [b'-' | b'0'..=b'9', ..] => self.values.push_whole(self.reader.number()?),
                [b'"', ..] => {
                    let (site, strings) = (Some(member.site()), &mut self.core.strings);
                    self.values.push(self.reader.text(site, strings, &mut self.scratch.text)?);
                }
                [b't' | b'f' | b'n', ..] => self.values.push_whole(self.reader.literal()?),
                _ => {
                    let next = keys - members.len();
                    return self.leave_at(value, shape, Begun { next, missing, mark, height });
                }
            }
            rest = self.reader.rest();
        }
    }

    /// The end of an object that lacks keys of its shape, from its next slot on or before.
    #[inline(never)]
    fn end_short(&mut self, shape: &Shape, begun: Begun) -> Read<Height> {
        let Begun { next, missing, mark, height } = begun;
        self.reader.go_to(self.rest);
        self.scratch.leaving.left = Left::Short;
        let length = shape.len();
        let Some(missing) = skip(missing, next, length) else { return self.leave(shape, begun) };
        self.seen.keys -= length - next;
        let variant = shape.variant(missing).and_then(|id| self.core.shapes.get(id));
        let Some(variant) = variant else {
            return self.leave(shape, Begun { next: length, missing, ..begun });
        };
        variant.keep();
        self.values.close_object(self.reader.py, self.reader.raw, variant.layout(), mark)?;
        self.closed = variant.fingerprint();
        Ok(height + 1)
    }

    /// Looks for what stands where the key of a slot was expected, behind white space perhaps. Leaves from there if
    /// that is nothing that is known.
    #[inline(never)]
    fn unexpected(
        &mut self,
        shape: &Shape,
        slot: &mut usize,
        missing: &mut u64,
        rest: &'a [u8],
    ) -> Read<Found<'a>> {
        self.reader.go_to(rest);
        if !self.reader.finds_key(*slot == 0)? {
            return Ok(Found::End(&self.reader.rest()[1..]));
        }
        let from = &self.reader.raw[self.reader.at - 1..];
        let near = *slot..shape.len().min(*slot + 1 + MISSING_MAX);
        let key = near.into_iter().find_map(|at| Some((at, shape.member(at).spelling().behind_any(from)?)));
        if let Some((at, behind)) = key
            && let Some(all_missing) = skip(*missing, *slot, at)
        {
            *missing = all_missing;
            self.seen.keys -= at - *slot;
            return Ok(Found::Key(at, behind));
        }
        let instead = shape.instead(*slot).filter(|_| *missing == 0);
        let goes_on = |shape: &Shape| shape.has_next(*slot, from);
        self.scratch.leaving.left = match self.core.shapes.only(instead, goes_on) {
            Some(instead) => {
                self.reader.go_to(rest);
                self.reader.at += usize::from(*slot == 0);
                Left::Another(instead)
            }
            None => Left::Astray,
        };
        Ok(Found::Nothing)
    }
}

/// The missing slots with those of `from..to`, which only the first 64 can tell.
#[inline]
fn skip(missing: u64, from: usize, to: usize) -> Option<u64> {
    let can_tell = to <= u64::BITS as usize || from == to;
    can_tell.then(|| missing | if from == to { 0 } else { ((1_u128 << to) - (1_u128 << from)) as u64 })
}
