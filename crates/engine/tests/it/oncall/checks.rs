//! What must hold of the record of an incident, whatever channels and people did.

use std::collections::{BTreeMap, BTreeSet};

use firebell_core::incident::{Actor, Event, EventRecord};
use firebell_oncall::escalation::{Call, CallKind, Event as OnCall, Page, Why};
use firebell_oncall::model::{Target, Urgency};
use jiff::Timestamp;

use super::month::{Ring, Season};
use super::reference::Reference;

/// Two calls for one incident within so long are one too many, seconds.
const TWICE_S: i64 = 30;
/// Two calls with the same words that were asked for within so long: whoever does not answer is called again after two
/// minutes.
const SAME_S: i64 = 90;

/// What was seen, over all incidents: a check of nothing is none.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) first_attempts: usize,
    pub(super) acknowledged: usize,
    pub(super) fell_back: usize,
    pub(super) failed: usize,
    pub(super) held: usize,
    pub(super) came_on: usize,
    pub(super) snoozed: usize,
    pub(super) handed_over: usize,
    pub(super) requested: usize,
    pub(super) on_nights: [usize; 2],
    /// Contacts that were tried after one that failed.
    pub(super) next_contacts: usize,
    /// Updates that were asked for and late.
    pub(super) late: usize,
}

/// An incident's record, read step by step.
struct Reading<'a> {
    reference: &'a Reference,
    roles: BTreeMap<String, Option<String>>,
    calls: BTreeMap<String, Call>,
    pages: BTreeMap<String, (Page, Timestamp)>,
    /// The step that runs, with the time at which the next must come.
    until: Option<Timestamp>,
    urgency: Urgency,
    acknowledged: BTreeSet<String>,
}

pub(super) fn check(records: &[EventRecord], season: &Season, reference: &Reference, seen: &mut Seen) {
    let opened = records[0].at;
    for (n, night) in season.nights.iter().enumerate() {
        seen.on_nights[n] += usize::from((opened.as_second() - night).abs() <= 3600);
    }
    let mut reading = Reading {
        reference,
        roles: BTreeMap::new(),
        calls: BTreeMap::new(),
        pages: BTreeMap::new(),
        until: None,
        urgency: Urgency::High,
        acknowledged: BTreeSet::new(),
    };
    for record in records {
        reading.take(record, seen);
    }
    reading.first(records, opened, seen);
    next_contacts(records, seen);
    spoken_of(records, seen);
    let over = records.iter().any(|r| matches!(r.event, Event::Resolved { .. }));
    assert!(over, "{} never ended", records[0].incident);
}

impl Reading<'_> {
    fn take(&mut self, record: &EventRecord, seen: &mut Seen) {
        let (id, at) = (&record.incident, record.at);
        match &record.event {
            Event::RoleAssigned { role, person } => {
                if let Some(person) = person {
                    // Whoever was called may answer after the end of their shift, and then it is theirs.
                    let takes_it = matches!(&record.actor, Actor::Person { name } if name == person);
                    let was_called = self.pages.values().any(|(page, _)| page.person == *person);
                    assert!(
                        self.may_be_called(person, at) || (takes_it && was_called),
                        "{id}: {person} is off call at {at} and became {role}"
                    );
                }
                self.roles.insert(role.clone(), person.clone());
            }
            Event::OnCall { event } => self.on_call(record, event, seen),
            Event::Paged { person, .. } => {
                assert!(
                    self.may_be_called(person, at) || self.holds(person),
                    "{id}: {person} is off call at {at}"
                );
            }
            Event::Resolved { .. } => self.until = None,
            _ => {}
        }
        // A deadline that has passed was met by something at that very moment.
        if let Some(until) = self.until {
            assert!(at <= until, "{id}: the step that ended at {until} was not followed before {at}");
        }
    }

    fn on_call(&mut self, record: &EventRecord, event: &OnCall, seen: &mut Seen) {
        let (id, at) = (&record.incident, record.at);
        match event {
            OnCall::Started { urgency, why, .. } => {
                self.urgency = *urgency;
                seen.handed_over += usize::from(matches!(why, Why::HandedOver { .. }));
            }
            // Quiet until then, and everything begins again at that very moment.
            OnCall::Snoozed { until, .. } => {
                self.until = Some(*until);
                seen.snoozed += 1;
            }
            OnCall::Called { call, until } => {
                self.calls.insert(call.id.clone(), call.clone());
                seen.requested += usize::from(
                    matches!(&call.kind, CallKind::Request { by } if by != "firebell" && !by.starts_with("policy ")),
                );
                if matches!(call.kind, CallKind::Step { .. } | CallKind::FallBack { .. }) {
                    self.until = *until;
                }
                seen.fell_back += usize::from(matches!(call.kind, CallKind::FallBack { .. }));
            }
            OnCall::Paged { call, page } => {
                let call = &self.calls[call];
                let meant = self.meant(call, &page.person, at);
                assert!(meant, "{id}: {} is paged at {at} by {call:?} and is not meant", page.person);
                seen.held += usize::from(page.held_until.is_some());
                seen.came_on += usize::from(
                    call.kind == CallKind::Step { round: 1, step: 0 } && record.at > self.begun(),
                );
                let before = self.pages.insert(page.id.clone(), (page.clone(), at));
                assert!(before.is_none(), "{id}: page {} twice", page.id);
            }
            OnCall::Attempted { page, rule, person, .. } => {
                let (page, _) =
                    self.pages.get(page).unwrap_or_else(|| panic!("{id}: {person} tried without a page"));
                assert_eq!(page.person, *person, "{id}");
                assert!(page.attempts.iter().any(|a| a.rule == *rule && a.at <= at), "{id}: too early");
                assert!(
                    page.held_until.is_none_or(|until| until <= at || self.urgency == Urgency::High),
                    "{id}: in quiet hours"
                );
            }
            OnCall::Retimed { page, attempts } => {
                let (page, _) = self.pages.get_mut(page).expect("is open");
                page.held_until = None;
                for (rule, at) in attempts {
                    page.attempts.iter_mut().filter(|a| a.rule == *rule).for_each(|a| a.at = *at);
                }
            }
            OnCall::UrgencySet { urgency, until } => {
                self.urgency = *urgency;
                self.until = until.or(self.until);
            }
            OnCall::AttemptFailed { .. } => seen.failed += 1,
            OnCall::Acknowledged { person, enough, until } => {
                self.acknowledged.insert(person.clone());
                if *enough {
                    self.until = *until;
                    seen.acknowledged += 1;
                }
            }
            OnCall::Exhausted => panic!("{id}: there is always somebody to fall back to"),
            _ => {}
        }
    }

    fn begun(&self) -> Timestamp {
        self.pages.values().map(|(_, at)| *at).min().unwrap_or(Timestamp::MAX)
    }

    fn holds(&self, person: &str) -> bool {
        self.roles.values().flatten().any(|p| p == person)
    }

    fn on_now(&self, person: &str, at: Timestamp) -> bool {
        self.reference.is_on(person, at)
    }

    /// On call, or the one who can always be reached.
    fn may_be_called(&self, person: &str, at: Timestamp) -> bool {
        person == "head" || self.on_now(person, at)
    }

    fn meant(&self, call: &Call, person: &str, at: Timestamp) -> bool {
        call.targets.iter().any(|target| match target {
            Target::Schedule(name) => self.reference.on_call(name, at).iter().any(|p| p == person),
            Target::Role(role) => self.roles.get(role).is_some_and(|p| p.as_deref() == Some(person)),
            // Who is asked in person holds a role, or is on call.
            Target::Person(name) => name == person && (self.may_be_called(person, at) || self.holds(person)),
            Target::Team(_) | Target::Channel(_) => false,
        })
    }

    /// Whoever is on call by the first step was tried in the very moment, or waits for the end of their quiet hours.
    fn first(&self, records: &[EventRecord], opened: Timestamp, seen: &mut Seen) {
        let id = &records[0].incident;
        let started = records.iter().find_map(|r| match &r.event {
            Event::OnCall { event: OnCall::Started { policy, .. } } => Some((policy, r.at)),
            _ => None,
        });
        let (policy, at) = started.unwrap_or_else(|| panic!("{id}: nobody was called"));
        assert_eq!(at, opened, "{id}: in the transaction that opens it");
        let Some(Target::Schedule(name)) = policy.steps[0].targets.first() else {
            panic!("{id}: {policy:?}")
        };
        for person in self.reference.on_call(name, opened) {
            let tried = records.iter().any(|r| {
                r.at == opened
                    && matches!(&r.event, Event::OnCall { event: OnCall::Attempted { person: p, .. } } if p == person)
            });
            let held = records.iter().any(|r| {
                r.at == opened
                    && matches!(&r.event, Event::OnCall { event: OnCall::Paged { page, .. } }
                        if page.person == *person && page.held_until.is_some())
            });
            assert!(tried || held, "{id}: {person} is on call at {opened} and was missed");
            seen.first_attempts += usize::from(tried);
        }
    }
}

/// An attempt that failed is followed by the person's next contact within the minute, counted from when it was made, unless
/// the page ended meanwhile.
fn next_contacts(records: &[EventRecord], seen: &mut Seen) {
    const MINUTE_S: i64 = 60;
    let id = &records[0].incident;
    let of = |r: &EventRecord| match &r.event {
        Event::OnCall { event } => Some((r.at.as_second(), event.clone())),
        _ => None,
    };
    let all: Vec<(i64, OnCall)> = records.iter().filter_map(of).collect();
    let over = |n: usize| {
        let ends = |(_, e): &(i64, OnCall)| {
            matches!(
                e,
                OnCall::Acknowledged { .. }
                    | OnCall::Withdrawn { .. }
                    | OnCall::Resolved { .. }
                    | OnCall::Snoozed { .. }
                    | OnCall::Closed { .. }
                    | OnCall::Left { .. }
                    | OnCall::Started { .. }
            )
        };
        all.iter().skip(n).find(|e| ends(e)).map_or(i64::MAX, |(at, _)| *at)
    };
    for (n, (failed_at, event)) in all.iter().enumerate() {
        let OnCall::AttemptFailed { page, rule } = event else { continue };
        let attempted = |want: &dyn Fn(u32) -> bool, from: usize| {
            all.iter().enumerate().skip(from).find_map(|(m, (at, e))| match e {
                OnCall::Attempted { page: p, rule: r, .. } if p == page && want(*r) => Some((m, *at)),
                _ => None,
            })
        };
        let wanted = all.iter().find_map(|(_, e)| match e {
            OnCall::Paged { page: p, .. } if p.id == *page => Some(p.attempts.len()),
            _ => None,
        });
        let tried_before = all[..n]
            .iter()
            .filter(|(_, e)| matches!(e, OnCall::Attempted { page: p, .. } if p == page))
            .count();
        if wanted.is_none_or(|wanted| tried_before >= wanted) {
            continue;
        }
        let Some((first, made_at)) = attempted(&|r| r == *rule, 0) else { continue };
        // What waited for its turn among other calls was not made yet.
        let from = if failed_at - made_at > MINUTE_S / 2 { *failed_at } else { made_at };
        let next = attempted(&|r| r != *rule, n).map(|(_, at)| at).unwrap_or(i64::MAX);
        let due = from + MINUTE_S;
        assert!(
            next <= due || over(first) <= due,
            "{id}: page {page} failed at {failed_at} and the next contact was tried at {next}"
        );
        seen.next_contacts += usize::from(next <= due);
    }
}

/// An update that was asked for is posted within a minute, or somebody was called, or it is over.
fn spoken_of(records: &[EventRecord], seen: &mut Seen) {
    let id = &records[0].incident;
    for (n, record) in records.iter().enumerate() {
        let Event::UpdateRequested { audience, .. } = &record.event else { continue };
        // The last word on it has no clock any more.
        if records[..n].iter().any(|r| matches!(r.event, Event::Resolved { .. })) {
            continue;
        }
        let due = record.at.as_second() + 60;
        let after = || records[n..].iter();
        let in_time = |r: &EventRecord| r.at.as_second() <= due;
        let posted = after()
            .take_while(|r| in_time(r))
            .any(|r| matches!(&r.event, Event::UpdatePosted { update } if update.audience == *audience));
        let ended = after().any(|r| {
            in_time(r)
                && matches!(
                    r.event,
                    Event::Resolved { .. } | Event::Cancelled { .. } | Event::ClosedHealthy { .. }
                )
        });
        if posted || ended {
            continue;
        }
        // Late, or given up: in that very moment somebody is called.
        let late = format!("update_late:{}:", audience.as_str());
        // Who was called for one that is still not out need not be called again for the next.
        let since = record.at.as_second() - 300;
        let told = records.iter().filter(|r| r.at.as_second() >= since).find(|r| match &r.event {
            Event::DeadlineMissed { what, .. } => what.starts_with(&late),
            Event::EffectDied { audience: a, .. } => a.as_ref() == Some(audience),
            _ => false,
        });
        let told =
            told.unwrap_or_else(|| panic!("{id}: {audience:?} was to be told at {} and was not", record.at));
        assert!(
            told.at.as_second() <= due,
            "{id}: {audience:?} is late since {due} and it was said at {}",
            told.at
        );
        let called = records.iter().any(|r| {
            r.at == told.at
                && matches!(&r.event, Event::Paged { text, .. }
                if text.contains("is late") || text.contains("could not be drafted"))
        });
        assert!(called, "{id}: nobody was called for the {audience:?} update at {}", told.at);
        seen.late += 1;
    }
}

/// No telephone rings twice for one incident within [`TWICE_S`], whatever the words and whatever for, and not with the same
/// words within [`SAME_S`] unless a person stepped in in between.
pub(super) fn phones(rings: &[Ring], incidents: &[Vec<EventRecord>]) -> Result<(), String> {
    let stepped_in = |first: &Ring, second: &Ring| {
        let records = incidents.iter().filter(|records| records[0].incident.to_string() == first.incident);
        records.flatten().filter(|r| matches!(r.actor, Actor::Person { .. })).any(|r| {
            let acts = matches!(
                &r.event,
                Event::OnCall { event: OnCall::Snoozed { .. } | OnCall::Acknowledged { .. } }
                    | Event::OnCall { event: OnCall::Started { why: Why::HandedOver { .. }, .. } }
                    | Event::OnCall {
                        event: OnCall::Called { call: Call { kind: CallKind::Request { .. }, .. }, .. }
                    }
            );
            acts && first.at < r.at.as_second() && r.at.as_second() <= second.at
        })
    };
    // When it was asked for; a channel's trouble may have held it up since.
    let asked_at = |ring: &Ring| {
        let mut key = ring.key.rsplit(':').skip(1);
        let (version, id) = (key.next().and_then(|v| v.parse::<usize>().ok()), key.next());
        let records = incidents.iter().find(|records| Some(records[0].incident.as_str()) == id);
        records.zip(version).and_then(|(r, version)| r.get(version - 1)).map_or(ring.at, |r| r.at.as_second())
    };
    // Another update that cannot be written is another reason to call whoever writes them.
    let of_another = |ring: &Ring| {
        let records = incidents.iter().filter(|records| records[0].incident.to_string() == ring.incident);
        ring.subject.contains("could not be drafted")
            && records.flatten().any(|r| {
                r.at.as_second() == asked_at(ring)
                    && matches!(&r.event, Event::EffectDied { effect, .. } if effect == "draft_update")
            })
    };
    let mut by_phone: BTreeMap<(&str, &str), Vec<&Ring>> = BTreeMap::new();
    for ring in rings {
        let mut texts: Vec<&str> = ring.subject.split("; SEV").collect();
        texts.sort_unstable();
        if texts.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(format!("{} is told the same twice: {}", ring.address, ring.subject));
        }
        // What is told together is about each that it names.
        let named = ring.subject.split([' ', ':', ',', ';']).filter(|word| word.starts_with("INC-"));
        let about: BTreeSet<&str> = named.chain([ring.incident.as_str()]).collect();
        for incident in about {
            by_phone.entry((&ring.address, incident)).or_default().push(ring);
        }
    }
    for ((address, incident), rings) in by_phone {
        for (n, second) in rings.iter().enumerate() {
            let before = rings[..n].iter().rev().take_while(|first| second.at - first.at < 10 * SAME_S);
            // Under one key a receiver shows it once, and who was not told that a page arrived may try another.
            for first in before.filter(|first| !first.lost && first.key != second.key) {
                let apart = second.at - first.at;
                let same = first.subject == second.subject
                    && (asked_at(second) - asked_at(first)).abs() < SAME_S
                    && !stepped_in(first, second)
                    && !(asked_at(first) < asked_at(second) && of_another(second));
                if apart < TWICE_S || same {
                    let (a, b) = (&first.subject, &second.subject);
                    return Err(format!("{address} rang twice for {incident} within {apart} s: {a} / {b}"));
                }
            }
        }
    }
    Ok(())
}
