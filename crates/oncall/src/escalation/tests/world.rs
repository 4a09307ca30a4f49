//! An escalation with its world: a clock that goes where it is told, schedules, roles.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::Rota;
use crate::escalation::{Command, Cx, Escalation, Event, Refused, decide};
use crate::model::{Roster, Urgency};

pub(super) struct World<'a> {
    pub(super) roster: &'a Roster,
    pub(super) rota: Rota,
    pub(super) roles: BTreeMap<String, Vec<String>>,
    pub(super) now: Timestamp,
    pub(super) e: Escalation,
}

impl<'a> World<'a> {
    pub(super) fn new(roster: &'a Roster, now: &str) -> Self {
        Self {
            roster,
            rota: Rota::new(Arc::new(roster.clone())),
            roles: BTreeMap::new(),
            now: now.parse().expect("a time"),
            e: Escalation::new("INC-1"),
        }
    }

    pub(super) fn cx(&self) -> Cx<'_> {
        Cx { now: self.now, roster: &self.rota, roles: &self.roles }
    }

    pub(super) fn try_to(&mut self, command: &Command) -> Result<Vec<Event>, Refused> {
        let events = decide(&self.e, command, &self.cx())?;
        events.iter().for_each(|event| self.e.apply(event));
        Ok(events)
    }

    pub(super) fn does(&mut self, command: &Command) -> String {
        let events = self.try_to(command).unwrap_or_else(|e| panic!("{e}"));
        self.told(&events)
    }

    pub(super) fn start(&mut self, policy: &str, urgency: Urgency) -> String {
        let policy = self.roster.escalation(policy).expect("a policy").clone();
        self.does(&Command::Start { policy, urgency })
    }

    pub(super) fn acknowledge(&mut self, person: &str) -> String {
        self.does(&Command::Acknowledge { person: person.to_owned() })
    }

    /// Goes from deadline to deadline, for so many seconds.
    pub(super) fn wait(&mut self, seconds: i64) -> String {
        let end = self.now + SignedDuration::from_secs(seconds);
        let mut told = String::new();
        while let Some(at) = self.e.deadline().filter(|at| *at <= end) {
            self.now = at;
            told.push_str(&self.does(&Command::Tick));
        }
        self.now = end;
        told
    }

    /// Events in words, for people.
    fn told(&self, events: &[Event]) -> String {
        let clock = self.now.strftime("%H:%M:%S");
        events.iter().filter_map(words).map(|line| format!("{clock} {line}\n")).collect()
    }
}

fn words(event: &Event) -> Option<String> {
    Some(match event {
        Event::Started { policy, why, .. } => format!("begins: {}, {}", policy.name, why.shown()),
        Event::Called { call, until } => {
            let until = until.map(|u| format!(" until {}", u.strftime("%H:%M:%S"))).unwrap_or_default();
            format!("call {} {:?}{until}", call.id, call.kind)
        }
        Event::Announced { channel, .. } => format!("  tells {channel}"),
        Event::Paged { page, .. } => {
            let held =
                page.held_until.map(|u| format!(", held until {}", u.strftime("%H:%M"))).unwrap_or_default();
            format!("  pages {} ({}){held}", page.person, page.id)
        }
        Event::Joined { person, .. } => format!("  {person} is being paged already"),
        Event::Left { call, person, .. } => format!("  {person} left call {call}"),
        Event::Withdrawn { page, person } => format!("  page {page} of {person} ends"),
        Event::Attempted { page, rule, contact, person, .. } => {
            format!("  -> {person} by {contact} ({})", super::super::Attempt::key(page, contact, *rule))
        }
        Event::AttemptFailed { page, rule } => format!("  attempt {rule} of {page} failed"),
        Event::Retimed { page, .. } => format!("  {page} has new times"),
        Event::Acknowledged { person, enough, .. } => {
            format!("{person} acknowledges{}", if *enough { "" } else { ", not enough" })
        }
        Event::Snoozed { by, until } => format!("{by} lets it sleep until {}", until.strftime("%H:%M:%S")),
        Event::Escalated { by } => format!("{by} escalates"),
        Event::UrgencySet { urgency, .. } => format!("urgency {urgency:?}"),
        Event::Exhausted => "nobody is left".to_owned(),
        Event::Resolved { by } => format!("{by} resolves"),
        Event::Looked { .. } | Event::Closed { .. } => return None,
    })
}
