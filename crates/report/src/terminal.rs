//! Plain lines for people who follow an incident in a terminal. No colours here, and no control character of a text
//! from outside survives: a title cannot move the cursor.

use firebell_core::incident::{Entry, Incident};
use jiff::Timestamp;

use crate::text;

/// Characters of a timeline text that are shown.
const MAX_TEXT: usize = 500;

/// `+02:14  mitigation  incident-responder  options: …`; the time counts from the opening.
pub fn entry_line(entry: &Entry, opened_at: Timestamp) -> String {
    let since = entry.at.duration_since(opened_at).as_secs();
    format!(
        "{:>7}  {:<10}  {:<22}  {}",
        elapsed(since),
        text::line(&entry.kind, 10),
        text::line(&entry.who, 22),
        text::line(&entry.text, MAX_TEXT)
    )
}

/// `SEV1  phase 3/6 Investigation  investigating  12:04 of 30:00`, and how late it is where it is late.
pub fn phase_line(incident: &Incident, now: Timestamp) -> String {
    let gone = now.duration_since(incident.opened_at).as_secs();
    let allowed = incident.phase_deadline.duration_since(incident.opened_at).as_secs();
    let state = incident.status.as_str().replace('_', " ");
    let clock = if incident.status.is_over() {
        let took = incident.resolved_at.unwrap_or(now).duration_since(incident.opened_at).as_secs();
        format!("after {}", span(took))
    } else if gone > allowed {
        format!("{} of {} ({} late)", span(gone), span(allowed), span(gone - allowed))
    } else {
        format!("{} of {}", span(gone), span(allowed))
    };
    format!(
        "{}  phase {}/6 {}  {state}  {clock}",
        incident.severity.severity,
        incident.phase.number(),
        incident.phase.title()
    )
}

fn elapsed(seconds: i64) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("{sign}{}", span(seconds))
}

fn span(seconds: i64) -> String {
    let s = seconds.unsigned_abs();
    if s < 3600 {
        format!("{:02}:{:02}", s / 60, s % 60)
    } else {
        format!("{}:{:02}:{:02}", s / 3600, s % 3600 / 60, s % 60)
    }
}
