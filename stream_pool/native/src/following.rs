//! Objects that follow their basis, and those within them: key by key one comparison with the raw bytes, no hash, and
//! no look for doubles. Keys that an object lacks are passed over, a few in a row, and which they are tells its shape.
//! An object that leaves its basis goes on with the shape that took over there the last time, if that fits. What is
//! left to read begins with the byte before a key's quote: a comma, but for the first a bracket.

use crate::fault::Reason;
use crate::frame::{Frame, Kind, Opening, Spot};
use crate::parser::{self, Parser};
use crate::plain::Plain;
use crate::reader::{self, Read};
use crate::shapes::{Member, Shape};
use crate::straying::{self, MISSING_MAX};
use std::slice::IterMut;

/// Why the cursor stands where it does.
enum Left {
    /// In another container, which follows no basis.
    Elsewhere,
    /// At a key that is not the expected one.
    Astray,
    /// Behind the end of an object that lacks keys of its basis.
    Short,
    /// At the value of an expected key, of a kind that is read elsewhere.
    Value(Spot),
}

impl<'a> Parser<'a, '_, '_> {
    /// Reads on in the innermost container, an object with a basis, until something else is to be done.
    pub fn follow(&mut self, frames: &mut Vec<Frame>) -> Read<()> {
        match self.follow_on(frames)? {
            Left::Elsewhere => Ok(()),
            Left::Astray => self.stray_member(frames),
            Left::Short => self.close_stray(frames),
            Left::Value(spot) => self.value(spot, frames),
        }
    }

    fn follow_on(&mut self, frames: &mut Vec<Frame>) -> Read<Left> {
        let (raw, bounds) = (self.reader.raw, self.reader.bounds);
        let is_new = frames.last().is_some_and(|frame| frame.next == 0);
        let mut rest = &raw[self.reader.at - usize::from(is_new)..];
        'objects: loop {
            let depth = frames.len();
            let Some(frame) = frames.last_mut().filter(|frame| frame.kind == Kind::Following) else {
                self.reader.go_to(rest);
                return Ok(Left::Elsewhere);
            };
            let keys_max = bounds.keys - self.seen.keys;
            let fits = |shape: &Shape| shape.len() <= keys_max && shape.longest_bytes() <= bounds.key_bytes;
            let basis = frame.basis.and_then(|id| Some((id, self.core.shapes.get(id)?)));
            let Some((id, shape)) = basis.filter(|(_, shape)| fits(shape)) else {
                self.reader.go_to(rest);
                self.reader.at += usize::from(frame.next == 0);
                straying::loosen(frame, self.core, self.scratch);
                return Ok(Left::Elsewhere);
            };
            shape.keep();
            let fingerprint = shape.fingerprint();
            let (mut members, layout) = shape.members_from(frame.next);
            loop {
                let Some(mut member) = members.next() else { return self.reader.refuse() };
                let behind = match (member.spelling().behind(rest), rest) {
                    (Some(behind), _) => behind,
                    (None, [b'}', behind @ ..]) if member.slot() > 0 => {
                        self.reader.go_to(behind);
                        frame.advance(member.slot(), &mut self.seen);
                        if member.slot() < layout.len() && !frame.skip(layout.len()) {
                            return Ok(Left::Short);
                        }
                        let (layout, fingerprint) = match frame.missing {
                            0 => (layout, fingerprint),
                            missing => match self.core.shapes.variant(id, missing) {
                                Some(variant) => (variant.layout(), variant.fingerprint()),
                                None => return Ok(Left::Short),
                            },
                        };
                        let record = self.values.record(self.reader.py, raw, layout, frame.mark)?;
                        self.close_object(record, fingerprint, frames);
                        rest = behind;
                        continue 'objects;
                    }
                    _ => {
                        self.reader.go_to(rest);
                        if !self.reader.finds_key(member.slot() == 0)? {
                            rest = self.reader.rest();
                            frame.advance(member.slot(), &mut self.seen);
                            continue 'objects;
                        }
                        let from = &raw[self.reader.at - 1..];
                        if let Some(behind) = member.spelling().behind_any(from) {
                            behind
                        } else {
                            frame.advance(member.slot(), &mut self.seen);
                            if let Some((present, behind)) = ahead(&mut members, from)
                                && frame.skip(present.slot())
                            {
                                member = present;
                                behind
                            } else {
                                let instead = member.instead().filter(|_| frame.missing == 0);
                                let goes_on = |shape: &Shape| shape.has_next(frame.next, from);
                                let Some(id) = self.core.shapes.only(instead, goes_on) else {
                                    return Ok(Left::Astray);
                                };
                                frame.basis = Some(id);
                                continue 'objects;
                            }
                        }
                    }
                };
                if let [b'"', content @ ..] = behind
                    && let Some((plain, behind)) = Plain::read_short(content)
                    && plain.bytes.len() <= bounds.string_bytes
                {
                    rest = behind;
                    if let Some(text) = member.site().expected_text(plain) {
                        self.values.push_object(text.clone());
                    } else {
                        self.reader.go_to(rest);
                        let (Plain { bytes, start }, strings) = (plain, &mut self.core.strings);
                        let text = self.reader.unexpected_text(bytes, start, member.site(), strings)?;
                        self.values.push(text);
                    }
                    continue;
                }
                let value = reader::behind_space(behind);
                self.reader.go_to(value);
                match value {
                    [b'{', b'"', ..] => {
                        frame.advance(member.slot() + 1, &mut self.seen);
                        let spot = Spot::of(id, member.slot());
                        let site = member.site();
                        let (start, basis) = (self.reader.at, site.basis());
                        if self.echo
                            && let Some(echo) = site.echo(value)
                            && let Some(grown) =
                                parser::grown(self.seen, echo.extent, depth, layout.len(), bounds)
                        {
                            self.seen = grown;
                            self.values.push_object(echo.record.clone());
                            frame.hold(echo.extent.height);
                            rest = &value[echo.length()..];
                            site.echoed();
                            continue;
                        }
                        if depth >= bounds.depth {
                            return self.reader.fault(Reason::DepthLimit, start);
                        }
                        let is_remembered = self.echo && site.is_remembering();
                        let opening = Opening { spot, start, basis, is_remembered };
                        frames.push(Frame::object(opening, self.values.mark(), self.seen));
                        rest = value;
                        continue 'objects;
                    }
                    [b'-' | b'0'..=b'9', ..] => self.values.push_whole(self.reader.number()?),
                    [b'"', ..] => {
                        let (site, strings) = (Some(member.site()), &mut self.core.strings);
                        self.values.push(self.reader.text(site, strings, &mut self.scratch.text)?);
                    }
                    [b't' | b'f' | b'n', ..] => self.values.push_whole(self.reader.literal()?),
                    _ => {
                        frame.advance(member.slot() + 1, &mut self.seen);
                        return Ok(Left::Value(Spot::of(id, member.slot())));
                    }
                }
                rest = self.reader.rest();
            }
        }
    }
}

/// The member, a few on at most, whose key stands here behind any one byte, and what stands behind it.
fn ahead<'m, 'a>(members: &mut IterMut<'m, Member>, rest: &'a [u8]) -> Option<(&'m mut Member, &'a [u8])> {
    let mut near = members.as_slice().iter().take(MISSING_MAX);
    let more = near.position(|member| member.spelling().behind_any(rest).is_some())?;
    let member = members.nth(more)?;
    let behind = member.spelling().behind_any(rest)?;
    Some((member, behind))
}
