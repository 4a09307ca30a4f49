//! Spans as the engine looks at them: linked, with their components resolved and their part of time known.

use crate::case::Case;
use crate::trace::forest::{Forest, NONE};
use crate::trace::times;

/// A span that begins so long after its parent belongs to the time at which it begins.
const LONG_MS: i64 = 60_000;

/// A pause between two recordings, milliseconds.
const APART_MS: i64 = 60_000;

/// Which part of time a span belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Base,
    Fault,
}

pub(super) struct View<'a> {
    pub forest: Forest<'a>,
    /// Own time of each span, microseconds.
    pub own: Vec<i64>,
    /// Owner of each span, as an index into `owners`.
    pub owner: Vec<u32>,
    /// Component ids.
    pub owners: Vec<String>,
    pub part: Vec<Option<Part>>,
}

/// Where a normal period was recorded apart, the time of the faulty recording before the stated onset may be faulty
/// already: people notice late. It then belongs to neither part. Unix milliseconds.
fn doubtful(case: &Case<'_>) -> std::ops::Range<i64> {
    let onset = case.frame.onset;
    let none = onset..onset;
    if !case.frame.apart {
        return none;
    }
    let mut before: Vec<i64> =
        case.t.spans.iter().map(|s| s.start_us / 1000).filter(|at| *at < onset).collect();
    before.sort_unstable();
    let mut began = onset;
    for at in before.iter().rev() {
        if began - at > APART_MS {
            break;
        }
        began = *at;
    }
    let normal = |at: i64| at < began || (at > case.frame.end && case.frame.is_base(at));
    let known = case.t.spans.iter().filter(|s| normal(s.start_us / 1000)).count();
    // Without another normal period there is nothing else to compare with.
    if known * 20 > case.t.spans.len() { began..onset } else { none }
}

impl<'a> View<'a> {
    pub(super) fn build(case: &Case<'a>) -> Self {
        let forest = Forest::build(&case.t.spans);
        let own = times::own(&forest);
        let mut owners: Vec<String> = Vec::new();
        let of_component: Vec<u32> = forest
            .components
            .iter()
            .map(|c| {
                let id = case.names.resolve(c);
                match owners.iter().position(|o| *o == id) {
                    Some(at) => at as u32,
                    None => {
                        owners.push(id);
                        owners.len() as u32 - 1
                    }
                }
            })
            .collect();
        let owner = forest.component.iter().map(|c| of_component[*c as usize]).collect();
        let doubtful = doubtful(case);
        let mut part = vec![None; case.t.spans.len()];
        for &i in &forest.order {
            let at = forest.span(i).start_us / 1000;
            let p = forest.parent[i as usize];
            // What a request does belongs to the part in which the request began.
            part[i as usize] = if p != NONE && (at - forest.span(p).start_us / 1000).abs() < LONG_MS {
                part[p as usize]
            } else if case.frame.is_fault(at) {
                Some(Part::Fault)
            } else {
                (case.frame.is_base(at) && !doubtful.contains(&at)).then_some(Part::Base)
            };
        }
        Self { forest, own, owner, owners, part }
    }

    pub(super) fn owner_of(&self, span: u32) -> u32 {
        self.owner[span as usize]
    }

    pub(super) fn name(&self, owner: u32) -> &str {
        &self.owners[owner as usize]
    }

    /// The parent's place, if there is one.
    pub(super) fn parent(&self, span: u32) -> Option<u32> {
        Some(self.forest.parent[span as usize]).filter(|p| *p != NONE)
    }

    /// Whether the span answers another component, or begins a trace.
    pub(super) fn is_entry(&self, span: u32) -> bool {
        self.parent(span).is_none_or(|p| self.owner_of(p) != self.owner_of(span))
    }
}
