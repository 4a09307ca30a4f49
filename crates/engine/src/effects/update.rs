//! Drafting an update from the record and the audience's template. Nothing leaves the house here.

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::cx::Cx;
use firebell_core::effect::Outcome;
use firebell_core::incident::{Command, Incident};

use firebell_report::Error;
use firebell_report::tone::{self, Knows};
use jiff::Timestamp;

use super::{Executor, done};
use crate::machine::EffectResult;

pub(super) fn draft(
    executor: &Executor,
    incident: &Incident,
    audience: Audience,
    reason: UpdateReason,
    ahead: Option<Timestamp>,
) -> EffectResult {
    let now = (executor.clock)();
    // One that is drafted ahead is read as of when it goes out.
    let cx = Cx::new(ahead.map_or(now, |due| due.max(now)), &executor.policy);
    match firebell_report::draft(&executor.templates, incident, audience, reason, &cx, "incident-responder") {
        Ok(update) if ahead.is_some() => {
            let due = ahead.unwrap_or(now);
            let (subject, body) = (update.subject, update.body);
            let command = Command::RecordDraft { audience, due, subject, body };
            EffectResult { outcome: done("drafted ahead"), commands: vec![command], held: false }
        }
        Ok(update) => {
            // Only a template that a team edited can do so. Silence would be worse.
            let knows = Knows::of(incident, audience, cx.policy, []);
            for remark in tone::remarks(&knows, &update.subject, &update.body) {
                tracing::warn!(incident.id = %incident.id, audience = audience.as_str(), rule = remark.rule,
                    "a template breaks a rule of tone: {}", remark.sentence());
            }
            EffectResult {
                outcome: done("drafted"),
                commands: vec![Command::RecordUpdate { update }],
                held: false,
            }
        }
        // Restricted since the draft was asked for: there is nothing to mend, customers are not told.
        Err(Error::Restricted { .. }) => EffectResult {
            outcome: done("not drafted: the incident is restricted"),
            commands: Vec::new(),
            held: false,
        },
        Err(error) => EffectResult {
            held: false,
            outcome: Outcome::Permanent {
                reason: format!("the {} template failed: {error}; mend it and retry", audience.as_str()),
            },
            commands: Vec::new(),
        },
    }
}
