//! The commander's clock over an incident's record: who commands, who has commanded for too long, who is told by when.
//! The figures are those of the workflow, written down again here; nothing is asked of the product's own timers but
//! whether one of them was late.

use std::collections::BTreeMap;

use firebell_core::comms::Audience;
use firebell_core::incident::{Actor, Event, EventRecord, Incident, apply, timers};
use firebell_core::policy::Policy;
use firebell_core::severity::Severity;
use firebell_oncall::escalation::Event as OnCall;
use jiff::Timestamp;

const COMMANDER: &str = "incident_commander";
const MINUTE_S: i64 = 60;
const HOUR_S: i64 = 3600;
/// What is due in a second is done in it, or at the beginning of the next.
const GRACE_S: i64 = 1;
/// The assessment of the month takes no longer; what is told by a cadence is told from then on.
const ASSESSED_S: i64 = 30;

/// What was due, over all incidents.
#[derive(Debug, Default)]
pub(super) struct Due {
    /// Minutes after which somebody was called because nobody commanded.
    pub(super) uncommanded: usize,
    pub(super) hand_over_suggested: usize,
    pub(super) hand_over_insisted: usize,
    /// Roles whose holder did not answer in time.
    pub(super) unheard: usize,
    pub(super) cadence: usize,
    pub(super) public: usize,
    pub(super) escalated: usize,
    pub(super) past_resolve_by: usize,
}

/// What of an incident is due by when, by its severity.
struct Figures {
    update_every_s: i64,
    public_within_s: i64,
    answer_within_s: i64,
    resolve_within_s: i64,
    /// When a senior engineer, or a lead, is asked in because it lasts.
    escalate_s: Option<i64>,
}

fn figures(severity: Severity) -> Figures {
    let of = |every, public, answer, hours, escalate_s| Figures {
        update_every_s: every * MINUTE_S,
        public_within_s: public * MINUTE_S,
        answer_within_s: answer * MINUTE_S,
        resolve_within_s: hours * HOUR_S,
        escalate_s,
    };
    match severity {
        Severity::Sev1 => of(15, 5, 2, 1, None),
        Severity::Sev2 => of(30, 15, 5, 4, Some(2 * HOUR_S)),
        _ => of(60, 60, 30, 24, Some(8 * HOUR_S)),
    }
}

/// An incident of the month: severity never changes in it, and it is never opened again.
struct Story<'a> {
    records: &'a [EventRecord],
    severity: Severity,
    opened: i64,
    ended: i64,
}

/// Every deadline of the commander's clock was met, or somebody was called.
pub(super) fn holds(records: &[EventRecord], policy: &Policy, due: &mut Due) -> Result<(), String> {
    no_timer_is_late(records, policy)?;
    story(records)?.holds(due).map_err(|e| format!("{}: {e}", records[0].incident))
}

fn story(records: &[EventRecord]) -> Result<Story<'_>, String> {
    let Event::Opened { severity, .. } = &records[0].event else { return Err("never opened".to_owned()) };
    let over = |r: &&EventRecord| matches!(r.event, Event::Resolved { .. });
    Ok(Story {
        records,
        severity: severity.severity,
        opened: second(&records[0]),
        ended: records.iter().find(over).map_or(i64::MAX, second),
    })
}

/// Whether something is found in a record from which events were taken; of the product's own timers nothing is asked.
pub(super) fn wrong(records: &[EventRecord]) -> bool {
    story(records).is_ok_and(|story| story.holds(&mut Due::default()).is_err())
}

fn second(record: &EventRecord) -> i64 {
    record.at.as_second()
}

/// Nothing happens in an incident while something is left that was due before.
fn no_timer_is_late(records: &[EventRecord], policy: &Policy) -> Result<(), String> {
    let mut state: Option<Incident> = None;
    for record in records {
        if let Some(before) = &state {
            // What just became due is done next.
            let done = |due: Timestamp| due.max(before.last_at).as_second() + GRACE_S >= second(record);
            let late = timers(before, policy).into_iter().find(|(_, due)| !done(*due));
            if let Some((key, due)) = late {
                return Err(format!("{}: {key} was due at {due}, and it is {}", record.incident, record.at));
            }
        }
        apply(&mut state, record);
    }
    Ok(())
}

impl Story<'_> {
    fn holds(&self, due: &mut Due) -> Result<(), String> {
        let checks = [
            Self::is_commanded,
            Self::command_is_handed_over,
            Self::roles_answer,
            Self::colleagues_are_told,
            Self::customers_are_told,
            Self::others_are_asked_in,
        ];
        checks.iter().try_for_each(|check| check(self, due))
    }

    fn at(&self, at: i64) -> impl Iterator<Item = &EventRecord> {
        self.records.iter().filter(move |r| (at..=at + GRACE_S).contains(&second(r)))
    }

    /// Whether somebody's telephone is asked to ring at that moment: `who`, or anybody.
    fn calls(&self, at: i64, who: Option<&str>) -> bool {
        self.at(at).any(|r| match &r.event {
            Event::Paged { person, .. } | Event::OnCall { event: OnCall::Attempted { person, .. } } => {
                who.is_none_or(|who| who == person)
            }
            _ => false,
        })
    }

    /// Who commands from when on, until when.
    fn commands(&self) -> Vec<(Option<String>, i64, i64)> {
        let mut all: Vec<(Option<String>, i64, i64)> = Vec::new();
        for record in self.records {
            let holder = match &record.event {
                Event::RoleAssigned { role, person } if role == COMMANDER => person.clone(),
                Event::Resolved { .. } => break,
                _ => continue,
            };
            if let Some(last) = all.last_mut() {
                last.2 = second(record);
            }
            all.push((holder, second(record), self.ended));
        }
        all
    }

    /// Where nobody commands a SEV1 somebody is called within two minutes, and again every two minutes.
    fn is_commanded(&self, due: &mut Due) -> Result<(), String> {
        if self.severity == Severity::Sev1 && self.commands().first().is_none_or(|c| c.1 > self.opened) {
            return Err("nobody was asked to command it".to_owned());
        }
        if self.severity != Severity::Sev1 {
            return Ok(());
        }
        for (_, from, until) in self.commands().into_iter().filter(|(holder, _, _)| holder.is_none()) {
            for at in (from..until).step_by(2 * MINUTE_S as usize).skip(1) {
                // At the very end it may be the end that comes first.
                if at + GRACE_S >= until {
                    continue;
                }
                if !self.calls(at, None) {
                    return Err(format!("nobody commands since {from}, and nobody was called at {at}"));
                }
                due.uncommanded += 1;
            }
        }
        Ok(())
    }

    /// Whoever commands is told after an hour that somebody else could, after three that somebody else must, and then each
    /// hour; who could is called.
    fn command_is_handed_over(&self, due: &mut Due) -> Result<(), String> {
        for (holder, from, until) in self.commands() {
            let Some(holder) = holder else { continue };
            let hours = [1].into_iter().chain(3..);
            for at in hours.map(|h| from + h * HOUR_S).take_while(|at| at + GRACE_S < until) {
                let insisting = at - from > 2 * HOUR_S;
                let said = self.at(at).find_map(|r| match &r.event {
                    Event::HandOverDue { person, to, insisted, .. } if *person == holder => {
                        Some((to.clone(), *insisted))
                    }
                    _ => None,
                });
                let (to, insisted) = said
                    .ok_or_else(|| format!("{holder} commands since {from}, and nothing was said at {at}"))?;
                if insisted != insisting {
                    return Err(format!("{holder} commands since {from}, insisted at {at}: {insisted}"));
                }
                if !self.calls(at, Some(&holder)) {
                    return Err(format!("{holder} commands since {from} and was not told at {at}"));
                }
                // Who is being called already, by their own rules, hears of it by those.
                if let Some(to) = to.filter(|_| insisting)
                    && !self.calls(at, Some(&to))
                    && !self.is_being_called(&to, at)
                {
                    return Err(format!("{to} is to take over from {holder} and was not called at {at}"));
                }
                due.hand_over_suggested += usize::from(!insisting);
                due.hand_over_insisted += usize::from(insisting);
            }
        }
        Ok(())
    }

    fn is_being_called(&self, who: &str, at: i64) -> bool {
        let mut open = BTreeMap::new();
        for record in self.records.iter().take_while(|r| second(r) <= at) {
            match &record.event {
                Event::OnCall { event: OnCall::Paged { page, .. } } if page.person == who => {
                    open.insert(page.id.clone(), ());
                }
                Event::OnCall { event: OnCall::Acknowledged { person, .. } } if person == who => open.clear(),
                Event::OnCall { event: OnCall::Withdrawn { page, .. } } => {
                    open.remove(page);
                }
                _ => {}
            }
        }
        !open.is_empty()
    }

    /// A role whose holder does not answer in time is somebody else's to answer.
    fn roles_answer(&self, due: &mut Due) -> Result<(), String> {
        let within = figures(self.severity).answer_within_s;
        let mut answered: Vec<&str> = Vec::new();
        for (n, record) in self.records.iter().enumerate() {
            if let Event::Acknowledged { by, .. } = &record.event {
                answered.push(by);
            }
            let Event::RoleAssigned { role, person: Some(person) } = &record.event else { continue };
            let takes = matches!(&record.actor, Actor::Person { name } if name == person);
            let at = self.awake(second(record) + within);
            if takes || answered.contains(&person.as_str()) || at + GRACE_S >= self.ended {
                continue;
            }
            let met =
                self.records[n + 1..].iter().take_while(|r| second(r) <= at + GRACE_S).find_map(|r| match &r
                    .event
                {
                    Event::Acknowledged { by, roles } => (by == person
                        || roles.as_ref().is_some_and(|roles| roles.contains(role)))
                    .then_some(false),
                    Event::RoleAssigned { role: other, .. } => (other == role).then_some(false),
                    Event::Escalated { role: Some(other), .. } => (other == role).then_some(true),
                    _ => None,
                });
            let called =
                met.ok_or_else(|| format!("{person} did not answer as {role} by {at}: nothing came of it"))?;
            due.unheard += usize::from(called);
        }
        Ok(())
    }

    /// That moment, or when whoever put the escalation to sleep wants to hear of it again.
    fn awake(&self, at: i64) -> i64 {
        let mut until = at;
        for record in self.records {
            if second(record) > until {
                break;
            }
            match &record.event {
                Event::OnCall { event: OnCall::Snoozed { until: u, .. } } => until = at.max(u.as_second()),
                // Somebody begins it anew before.
                Event::OnCall { event: OnCall::Started { .. } } => until = at.max(second(record)),
                _ => {}
            }
        }
        until
    }

    /// Internal updates are asked for as often as severity says.
    fn colleagues_are_told(&self, due: &mut Due) -> Result<(), String> {
        let every = figures(self.severity).update_every_s;
        if self.severity > Severity::Sev2 && !self.is_felt() {
            return Ok(());
        }
        let told = self.records.iter().filter_map(|r| match &r.event {
            Event::UpdateRequested { audience: Audience::Internal, .. } => Some(second(r)),
            Event::UpdatePosted { update } if update.audience == Audience::Internal => Some(second(r)),
            _ => None,
        });
        let mut last = self.opened + ASSESSED_S - every;
        for at in told.chain([self.ended]).filter(|at| *at <= self.ended) {
            if at > last + every + GRACE_S {
                return Err(format!("colleagues were told at {last} and then at {at}"));
            }
            due.cadence += 1;
            last = at;
        }
        Ok(())
    }

    /// Customers use what is hit.
    fn is_felt(&self) -> bool {
        matches!(&self.records[0].event, Event::Opened { customer_facing: true, .. })
    }

    /// The status page has its first word in time, or somebody is called in that moment.
    fn customers_are_told(&self, due: &mut Due) -> Result<(), String> {
        let by = self.opened + figures(self.severity).public_within_s;
        if (self.severity > Severity::Sev2 && !self.is_felt()) || by + GRACE_S >= self.ended {
            return Ok(());
        }
        let posted = self.records.iter().any(|r| {
            second(r) <= by
                && matches!(&r.event, Event::UpdatePosted { update } if update.audience == Audience::Public)
        });
        if !posted && !self.calls(by, None) {
            return Err(format!("customers were to be told by {by}, and nobody was called"));
        }
        due.public += 1;
        Ok(())
    }

    /// What lasts is said to those who can help, and what has passed its time to whoever commands it.
    fn others_are_asked_in(&self, due: &mut Due) -> Result<(), String> {
        let figures = figures(self.severity);
        let times = [Some(30 * MINUTE_S), figures.escalate_s].into_iter().flatten().map(|s| self.opened + s);
        for at in times.filter(|at| at + GRACE_S < self.ended) {
            let escalated = |r: &EventRecord| matches!(r.event, Event::Escalated { role: None, .. });
            if !self.at(at).any(escalated) {
                return Err(format!("it lasts, and nobody else was asked in at {at}"));
            }
            due.escalated += 1;
        }
        let at = self.opened + figures.resolve_within_s;
        if at + GRACE_S >= self.ended {
            return Ok(());
        }
        let commander = self.commands().into_iter().find(|(_, from, until)| *from <= at && at < *until);
        let missed = |r: &EventRecord| matches!(&r.event, Event::DeadlineMissed { what, .. } if what.starts_with("resolve_by"));
        let told =
            commander.and_then(|(holder, _, _)| holder).is_none_or(|holder| self.calls(at, Some(&holder)));
        if !self.at(at).any(missed) || !told {
            return Err(format!("it was to be resolved by {at}"));
        }
        due.past_resolve_by += 1;
        Ok(())
    }
}
