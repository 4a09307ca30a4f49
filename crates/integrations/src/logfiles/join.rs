//! Puts the lines of a stack trace together with the record that they belong to.

use firebell_core::telemetry::LogLine;

use crate::bundle::loglines::continues;

/// Most lines joined to one record.
const MAX_LINES: usize = 200;
/// Longest joined text, bytes.
const MAX_BYTES: usize = 16 * 1024;

/// Takes lines in order and hands out whole records.
#[derive(Default)]
pub(super) struct Joiner {
    pending: Option<LogLine>,
    joined: usize,
    /// Lines without a time that belong to no record.
    pub(super) lost: u64,
}

impl Joiner {
    /// Takes the next line; answers the record that it completes.
    pub(super) fn push(&mut self, line: LogLine, raw: &str) -> Option<LogLine> {
        if line.at.is_some() && !continues(raw) {
            self.joined = 0;
            return self.pending.replace(line);
        }
        match &mut self.pending {
            Some(record) => {
                if self.joined < MAX_LINES && record.text.len() + raw.len() < MAX_BYTES {
                    record.text.push('\n');
                    record.text.push_str(raw.trim_end());
                    self.joined += 1;
                    if record.level.is_none() {
                        record.level = line.level;
                    }
                }
            }
            None => self.lost += 1,
        }
        None
    }

    /// The last record.
    pub(super) fn finish(&mut self) -> Option<LogLine> {
        self.joined = 0;
        self.pending.take()
    }
}
