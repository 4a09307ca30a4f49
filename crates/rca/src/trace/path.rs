//! The critical path of a trace: the chain of work that its duration consists of. Making anything else faster does not
//! make the trace faster.
//!
//! Backwards from the end of a span, the child that finished last before the instant looked at is what was waited for;
//! before that child began, the same is asked again (Zhang et al., "CRISP: Critical Path Analysis of Large-Scale
//! Microservice Architectures", USENIX ATC 2022). Children are cut to their parent, so the pieces never sum to more
//! than the root's duration. Children that nobody waits for are left out.

use super::forest::Forest;

/// A piece of the critical path: the span worked itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub span: u32,
    /// Microseconds.
    pub from: i64,
    /// Microseconds.
    pub to: i64,
}

/// A span that is being walked.
struct Walk {
    span: u32,
    /// Its part that counts.
    from: i64,
    to: i64,
    /// What lies after this is done.
    at: i64,
    /// Children not yet looked at, the last to end at the end.
    kids: Vec<u32>,
}

/// The pieces from the end of the span to its start. Without recursion: traces may be deeper than the stack.
pub(crate) fn critical(forest: &Forest<'_>, root: u32) -> Vec<Piece> {
    let mut out = Vec::new();
    let enter = |span: u32, from: i64, to: i64| {
        let mut kids: Vec<u32> = forest.kids(span).iter().copied().filter(|k| !forest.is_async(*k)).collect();
        kids.sort_by_key(|k| (forest.end(*k).min(to), forest.start[*k as usize], *k));
        Walk { span, from, to, at: to, kids }
    };
    let mut stack = vec![enter(root, forest.start[root as usize], forest.end(root))];
    while let Some(w) = stack.last_mut() {
        let Some(k) = w.kids.pop() else {
            if w.at > w.from {
                out.push(Piece { span: w.span, from: w.from, to: w.at });
            }
            stack.pop();
            continue;
        };
        let end = forest.end(k).min(w.to);
        let start = forest.start[k as usize].max(w.from);
        // One that was still at work when what was waited for began ran beside it.
        if end > w.at || start >= end {
            continue;
        }
        if w.at > end {
            out.push(Piece { span: w.span, from: end, to: w.at });
        }
        w.at = start;
        stack.push(enter(k, start, end));
    }
    out
}
