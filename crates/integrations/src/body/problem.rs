//! What is wrong with an item, and where: the path is put together on the way up.

use firebell_core::ports::alert_source::ParseError;

/// How much of an outside text a message repeats.
const QUOTED: usize = 60;
/// How long a path in a message may become.
const PATH: usize = 200;

/// Something wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Path below the item; empty for the item itself.
    pub(crate) field: String,
    /// What is wrong and what would be right.
    pub(crate) reason: String,
}

impl Problem {
    pub(crate) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        let mut field = field.into();
        shorten(&mut field, PATH);
        Self { field, reason: reason.into() }
    }

    /// The same problem seen from one level up.
    pub(crate) fn within(mut self, parent: &str) -> Self {
        if self.field.is_empty() {
            parent.clone_into(&mut self.field);
        } else if !parent.is_empty() {
            let dot = if self.field.starts_with('[') { "" } else { "." };
            self.field = format!("{parent}{dot}{}", self.field);
        }
        self
    }

    /// The whole request is of no use because of it.
    pub(crate) fn fatal(self) -> ParseError {
        let field = if self.field.is_empty() { "body".to_owned() } else { self.field };
        ParseError { field, reason: self.reason }
    }
}

/// An outside text as a message shows it: quoted, control characters escaped, no longer than a line.
pub(crate) fn quote(text: &str) -> String {
    let mut text = text.to_owned();
    shorten(&mut text, QUOTED);
    format!("{text:?}")
}

fn shorten(text: &mut String, most: usize) {
    if text.len() > most {
        let cut = (0..=most).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(cut);
        text.push('…');
    }
}
