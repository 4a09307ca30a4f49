//! Which timers an incident has: a function of its state alone. Firing is a command that checks whether it still
//! holds, so a lost, late or double firing is harmless.

use std::collections::BTreeMap;

use firebell_oncall::escalation::{Escalation, Phase as OnCallPhase};
use jiff::{SignedDuration, Timestamp};

use super::advance::public_wanted;
use super::state::{Awaiting, Incident, Phase, PlanStatus, RoleHolder, RunStatus};
use crate::agent::AgentTask;
use crate::comms::Audience;
use crate::policy::{Level, Policy};

/// Grace for a draft that was asked for, in seconds, before it counts as late.
const DRAFT_GRACE_S: i64 = 60;
/// A draft is ready so many seconds before its update is due, for people to read and edit.
const AHEAD_S: i64 = 120;
/// A late update is said again after so long where severity has no time to acknowledge within.
const LATE_AGAIN_S: i64 = 300;
const HOUR_S: i64 = 3600;
/// The role that must be held.
pub(super) const COMMANDER: &str = "incident_commander";

/// All timers, by key.
pub fn timers(i: &Incident, policy: &Policy) -> BTreeMap<String, Timestamp> {
    let mut all = BTreeMap::new();
    let mut set = |key: String, due: Timestamp| {
        if !i.fired.contains(&key) {
            all.insert(key, due);
        }
    };
    for (run, entry) in &i.runs {
        if entry.status == RunStatus::Running {
            set(format!("agent:{run}"), entry.deadline);
        }
    }
    if let Some(due) = i.postmortem_due
        && i.postmortem.is_none()
        && i.closed_at.is_none()
    {
        set("postmortem".to_owned(), due);
    }
    if let Some(at) = super::rooms::archive_at(i, policy) {
        set("rooms:archive".to_owned(), at);
    }
    if i.status.is_over() {
        return all;
    }
    let level = policy.levels.of(i.severity.severity);
    set(format!("phase:{}:{}", i.phase.number(), i.stays), i.phase_deadline);
    for (audience, clock) in &i.clocks {
        if let Some(due) = clock.due {
            set(format!("update:{}", audience.as_str()), due);
            set_draft(&mut set, i, *audience, due, clock.every_s);
        }
        if let Some(asked) = clock.asked_at {
            let (said, key) = late_key(i, *audience, asked);
            let again = level.acknowledge_within_s.unwrap_or(LATE_AGAIN_S).max(1);
            set(key, after(asked, DRAFT_GRACE_S + again * said as i64));
        }
    }
    super::untold::set_timers(&mut set, i);
    if let Some(due) = public_first(i, policy, level) {
        set(format!("public_first:{}", i.severity.severity), due);
        // Whoever waits for the assessment to end may wait too long: what is known by then is said in time.
        if !i.clocks.contains_key(&Audience::Public) {
            let within = level.public_first_within_s.unwrap_or_default();
            set("public_early".to_owned(), before(due, AHEAD_S.min(within / 2)));
        }
    }
    // Once it is mitigated and somebody is there, nobody else is got out of bed for a role.
    let calm = i.mitigated_at.is_some() && !i.heard_by.is_empty();
    if let Some(within) = level.acknowledge_within_s.filter(|_| !calm) {
        // Who put it to sleep is not woken for whether it is answered.
        let asleep = i.escalation.as_ref().filter(|e| e.phase == OnCallPhase::Snoozed).and_then(|e| e.until);
        for (role, waiting) in &i.awaiting {
            let due = after(waiting.since, within);
            set(ack_key(role, waiting), asleep.map_or(due, |until| due.max(until)));
        }
    }
    if let Some(at) = i.escalation.as_ref().and_then(Escalation::deadline) {
        set("oncall".to_owned(), at);
    }
    if let Some(within) = level.acknowledge_within_s.filter(|_| !calm)
        && let Some(vacant) = vacant_since(i)
        && level.roles.iter().any(|r| r == COMMANDER)
    {
        let since = i.open_since.max(i.severity_since).max(vacant);
        let (said, key) = uncommanded_key(i, vacant);
        set(key, after(since, within.saturating_mul(said as i64 + 1)));
    }
    if let Some(holder) = i.roles.get(COMMANDER).filter(|h| h.person.is_some()) {
        let (key, due) = hand_over(i, holder, policy);
        set(key, due);
    }
    if let Some(s) = level.unclear_after_s
        && !i.has_cause()
        && i.mitigated_at.is_none()
    {
        set(unclear_key(i), after(i.open_since, s));
    }
    if let Some(s) = level.escalate_after_s {
        set(format!("escalate:{}", i.severity.severity), after(i.open_since, s));
    }
    if let Some(s) = level.executives_again_after_s {
        let (key, due) = (format!("executives_again:{}", i.severity.severity), after(i.open_since, s));
        if !i.fired.contains(&key) {
            set_draft(&mut set, i, Audience::Executives, due, Some(s));
        }
        set(key, due);
    }
    if let Some(due) = i.resolve_by {
        set(format!("resolve_by:{}", i.severity.severity), due);
    }
    for plan in &i.plans {
        if matches!(plan.status, PlanStatus::Proposed | PlanStatus::Approved) {
            set(format!("plan:{}", plan.hash), plan.plan.expires_at);
        }
    }
    if let Some(at) = reassess_at(i, policy) {
        set("reassess".to_owned(), at);
    }
    if let Some(at) = i.look_again_at {
        set("look_again".to_owned(), at);
    }
    if let Some(until) = i.soak_until {
        set("soak".to_owned(), until);
    }
    all
}

/// When the commander is next told that somebody else should take over: suggested once, then insisted on each hour.
fn hand_over(i: &Incident, holder: &RoleHolder, policy: &Policy) -> (String, Timestamp) {
    let (suggest, insist) = (policy.times.handover_suggest_s, policy.times.handover_insist_s);
    let prefix = format!("handover:{COMMANDER}:{}:", holder.since.as_second());
    let told = i.fired.range(prefix.clone()..).take_while(|key| key.starts_with(&prefix)).count();
    let due = match told {
        0 => suggest,
        n => insist + HOUR_S * (n as i64 - 1),
    };
    (format!("{prefix}{told}"), after(holder.since, due))
}

/// When the draft of an update is asked for that is due then; not once it was.
fn set_draft(
    set: &mut impl FnMut(String, Timestamp),
    i: &Incident,
    audience: Audience,
    due: Timestamp,
    every_s: Option<i64>,
) {
    if i.ahead.get(&audience).is_none_or(|ahead| ahead.due != due) {
        let lead = AHEAD_S.min(every_s.unwrap_or(i64::MAX) / 2);
        set(format!("draft:{}", audience.as_str()), before(due, lead));
    }
}

/// When severity is to be measured again: the impact may have grown since. At growing distances, and not once it is
/// mitigated.
fn reassess_at(i: &Incident, policy: &Policy) -> Option<Timestamp> {
    if i.mitigated_at.is_some() || !matches!(i.phase, Phase::Investigate | Phase::Mitigate) {
        return None;
    }
    let runs: Vec<_> = i.runs.values().filter(|r| r.task == AgentTask::Assess).collect();
    let last = runs.iter().map(|r| r.ended_at).collect::<Option<Vec<_>>>()?.into_iter().max()?;
    // The first assessment was two runs.
    let again = runs.len().saturating_sub(2).min(6);
    Some(after(last, policy.times.reassess_after_s << again))
}

/// When the first post to the status page must be out, while there is none: counted from when severity asked for it.
fn public_first(i: &Incident, policy: &Policy, level: &Level) -> Option<Timestamp> {
    let posted = i.updates.iter().any(|u| u.audience == Audience::Public && u.at >= i.open_since)
        || !public_wanted(i, policy);
    let due = after(i.open_since.max(i.severity_since), level.public_first_within_s?);
    (!posted).then_some(due)
}

/// The timer of a role whose call is not answered: of each call, for a role may be given anew.
pub(super) fn ack_key(role: &str, waiting: &Awaiting) -> String {
    format!("ack:{role}:{}:{}", waiting.since.as_second(), waiting.unheard)
}

/// Since when nobody commands who should.
pub(super) fn vacant_since(i: &Incident) -> Option<Timestamp> {
    i.roles.get(COMMANDER).filter(|h| h.person.is_none()).map(|h| h.since)
}

/// The timer of an incident that nobody commands since then, and how often somebody was called about that already: who
/// commanded in between begins it anew.
pub(super) fn uncommanded_key(i: &Incident, vacant: Timestamp) -> (usize, String) {
    numbered(i, format!("uncommanded:{}:{}", i.severity.severity, vacant.as_second()))
}

/// The timer of a cause that is not found.
pub(super) fn unclear_key(i: &Incident) -> String {
    format!("unclear:{}", i.severity.severity)
}

/// The timer of an update that was asked for and is not posted, and how often it was said already that it is late.
pub(super) fn late_key(i: &Incident, audience: Audience, asked: Timestamp) -> (usize, String) {
    numbered(i, format!("update_late:{}:{asked}", audience.as_str()))
}

/// How often a timer that rings again and again has rung, and its next key.
fn numbered(i: &Incident, prefix: String) -> (usize, String) {
    let said = i.fired.range(prefix.clone()..).take_while(|key| key.starts_with(&prefix)).count();
    (said, if said == 0 { prefix } else { format!("{prefix}:{said}") })
}

/// `at` plus so many seconds; at the end of time it stays there.
pub(super) fn after(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// `at` less so many seconds; at the beginning of time it stays there.
fn before(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MIN)
}
