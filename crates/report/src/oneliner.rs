//! The executive's one line: severity, since when, what customers feel, what is being done. No people, no components.

use firebell_core::cx::Cx;
use firebell_core::incident::{Incident, Status};

use crate::{text, words};

/// One sentence for people who run the company.
pub fn one_line(incident: &Incident, cx: &Cx<'_>) -> String {
    let since = words::instant(words::began(incident));
    let doing = match incident.status {
        Status::Investigating => "the cause is being looked for".to_owned(),
        Status::Identified => "the likely cause is known and a remedy is being prepared".to_owned(),
        Status::Mitigating => "a remedy is being put in place".to_owned(),
        Status::Monitoring => "a remedy has helped and recovery is being watched".to_owned(),
        Status::Resolved => {
            let end = incident.resolved_at.unwrap_or(cx.now);
            let lasted = end.duration_since(words::began(incident)).as_secs().max(0);
            format!("resolved at {} after {}", words::instant(end), words::minutes(lasted))
        }
        Status::ClosedHealthy => "closed: nothing was wrong".to_owned(),
        Status::Cancelled => "called off as a false alarm".to_owned(),
        Status::Merged => "it goes on as part of another incident".to_owned(),
    };
    let drill = if incident.drill { "Drill: " } else { "" };
    let what = match incident.restricted {
        true => "a confidential matter".to_owned(),
        false => words::issue(incident, cx.policy),
    };
    let line = format!(
        "{drill}{} ({}), {what} since {since}; {doing}.",
        incident.severity.severity,
        incident.severity.severity.word()
    );
    text::line(&line, 300)
}
