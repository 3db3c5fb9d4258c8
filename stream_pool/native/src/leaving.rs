//! Leaving: how objects that are read by recursion (`following.rs`) become frames, where something comes that is not
//! read there.

use crate::echo::Seen;
use crate::frame::{Frame, Opening, Spot};
use crate::parser::Parser;
use crate::reader::Read;
use crate::record::Mark;
use crate::shapes::{Shape, ShapeId};

/// How deep the containers go in an object that was read, itself included; or `LEFT`.
pub type Height = usize;

/// The object is a frame now.
pub const LEFT: Height = 0;

/// Why the cursor stands where it does.
#[derive(Clone, Copy)]
pub enum Left {
    /// Before a key that this shape goes on with.
    Another(ShapeId),
    /// At a key that is not the expected one.
    Astray,
    /// Behind the end of an object that lacks keys of its basis.
    Short,
    /// At the value of an expected key, of a kind that is read elsewhere.
    Value(Spot),
}

/// Levels that have left, from the innermost out.
pub struct Leaving {
    pub left: Left,
    frames: Vec<Frame>,
}

impl Leaving {
    pub fn new() -> Leaving {
        Leaving { left: Left::Astray, frames: Vec::new() }
    }

    /// Nobody leaves any more, whatever became of who did.
    #[inline]
    pub fn clear(&mut self) {
        self.frames.clear();
    }
}

/// How far an object is read.
#[derive(Clone, Copy)]
pub struct Begun {
    pub next: usize,
    pub missing: u64,
    pub mark: Mark,
    pub height: usize,
}

impl<'a> Parser<'a, '_, '_> {
    /// The levels that have left go on as frames on top of the outermost, which was one before.
    pub fn leave_to(&mut self, outermost: Frame, frames: &mut Vec<Frame>) -> Read<()> {
        let Frame { spot, start, before, is_remembered, .. } = outermost;
        self.open_left(spot, start, before, is_remembered);
        let mut ahead = 0;
        while let Some(mut frame) = self.scratch.leaving.frames.pop() {
            frame.before.keys -= ahead;
            ahead += frame.ahead;
            frame.ahead = 0;
            frames.push(frame);
        }
        self.seen.keys -= ahead;
        match self.scratch.leaving.left {
            Left::Another(basis) => {
                if let Some(frame) = frames.last_mut() {
                    frame.basis = Some(basis);
                }
                Ok(())
            }
            Left::Astray => self.stray_member(frames),
            Left::Short => self.close_stray(frames),
            Left::Value(spot) => self.value(spot, frames),
        }
    }

    /// What only the level outside knows of the one that left last.
    pub fn open_left(&mut self, spot: Spot, start: usize, before: Seen, is_remembered: bool) {
        if let Some(frame) = self.scratch.leaving.frames.last_mut() {
            (frame.spot, frame.start, frame.before, frame.is_remembered) =
                (spot, start, before, is_remembered);
        }
    }

    /// An object becomes a frame.
    #[inline(never)]
    pub fn leave(&mut self, shape: &Shape, begun: Begun) -> Read<Height> {
        let Begun { next, missing, mark, height } = begun;
        let opening =
            Opening { spot: Spot::NOWHERE, start: 0, basis: Some(shape.id()), is_remembered: false };
        let frame = Frame::object(opening, mark, Seen::default());
        let ahead = shape.len() - next;
        self.scratch.leaving.frames.push(Frame { next, missing, height, ahead, ..frame });
        Ok(LEFT)
    }

    /// Leaves where the value of the slot before the next stands.
    #[inline(never)]
    pub fn leave_at(&mut self, value: &'a [u8], shape: &Shape, begun: Begun) -> Read<Height> {
        self.reader.go_to(value);
        self.scratch.leaving.left = Left::Value(Spot::of(shape.id(), begun.next - 1));
        self.leave(shape, begun)
    }
}
