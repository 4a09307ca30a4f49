//! All log lines of an investigation by pattern: mined once, asked often. Two halves are mined at the same time; as
//! shards merge without loss, the result is that of one miner.

use firebell_core::telemetry::LogLine;

use super::matching::Matcher;
use super::miner::{Limits, Miner};
use super::stack::whole;

/// Below as many lines a second thread costs more than it brings.
const WORTH_TWO: usize = 20_000;

/// Patterns of lines, and lines of patterns.
#[derive(Debug, Default)]
pub(crate) struct Index {
    miner: Miner,
    /// Lines of each pattern, in order.
    lines: Vec<Vec<u32>>,
}

/// One template with its lines.
#[derive(Debug)]
pub(crate) struct Group {
    pub text: String,
    /// In order.
    pub lines: Vec<u32>,
}

impl Index {
    pub(crate) fn of(logs: &[LogLine]) -> Self {
        let half = if logs.len() < WORTH_TWO { logs.len() } else { logs.len() / 2 };
        let (a, b) = logs.split_at(half);
        let push = |part: &[LogLine]| {
            let mut miner = Miner::new(Limits::default());
            let numbers: Vec<u32> = part.iter().map(|l| miner.push(whole(l).as_bytes())).collect();
            (miner, numbers)
        };
        let ((mut miner, mut numbers), second) = std::thread::scope(|scope| {
            let second = (!b.is_empty()).then(|| scope.spawn(|| push(b)));
            (push(a), second.and_then(|s| s.join().ok()))
        });
        if let Some((other, theirs)) = second {
            let to = miner.merge(&other);
            numbers.extend(theirs.into_iter().map(|n| to[n as usize]));
        }
        let most = numbers.iter().max().map_or(0, |n| *n as usize + 1);
        let mut lines: Vec<Vec<u32>> = vec![Vec::new(); most];
        for (i, n) in numbers.iter().enumerate() {
            lines[*n as usize].push(i as u32);
        }
        Self { miner, lines }
    }

    /// Lines of each pattern, in order: they differ in what varies only. `None` if the patterns are no longer those of
    /// single lines.
    pub(crate) fn alike(&self) -> Option<impl Iterator<Item = &[u32]>> {
        self.miner.patterns().map(|_| self.lines.iter().map(Vec::as_slice))
    }

    /// The templates, the most frequent first.
    pub(crate) fn groups(&self) -> Vec<Group> {
        let found = self.miner.templates();
        let mut out: Vec<Group> =
            found.templates.iter().map(|t| Group { text: t.text.clone(), lines: Vec::new() }).collect();
        for (number, lines) in self.lines.iter().enumerate() {
            if let Some(t) = found.of.get(number) {
                out[*t as usize].lines.extend_from_slice(lines);
            }
        }
        for group in &mut out {
            group.lines.sort_unstable();
        }
        out
    }

    /// Lines that are of a template, in order; `None` if the patterns are no longer those of single lines.
    pub(crate) fn matching(&self, template: &str) -> Option<Vec<u32>> {
        let patterns = self.miner.patterns()?;
        let matcher = Matcher::new(template);
        let mut out: Vec<u32> = Vec::new();
        for (number, pattern) in patterns {
            if matcher.fits(pattern)
                && let Some(lines) = self.lines.get(number as usize)
            {
                out.extend_from_slice(lines);
            }
        }
        out.sort_unstable();
        Some(out)
    }
}
