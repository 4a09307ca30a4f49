//! One raw line to one record, by the configured format; the formats themselves are read as bundles read them.

use firebell_core::telemetry::{Labels, LogLine};
use jiff::Timestamp;

use super::config::Format;
use crate::bundle::loglines::{self, Context};

/// Reads one line. `around` settles the year where the format has none.
pub(super) fn parse(
    raw: &str,
    format: Format,
    source: &str,
    number: u64,
    component: &str,
    around: Timestamp,
) -> LogLine {
    let raw = raw.strip_prefix('\u{feff}').unwrap_or(raw);
    let mut line = LogLine {
        source: source.to_owned(),
        line: number,
        component: Some(component.to_owned()),
        at: None,
        level: None,
        text: String::new(),
        fields: Labels::new(),
        trace_id: None,
    };
    let near = Some(around);
    let done = match format {
        Format::Klog => loglines::klog(raw, near, &mut line),
        Format::Syslog => loglines::syslog(raw, near, &mut line),
        Format::Nginx => loglines::access(raw, &mut line),
        Format::Auto | Format::Json | Format::Logfmt | Format::Plain => false,
    };
    if done {
        return line;
    }
    loglines::parse(raw, number, &Context { source, component: Some(component), around: near }).line
}
