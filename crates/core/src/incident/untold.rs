//! Updates that a channel does not take: whose word is missing, since when, and who is called for it. That an update is
//! posted does not mean that anybody can read it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::advance::page;
use super::commands::speakers;
use super::event::Event;
use super::state::Incident;
use super::timers::after;
use crate::comms::{Audience, UpdateReason};
use crate::cx::Cx;

/// Whoever speaks for the incident is called once a channel has not taken an update for so long, seconds …
const UNTOLD_S: i64 = 900;
/// … of an incident whose calls may wait for the end of quiet hours …
const UNTOLD_QUIET_S: i64 = 14_400;
/// … and then one after the other, so many times in all.
const CALLS: usize = 3;
/// Longest reason of a channel in a call, characters.
const REASON: usize = 160;

/// Sets the timer of each audience that a channel does not tell.
pub(super) fn set_timers(set: &mut impl FnMut(String, Timestamp), i: &Incident) {
    let wait = if super::oncall::is_quiet(i) { UNTOLD_QUIET_S } else { UNTOLD_S };
    for (audience, (first, _)) in waiting(i) {
        let (prefix, called) = (prefix(audience, first), called(i, audience, first));
        if let Some(update) = i.updates.get(first).filter(|_| called < CALLS) {
            set(format!("{prefix}{called}"), after(update.at, wait * (called as i64 + 1)));
        }
    }
}

/// The timer rang: the next of those who speak for the incident hears which audience is not told, and by what.
pub(super) fn ring(i: &Incident, audience: &str, cx: &Cx<'_>) -> Vec<Event> {
    let Some((audience, (first, channels))) = waiting(i).into_iter().find(|(a, _)| a.as_str() == audience)
    else {
        return Vec::new();
    };
    let nth = called(i, audience, first);
    let since = i.updates.get(first).map_or(0, |u| cx.now.duration_since(u.at).as_mins());
    let why = format!("{} told by {} for {since} min", not_told(audience), channels.join(", "));
    tell(i, nth, &why, "tell them another way", cx)
}

/// A channel refused an update for good. Nobody is called for one that a later update overtook: that one is what its
/// audience is to read, and has a fate of its own.
pub(super) fn refused(i: &Incident, update: usize, channel: &str, reason: &str, cx: &Cx<'_>) -> Vec<Event> {
    let Some(posted) = i.updates.get(update).filter(|_| !is_overtaken(i, update, channel)) else {
        return Vec::new();
    };
    let reason: String = reason.chars().take(REASON).collect();
    let why = format!("{} told by {channel}: {reason}", not_told(posted.audience));
    tell(i, 0, &why, "tell them another way, then mend it and retry", cx)
}

/// The draft of an update could not be made. Nobody is called for one that an end, or a new beginning, has overtaken.
pub(super) fn unwritten(
    i: &Incident,
    audience: Audience,
    of: UpdateReason,
    reason: &str,
    cx: &Cx<'_>,
) -> Vec<Event> {
    if i.status.is_over() != of.is_last() {
        return Vec::new();
    }
    let reason: String = reason.chars().take(REASON).collect();
    let why = format!("{} told, the update could not be drafted: {reason}", not_told(audience));
    tell(i, 0, &why, "write it yourself, then mend it and retry", cx)
}

/// Whether a later update of the same audience goes over the same channel.
pub fn is_overtaken(i: &Incident, update: usize, channel: &str) -> bool {
    let Some(posted) = i.updates.get(update) else { return false };
    let later = |u: &crate::comms::Update| {
        u.audience == posted.audience && u.channels.iter().any(|name| name == channel)
    };
    i.updates.iter().skip(update + 1).any(later)
}

/// Of each audience the first update that a channel has not taken, and nothing after it either; with those channels.
fn waiting(i: &Incident) -> BTreeMap<Audience, (usize, Vec<&str>)> {
    let mut open: BTreeMap<(Audience, &str), usize> = BTreeMap::new();
    for (n, update) in i.updates.iter().enumerate() {
        for channel in &update.channels {
            let place = (update.audience, channel.as_str());
            if update.delivered.contains(channel) {
                open.remove(&place);
            } else {
                open.entry(place).or_insert(n);
            }
        }
    }
    let mut all: BTreeMap<Audience, (usize, Vec<&str>)> = BTreeMap::new();
    for ((audience, channel), n) in open {
        let entry = all.entry(audience).or_insert((n, Vec::new()));
        entry.0 = entry.0.min(n);
        entry.1.push(channel);
    }
    all
}

fn prefix(audience: Audience, first: usize) -> String {
    format!("untold:{}:{first}:", audience.as_str())
}

fn called(i: &Incident, audience: Audience, first: usize) -> usize {
    let prefix = prefix(audience, first);
    i.fired.range(prefix.clone()..).take_while(|key| key.starts_with(&prefix)).count()
}

fn not_told(audience: Audience) -> &'static str {
    match audience {
        Audience::Internal => "colleagues were not",
        Audience::Public => "the public was not",
        Audience::Support => "customer support was not",
        Audience::Executives => "the executives were not",
    }
}

/// In the record, and to the `nth` of those who speak for the incident.
fn tell(i: &Incident, nth: usize, why: &str, then: &str, cx: &Cx<'_>) -> Vec<Event> {
    let people = speakers(i, cx);
    let person = people.get(nth % people.len().max(1)).cloned();
    let mut events = vec![Event::Escalated {
        to: "whoever speaks for it".to_owned(),
        people: person.iter().cloned().collect(),
        why: why.to_owned(),
        role: None,
    }];
    events.extend(page(person, &format!("{} {}: {why}; {then}", i.severity.severity, i.id), cx));
    events
}
