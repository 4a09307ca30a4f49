//! Who is told, when, and by which clock.

use super::super::event::Event;
use super::super::state::{Incident, Phase};
use super::super::timers::after;
use crate::comms::{Audience, UpdateReason};
use crate::cx::Cx;
use crate::policy::Policy;
use crate::severity::Severity;

/// First updates, and clocks that fit the severity of now. SEV1 tells executives before the assessment ends.
pub(super) fn inform(i: &Incident, cx: &Cx<'_>) -> Vec<Event> {
    let level = cx.policy.levels.of(i.severity.severity);
    if i.phase == Phase::Assess {
        let at_once = i.severity.severity == Severity::Sev1 && level.executives_at_once;
        return if at_once { declare(i, Audience::Executives, None, cx) } else { Vec::new() };
    }
    // Cosmetic ones have no updates; one that was lowered to it loses its clocks.
    let spoken_of = i.severity.severity != Severity::Sev4;
    let internal_every =
        level.internal_every_s.filter(|_| !level.internal_if_customer_facing || i.customer_facing);
    let support = level.support && (!level.support_if_customer_facing || i.customer_facing) && !i.restricted;
    let wanted = [
        (Audience::Internal, spoken_of, internal_every),
        (Audience::Public, public_wanted(i, cx.policy), None),
        (Audience::Support, support, None),
        (Audience::Executives, level.executives_at_once, None),
    ];
    for (audience, wanted, every_s) in wanted {
        match i.clocks.get(&audience) {
            None if wanted => return declare(i, audience, every_s, cx),
            // Severity changed: the clock follows.
            Some(clock) if clock.every_s != every_s => {
                let due = every_s.map(|s| after(cx.now, s));
                return vec![Event::ClockSet { audience, due, every_s }];
            }
            _ => {}
        }
    }
    Vec::new()
}

pub(in super::super) fn declare(
    i: &Incident,
    audience: Audience,
    every_s: Option<i64>,
    cx: &Cx<'_>,
) -> Vec<Event> {
    if i.clocks.contains_key(&audience) {
        return Vec::new();
    }
    vec![
        Event::ClockSet { audience, due: every_s.map(|s| after(cx.now, s)), every_s },
        Event::UpdateRequested { audience, reason: UpdateReason::Declared },
    ]
}

/// Whether the status page tells of it: never of a restricted incident or a drill, and where policy says so only of
/// what customers feel.
pub(in super::super) fn public_wanted(i: &Incident, policy: &Policy) -> bool {
    let level = policy.levels.of(i.severity.severity);
    let felt = i.customer_facing || !level.public_if_customer_facing;
    level.public_first_within_s.is_some() && felt && !i.is_secret() && !i.drill
}

/// Who is told with each internal update, has been told before, and waits for no draft.
pub(in super::super) fn followers(i: &Incident, cx: &Cx<'_>) -> Vec<Audience> {
    let level = cx.policy.levels.of(i.severity.severity);
    let wanted = [
        (Audience::Executives, level.executives_each_update),
        (Audience::Public, level.public_each_update && public_wanted(i, cx.policy)),
    ];
    let told = |a: Audience| i.clocks.get(&a).is_some_and(|c| c.asked_at.is_none());
    wanted
        .into_iter()
        .filter(|(audience, wanted)| *wanted && told(*audience))
        .map(|(audience, _)| audience)
        .collect()
}

/// The channels of an audience. A restricted incident uses no shared channel but the executives' own.
pub fn channels_for(i: &Incident, audience: Audience, policy: &Policy) -> Vec<String> {
    if i.restricted && audience != Audience::Executives {
        return Vec::new();
    }
    policy.channels.get(&audience).cloned().unwrap_or_default()
}

/// An update for everybody who has been told before, for a given reason; nothing of a secret incident to customers.
pub(in super::super) fn tell_all(i: &Incident, reason: UpdateReason) -> Vec<Event> {
    i.clocks
        .keys()
        .filter(|a| !(i.is_secret() && **a == Audience::Public))
        .map(|audience| Event::UpdateRequested { audience: *audience, reason })
        .collect()
}
