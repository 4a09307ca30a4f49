//! Vertical lines that say what happened when.

use jiff::Timestamp;

use super::{Svg, esc};

/// Marks of one picture; more would hide what it shows.
const MOST: usize = 12;

/// What sort of instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MarkKind {
    /// Impact began.
    Onset,
    /// A new version.
    Deploy,
    /// A feature flag.
    Flag,
    /// Any other change: configuration, scale, migration, certificate, node.
    Config,
    /// An alert started.
    Alert,
    /// A mitigation was carried out.
    Mitigation,
    /// Over.
    Resolved,
}

impl MarkKind {
    /// The letter on the picture.
    pub fn letter(self) -> char {
        match self {
            Self::Onset => 'O',
            Self::Deploy => 'D',
            Self::Flag => 'F',
            Self::Config => 'C',
            Self::Alert => 'A',
            Self::Mitigation => 'M',
            Self::Resolved => 'R',
        }
    }

    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Onset => "onset",
            Self::Deploy => "deploy",
            Self::Flag => "flag",
            Self::Config => "change",
            Self::Alert => "alert",
            Self::Mitigation => "mitigation",
            Self::Resolved => "resolved",
        }
    }

    /// Its colour's class.
    pub fn class(self) -> &'static str {
        match self {
            Self::Onset => "m-onset",
            Self::Deploy | Self::Flag | Self::Config => "m-change",
            Self::Alert => "m-alert",
            Self::Mitigation | Self::Resolved => "m-help",
        }
    }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Unix milliseconds.
    pub at: i64,
    /// What sort.
    pub kind: MarkKind,
    /// In words; may hold outside text.
    pub label: String,
}

impl Mark {
    /// `deploy at 14:05:12 UTC: checkout 5.9.0`.
    pub fn caption(&self) -> String {
        let at = Timestamp::from_millisecond(self.at).map(crate::words::clock).unwrap_or_default();
        let more = if self.label.is_empty() { String::new() } else { format!(": {}", self.label) };
        format!("{} at {at} UTC{more}", self.kind.word())
    }
}

/// Those inside `from..=to`, in order of time, few enough to be told apart.
pub fn inside(marks: &[Mark], from: i64, to: i64) -> Vec<Mark> {
    let mut shown: Vec<Mark> = marks.iter().filter(|m| (from..=to).contains(&m.at)).cloned().collect();
    shown.sort_by_key(|m| (m.at, m.kind));
    shown.dedup();
    while shown.len() > MOST {
        // Of many alerts the later ones say least.
        let least = shown.iter().rposition(|m| m.kind == MarkKind::Alert).unwrap_or(shown.len() - 1);
        shown.remove(least);
    }
    shown
}

/// Draws them between `top` and `bottom`; `x` places an instant. Flags that stand close go on rows of their own.
pub(super) fn draw(svg: &mut Svg, marks: &[Mark], top: f64, bottom: f64, x: impl Fn(i64) -> f64) {
    let mut rows = [f64::NEG_INFINITY; 3];
    for mark in marks {
        let at = x(mark.at);
        let row = rows.iter().position(|end| *end <= at - 9.0).unwrap_or(2);
        rows[row] = at + 9.0;
        let y = top + row as f64 * 17.0;
        svg.put(format_args!(
            "<g class=\"mark {}\"><title>{}</title><line x1=\"{at:.1}\" y1=\"{y:.1}\" x2=\"{at:.1}\" y2=\"{bottom:.1}\"/>\
             <rect x=\"{:.1}\" y=\"{y:.1}\" width=\"16\" height=\"15\" rx=\"3\"/><text x=\"{at:.1}\" y=\"{:.1}\">{}</text></g>",
            mark.kind.class(),
            esc(&mark.caption()),
            at - 8.0,
            y + 11.5,
            mark.kind.letter()
        ));
    }
}
