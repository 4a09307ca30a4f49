//! The report for a terminal: pieces of text with a meaning, broken to a width. Who prints decides on colours.

mod chart;
mod layout;
mod sections;

use super::Investigation;
use layout::Page;

#[cfg(test)]
pub(super) use layout::columns;

/// What a piece of text means; the look follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Running text.
    Plain,
    /// Headings, names.
    Strong,
    /// Times, ids, what one looks at second.
    Dim,
    /// Good.
    Good,
    /// Needs attention.
    Warn,
    /// Bad.
    Bad,
    /// Commands and actions.
    Link,
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Meaning.
    pub tone: Tone,
    /// Text without control characters.
    pub text: String,
}

/// Narrowest and widest report, columns.
const WIDTHS: (usize, usize) = (50, 120);

/// The report, a line each. No line is wider than `width` columns (50 to 120 are kept to), but for commands, which have to
/// be copied whole.
pub fn terminal(i: &Investigation<'_>, width: usize) -> Vec<Vec<Piece>> {
    let mut page = Page::new(width.clamp(WIDTHS.0, WIDTHS.1));
    sections::write(i, &mut page);
    page.lines
}
