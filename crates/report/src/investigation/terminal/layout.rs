//! Breaking text to a width. Widths are counted in columns: wide characters take two.

use super::{Piece, Tone};
use crate::text;

/// Lines in the making.
pub(super) struct Page {
    pub(super) width: usize,
    pub(super) lines: Vec<Vec<Piece>>,
}

/// Makes a piece of outside text.
pub(super) fn piece(tone: Tone, text: &str) -> Piece {
    Piece { tone, text: text::visible(text).replace(['\n', '\t'], " ") }
}

impl Page {
    pub(super) fn new(width: usize) -> Self {
        Self { width, lines: Vec::new() }
    }

    pub(super) fn blank(&mut self) {
        self.lines.push(Vec::new());
    }

    /// A heading with a rule under it to the end of the line.
    pub(super) fn heading(&mut self, text: &str) {
        self.blank();
        let rule = "─".repeat(self.width.saturating_sub(columns(text) + 1));
        self.lines.push(vec![piece(Tone::Strong, text), piece(Tone::Dim, &format!(" {rule}"))]);
    }

    /// A line as it is: for diagrams and commands.
    pub(super) fn raw(&mut self, pieces: Vec<Piece>) {
        self.lines.push(pieces);
    }

    /// A paragraph: `lead` once, then the pieces broken at spaces, further lines `indent` columns in.
    pub(super) fn paragraph(&mut self, indent: usize, lead: Vec<Piece>, pieces: &[Piece]) {
        self.paragraph_beside(&" ".repeat(indent), lead, pieces);
    }

    /// The same, with `margin` at the start of each further line.
    pub(super) fn paragraph_beside(&mut self, margin: &str, lead: Vec<Piece>, pieces: &[Piece]) {
        let indent = columns(margin);
        let first: usize = lead.iter().map(|p| columns(&p.text)).sum();
        let mut line = lead;
        let mut used = first;
        let mut begun = false;
        for p in pieces {
            for word in words(&p.text, self.width.saturating_sub(indent + 1).max(8)) {
                let wide = columns(&word);
                // A word that begins with a space, or follows one, is set apart by it.
                let gap = usize::from(begun);
                if begun && used + gap + wide > self.width {
                    self.lines.push(std::mem::take(&mut line));
                    line.push(piece(Tone::Plain, margin));
                    used = indent;
                } else if begun {
                    line.push(piece(Tone::Plain, " "));
                    used += 1;
                } else if used + wide > self.width && used > indent {
                    // The lead leaves no room.
                    self.lines.push(std::mem::take(&mut line));
                    line.push(piece(Tone::Plain, margin));
                    used = indent;
                }
                line.push(Piece { tone: p.tone, text: word });
                used += wide;
                begun = true;
            }
        }
        self.lines.push(line);
    }
}

/// Words, those that are wider than a line cut.
fn words(text: &str, most: usize) -> Vec<String> {
    let mut out = Vec::new();
    for word in text.split(' ').filter(|w| !w.is_empty()) {
        let mut part = String::new();
        let mut used = 0;
        for c in word.chars() {
            let wide = column(c);
            if used + wide > most {
                out.push(std::mem::take(&mut part));
                used = 0;
            }
            part.push(c);
            used += wide;
        }
        out.push(part);
    }
    out
}

/// Cut to a number of columns.
pub(super) fn cut(text: &str, most: usize) -> String {
    let text = text::line(text, 4 * most.max(1));
    if columns(&text) <= most {
        return text;
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        if used + column(c) + 1 > most {
            break;
        }
        out.push(c);
        used += column(c);
    }
    out.push('…');
    out
}

/// Filled up with spaces to a number of columns.
pub(super) fn pad(text: &str, to: usize) -> String {
    let text = cut(text, to);
    let fill = to.saturating_sub(columns(&text));
    format!("{text}{}", " ".repeat(fill))
}

/// Columns that a text takes.
pub(in crate::investigation) fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

/// Columns of a character: the wide blocks of Unicode's East Asian Width (UAX #11), combining marks none.
fn column(c: char) -> usize {
    match u32::from(c) {
        0x300..=0x36f | 0x1ab0..=0x1aff | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x1f680..=0x1f6ff
        | 0x1f900..=0x1f9ff
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
