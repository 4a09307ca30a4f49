//! What happened when: a row an instant, with its place in time.

use jiff::Timestamp;

use super::mark::MarkKind;
use super::{Size, Svg, clip, esc};
use crate::words::clock;

/// One instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Unix milliseconds.
    pub at: i64,
    /// What sort.
    pub kind: MarkKind,
    /// In words; may hold outside text.
    pub label: String,
    /// Drawn for completeness only.
    pub faint: bool,
}

/// What is drawn.
pub struct Timeline<'a> {
    /// Names it.
    pub title: &'a str,
    /// Says what it shows.
    pub desc: &'a str,
    /// In order of time.
    pub moments: &'a [Moment],
    /// When impact began, unix milliseconds.
    pub onset: Option<i64>,
}

const ROW: f64 = 24.0;
const CLOCK: f64 = 70.0;

/// Draws it, or `None` where nothing happened.
pub fn timeline(t: &Timeline<'_>, size: Size) -> Option<String> {
    let from = t.moments.iter().map(|m| m.at).min()?;
    let to = t.moments.iter().map(|m| m.at).max()?.max(from.saturating_add(1000));
    let width = size.width();
    let (track, letters) = if size == Size::Wide { (260.0, 76) } else { (90.0, 36) };
    let x = |at: i64| {
        CLOCK + 8.0 + (track - 16.0) * at.saturating_sub(from) as f64 / to.saturating_sub(from) as f64
    };
    let height = t.moments.len() as f64 * ROW + 8.0;
    let mut svg = Svg::new(t.title, t.desc, width);
    if let Some(onset) = t.onset.filter(|o| (from..=to).contains(o)) {
        let at = x(onset);
        svg.put(format_args!(
            "<g class=\"mark m-onset\"><line x1=\"{at:.1}\" y1=\"2\" x2=\"{at:.1}\" y2=\"{:.1}\"/></g>",
            height - 2.0
        ));
    }
    for (n, m) in t.moments.iter().enumerate() {
        let y = n as f64 * ROW + 4.0;
        let at = x(m.at);
        let time = Timestamp::from_millisecond(m.at).map(clock).unwrap_or_default();
        let faint = if m.faint { " faint" } else { "" };
        svg.put(format_args!("<g><title>{}</title>", esc(&m.label)));
        svg.text("axis start", 0.0, y + 13.0, &time);
        svg.put(format_args!(
            "<line class=\"grid\" x1=\"{CLOCK}\" y1=\"{0:.1}\" x2=\"{1:.1}\" y2=\"{0:.1}\"/>",
            y + 8.5,
            CLOCK + track
        ));
        svg.put(format_args!(
            "<g class=\"mark {}{faint}\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"16\" height=\"15\" rx=\"3\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\">{}</text></g>",
            m.kind.class(),
            at - 8.0,
            y + 1.0,
            y + 12.5,
            m.kind.letter()
        ));
        let class = if m.faint { "axis start" } else { "start" };
        svg.text(class, CLOCK + track + 12.0, y + 13.0, &clip(&m.label, letters));
        svg.put(format_args!("</g>"));
    }
    Some(svg.finish(height))
}
