//! Issues of action items in a tracker. What may not go there is not filed, whatever was asked for before the incident
//! was restricted.

use firebell_core::effect::Outcome;
use firebell_core::ids::EffectKey;
use firebell_core::incident::{Actor, Command, Incident, IssueEffect, IssueNews};
use firebell_core::ports::chat::Trouble;
use firebell_core::ports::tracker::{IssueWish, Tracker};
use jiff::Timestamp;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Executor, done, only};
use crate::machine::EffectResult;

/// Carries one out. `again`: an attempt may have gone out before.
pub(super) async fn run(
    executor: &Executor,
    i: &Incident,
    key: &EffectKey,
    again: bool,
    effect: &IssueEffect,
) -> EffectResult {
    let (IssueEffect::File { tracker, .. } | IssueEffect::Close { tracker, .. }) = effect;
    let Some(found) = executor.trackers.get(tracker) else {
        let reason = format!("tracker {tracker:?} is not configured; add it under [trackers] and retry");
        return only(Outcome::Permanent { reason });
    };
    match effect {
        IssueEffect::File { id, .. } => only(file(executor, i, key, again, *id, found.as_ref()).await),
        IssueEffect::Close { issue, .. } => close(found.as_ref(), tracker, issue).await,
    }
}

async fn file(
    executor: &Executor,
    i: &Incident,
    key: &EffectKey,
    again: bool,
    id: u32,
    tracker: &dyn Tracker,
) -> Outcome {
    let tracking = i.action_items.get(&id).and_then(|item| Some((item, item.tracking.as_ref()?)));
    let Some((item, tracking)) = tracking.filter(|(_, tracking)| tracking.is_pending()) else {
        return done("no issue is wanted any more");
    };
    // Another tracker than that of today's policy was asked when it was another's turn.
    let rule = &executor.policy.tracker;
    if i.is_secret() && !(rule.restricted && rule.name == tracker.name()) {
        let reason = "not filed: the incident was restricted meanwhile; retry once it is not, or let it be";
        return Outcome::Permanent { reason: reason.to_owned() };
    }
    let fact = |name: &str, value: String| (name.to_owned(), value);
    let owner = if item.owner.is_empty() { "nobody yet".to_owned() } else { item.owner.clone() };
    let wish = IssueWish {
        mark: mark(i, key),
        again,
        asked_at: tracking.asked_at,
        title: item.item.title.clone(),
        why: item.item.detail.clone(),
        facts: vec![
            fact("Owner", owner),
            fact("Due", item.due.strftime("%Y-%m-%d").to_string()),
            fact("Priority", format!("{} of 3", item.priority)),
            fact("Kind", item.item.kind.clone()),
            fact("Incident", format!("{} {}: {}", i.severity.severity, i.id, i.title)),
        ],
        links: links(executor, i),
        priority: item.priority,
        due: item.due,
    };
    match tracker.file(&wish).await {
        Ok(issue) => Outcome::Done { detail: format!("filed as {}", issue.key), data: json!(issue) },
        Err(trouble) => trouble.into(),
    }
}

async fn close(tracker: &dyn Tracker, name: &str, issue: &str) -> EffectResult {
    match tracker.close(issue).await {
        Ok(()) => only(done("closed")),
        // That it is gone is what people hear of; there is nothing left to close.
        Err(Trouble::Gone { reason }) => {
            let news = IssueNews::Lost { reason: reason.clone() };
            let command =
                Command::RecordIssueNews { tracker: name.to_owned(), issue: issue.to_owned(), news };
            EffectResult {
                outcome: done(&format!("the issue is gone: {reason}")),
                commands: vec![command],
                held: false,
            }
        }
        Err(trouble) => only(trouble.into()),
    }
}

/// What the issue is known by: the effect's key, which is the same for every attempt, and when the incident was opened,
/// for another installation has an incident of the same name.
fn mark(i: &Incident, key: &EffectKey) -> String {
    let digest = Sha256::digest(format!("{key} of an incident opened at {}", i.opened_at));
    hex::encode(&digest[..16])
}

/// The incident's page and its postmortem; none where nobody said under which address they are.
fn links(executor: &Executor, i: &Incident) -> Vec<(String, String)> {
    let base = executor.policy.public_url.trim_end_matches('/');
    if base.is_empty() {
        return Vec::new();
    }
    let page = format!("{base}/incidents/{}", i.id);
    let mut links = vec![(page.clone(), i.id.to_string())];
    if i.postmortem_wanted {
        links.push((format!("{page}/postmortem"), "Postmortem".to_owned()));
    }
    links
}

/// Who a tracker's news comes from.
pub(crate) fn actor(tracker: &str) -> Actor {
    Actor::Source { name: tracker.to_owned() }
}

/// How long the postmortem waits for issues that are being filed, so that its table has their links, seconds.
const PATIENCE_S: i64 = 120;

/// Whether issues are on their way that were asked for a moment ago.
pub(super) fn are_coming(i: &Incident, now: Timestamp) -> bool {
    let fresh = |asked: Timestamp| now.duration_since(asked).as_secs() < PATIENCE_S;
    let tracked = i.action_items.values().filter_map(|item| item.tracking.as_ref());
    tracked.filter(|t| t.is_pending()).any(|t| fresh(t.asked_at))
}

/// The postmortem is written a little later.
pub(super) fn later() -> EffectResult {
    let reason = "issues of action items are being filed".to_owned();
    EffectResult { outcome: Outcome::Retry { reason, after_s: Some(2) }, commands: Vec::new(), held: true }
}
