//! One attempt at telling it.

use firebell_core::effect::{Outcome, RetryPolicy};
use firebell_core::ids::IncidentId;
use firebell_core::incident::{Actor, Command, Incident, PlanState, PlanStatus, fold, go_and_no_go};
use firebell_core::ports::BoxFuture;
use firebell_core::ports::chat::Control;
use firebell_core::ports::notifier::{Message, Urgency};
use firebell_core::ports::office::{Deed, Delivery};
use firebell_core::ports::store::StoreResult;
use firebell_engine::handle::Wanted;
use jiff::{SignedDuration, Timestamp};

use super::{CHANNEL, Letter};
use crate::auth::Permission;
use crate::post::carrier::{Carrier, Sent};
use crate::post::desk::Desk;

/// How much of a plan's hash a button carries: what the narrowest, Telegram's with 64 bytes, has room for. What is meant is
/// looked for among the plans that wait, and nothing is done where it is not one.
const HASH: usize = 16;
/// How much of it people see.
const SHORT: usize = 8;

/// Carries by the notifiers.
pub(in crate::post) struct GoCarrier;

impl Carrier for GoCarrier {
    fn channel(&self) -> &'static str {
        CHANNEL
    }

    fn carry<'a>(&'a self, delivery: &'a Delivery, desk: &'a Desk) -> BoxFuture<'a, Sent> {
        Box::pin(async move {
            let (letter, message) = match message(delivery, desk) {
                Ok(Ok(made)) => made,
                Ok(Err(why)) => return Sent::Dropped { why: why.to_owned() },
                Err(error) => return Sent::Failed { answer: error.to_string(), after_s: None },
            };
            let notifiers = &desk.state.systems.notifiers;
            let Some(notifier) = notifiers.iter().find(|n| n.name() == letter.notifier) else {
                return Sent::Dropped { why: format!("not sent: {} is not configured", letter.notifier) };
            };
            match notifier.send(&message).await {
                Outcome::Done { detail, .. } => Sent::Taken { answer: detail },
                Outcome::Retry { reason, after_s } => Sent::Failed { answer: reason, after_s },
                Outcome::Permanent { reason } => {
                    let (incident, channel) = (&letter.incident, &letter.notifier);
                    tracing::warn!(
                        incident,
                        channel,
                        reason,
                        "that a mitigation waits could not be told there"
                    );
                    told(desk, delivery, &letter, &reason).await;
                    Sent::Dropped { why: reason }
                }
            }
        })
    }

    fn retry(&self) -> RetryPolicy {
        RetryPolicy { base_s: 2.0, max_s: 300.0, jitter: 0.25, max_attempts: 12 }
    }

    fn patience(&self) -> SignedDuration {
        SignedDuration::MAX
    }

    fn switch_off(&self, _: &str, _: &str, _: &Desk, _: Timestamp) -> StoreResult<Option<Deed>> {
        Ok(None)
    }
}

/// Who takes part reads in the timeline that somebody does not know of the plan.
async fn told(desk: &Desk, delivery: &Delivery, letter: &Letter, reason: &str) {
    let whom = letter.person.as_ref().map(|name| format!("{name} by ")).unwrap_or_default();
    let text = format!(
        "That a mitigation waits for a go could not be told to {whom}{}: {reason}. Tell them another way.",
        letter.notifier
    );
    let note = Command::AddNote { text };
    let wanted = Wanted::Command(IncidentId::new(letter.incident.clone()), Box::new(note));
    // The same for every attempt: it is said once.
    let mark = format!("go:{}", delivery.id);
    if let Err(error) = desk.handle.once(&mark, wanted, Actor::System).await {
        tracing::warn!(%error, incident = letter.incident, "that a letter was refused could not be recorded");
    }
}

/// What it says now; or why nothing is said.
fn message(delivery: &Delivery, desk: &Desk) -> StoreResult<Result<(Letter, Message), &'static str>> {
    let Ok(letter) = serde_json::from_value::<Letter>(delivery.payload.clone()) else {
        return Ok(Err("not sent: it does not say what about"));
    };
    let id = IncidentId::new(letter.incident.clone());
    let Some(i) = fold(&desk.reader.events(&id)?) else { return Ok(Err("not sent: no such incident")) };
    let plans: Vec<&PlanState> = letter
        .plans
        .iter()
        .filter_map(|hash| i.plan(hash))
        .filter(|p| p.status == PlanStatus::Proposed)
        .collect();
    if plans.is_empty() {
        return Ok(Err("not sent: all of it is decided"));
    }
    match &letter.person {
        // Who was shut out, or put out of the incident, since.
        Some(name) => {
            let may = desk.acting(name)?.is_some_and(|p| p.may(Permission::Approve));
            if !may || !i.members().contains(name.as_str()) {
                return Ok(Err("not sent: it is not theirs to decide any more"));
            }
        }
        None if i.is_secret() => return Ok(Err("not sent: the incident is restricted")),
        None => {}
    }
    let message = Message {
        key: delivery.id.clone(),
        incident: letter.incident.clone(),
        audience: "page".to_owned(),
        subject: format!(
            "{}{} {}: a mitigation waits for your go",
            if i.drill { "Drill: " } else { "" },
            i.severity.severity,
            i.id
        ),
        body: body(&i, &plans),
        to: letter.address.clone().into_iter().collect(),
        link: desk.link(&id),
        urgency: Urgency::Normal,
        controls: if i.is_secret() { Vec::new() } else { plans.iter().flat_map(|p| word(&i, p)).collect() },
        ..Message::default()
    };
    Ok(Ok((letter, message)))
}

/// What each plan does. Of a restricted incident nothing, so it is decided where it can be read.
fn body(i: &Incident, plans: &[&PlanState]) -> String {
    if i.is_secret() {
        return "The incident is restricted: read and decide on its page.".to_owned();
    }
    let mut lines = vec![i.title.clone()];
    for plan in plans {
        let steps: Vec<String> =
            plan.plan.steps.iter().map(|s| format!("{} of {}", s.action, s.target)).collect();
        let back = if plan.plan.reversible { "" } else { " It cannot be undone." };
        lines.push(format!(
            "{} {}: {}. {} of {} approvals.{back}",
            short(plan),
            plan.plan.title,
            steps.join(", then "),
            plan.approvals.iter().filter(|a| a.go).count(),
            plan.approvals_needed
        ));
    }
    lines.join("\n\n")
}

/// Go and no-go.
fn word(i: &Incident, plan: &PlanState) -> [Control; 2] {
    let carried: String = plan.hash.chars().take(HASH).collect();
    go_and_no_go(&i.id, &plan.hash, &carried, &plan.plan.title)
}

fn short(plan: &PlanState) -> &str {
    plan.hash.get(..SHORT).unwrap_or(&plan.hash)
}
