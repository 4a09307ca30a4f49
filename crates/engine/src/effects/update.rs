//! Drafting an update from the record and the audience's template. Nothing leaves the house here.

use firebell_core::comms::{Audience, UpdateReason};
use firebell_core::cx::Cx;
use firebell_core::effect::Outcome;
use firebell_core::incident::{Command, Incident};

use firebell_report::Error;

use super::{Executor, done};
use crate::machine::EffectResult;

pub(super) fn draft(
    executor: &Executor,
    incident: &Incident,
    audience: Audience,
    reason: UpdateReason,
) -> EffectResult {
    let cx = Cx::new((executor.clock)(), &executor.policy);
    match firebell_report::draft(&executor.templates, incident, audience, reason, &cx, "incident-responder") {
        Ok(update) => EffectResult {
            outcome: done("drafted"),
            commands: vec![Command::RecordUpdate { update }],
            held: false,
        },
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
