//! Log lines of any format, one at a time ([`record`]) or a whole file ([`file`]): JSON (zap, zerolog, logback, pino,
//! Serilog, journald), logfmt, klog, syslog (RFC 3164 and 5424), access and error logs of web servers, and plain text
//! with a time and a level somewhere near its start; with or without what container runtimes put in front. The lines
//! of a stack trace are put together with the record that they belong to.
//!
//! Not here: templates (the analysis mines them), secrets (live adapters mask them).

mod access;
pub mod file;
mod join;
mod journal;
mod json;
pub mod level;
mod line;
mod logfmt;
mod prefix;
mod syslog;
pub mod time;

#[cfg(test)]
mod tests;

pub use access::access;
pub use join::{Follower, Joiner, continues, may_continue};
pub use line::{Context, Parsed, parse, record};
pub use syslog::{klog, syslog};

/// Longest text kept of one record, bytes.
pub(super) const MAX_TEXT: usize = 32 * 1024;
/// Most fields kept of one record.
pub(super) const MAX_FIELDS: usize = 64;

/// A text no longer than [`MAX_TEXT`].
pub(super) fn cut(text: &str) -> &str {
    if text.len() <= MAX_TEXT {
        return text;
    }
    &text[..text.floor_char_boundary(MAX_TEXT)]
}
