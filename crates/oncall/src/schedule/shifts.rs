//! Shifts: how long the same person is on for the same reason.

use jiff::Timestamp;
use serde::Serialize;

use super::frame::{Duty, Source};
use super::plan::Plan;
use crate::time::{Span, seconds};

/// One person's time on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shift {
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// Who.
    pub person: String,
    /// Why.
    pub source: Source,
    /// They go along and are not paged.
    pub shadow: bool,
}

impl Plan<'_> {
    /// The final schedule between two instants, by beginning. Shifts are cut at both ends; each is as long as the same
    /// person is on for the same reason.
    pub fn shifts(&self, from: Timestamp, until: Timestamp) -> Vec<Shift> {
        let mut done = Vec::new();
        let mut open: Vec<Shift> = Vec::new();
        self.walk(from, until, |frame_on, frame_shadows, span| {
            let all = frame_on.iter().map(|d| (d, false)).chain(frame_shadows.iter().map(|d| (d, true)));
            let mut next = Vec::with_capacity(open.len());
            for (duty, shadow) in all {
                let same =
                    |s: &Shift| s.person == duty.person && s.source == duty.source && s.shadow == shadow;
                match open.iter().position(same) {
                    Some(at) => {
                        let mut shift = open.swap_remove(at);
                        shift.span.until = span.until;
                        next.push(shift);
                    }
                    None => next.push(Shift {
                        span,
                        person: duty.person.clone(),
                        source: duty.source.clone(),
                        shadow,
                    }),
                }
            }
            done.append(&mut open);
            open = next;
        });
        done.append(&mut open);
        done.sort_by(|a, b| {
            (a.span.from, a.shadow, &a.person, &a.source).cmp(&(b.span.from, b.shadow, &b.person, &b.source))
        });
        done
    }

    /// When nobody is on call between two instants.
    pub fn gaps(&self, from: Timestamp, until: Timestamp) -> Vec<Span> {
        let mut gaps: Vec<Span> = Vec::new();
        self.walk(from, until, |on, _, span| {
            if !on.is_empty() {
                return;
            }
            match gaps.last_mut().filter(|g| g.until == span.from) {
                Some(gap) => gap.until = span.until,
                None => gaps.push(span),
            }
        });
        gaps
    }

    /// What one layer says on its own, windows and holidays applied, for the rows of a calendar: whoever is on by it.
    /// Empty where there is no such layer.
    pub fn layer_shifts(&self, layer: usize, from: Timestamp, until: Timestamp) -> Vec<Shift> {
        self.alone(layer).map(|alone| alone.shifts(from, until)).unwrap_or_default()
    }

    fn walk(&self, from: Timestamp, until: Timestamp, mut visit: impl FnMut(&[Duty], &[Duty], Span)) {
        let (mut at, end) = (seconds(from), seconds(until));
        let mut known = self.unknown();
        while at < end {
            let frame = self.frame(at, &mut known);
            let span = Span { from: frame.within.from.max(from), until: frame.within.until.min(until) };
            visit(&frame.on, &frame.shadows, span);
            at = seconds(frame.within.until);
        }
    }
}
