//! Texts and pictures made from an incident's record: updates, the postmortem, charts, the weekly report, lines for
//! terminals. Pure: no I/O, no clock; equal input gives equal bytes. What comes from outside (titles, reports, log
//! lines, names) is neutralised before it reaches Markdown or HTML.

mod charts;
pub mod draw;
mod error;
pub mod investigation;
mod measure;
mod oneliner;
mod postmortem;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
pub mod tone;
mod updates;
mod weekly;
mod words;

pub use charts::{
    Chart, ChartSpec, Marker, MarkerKind, Unit, change_markers, markers, pick, readable, render,
};
pub use error::Error;
pub use measure::{measured, reviewed};
pub use oneliner::one_line;
pub use postmortem::{Postmortem, content_security_policy, edited_postmortem, invitation, postmortem};
pub use terminal::{entry_line, phase_line};
pub use text::is_web;
pub use updates::{Field, Finding, REASONS, Templates, draft, fields, preview};
pub use weekly::weekly_markdown;
pub use words::issue;
