//! A roster that is asked again and again: names are looked up by an index, and what a schedule answered is kept for as
//! long as the answer holds. What it says is what [`Roster`] and [`Plan`](crate::Plan) say, only sooner.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::model::{Person, Policy, Roster, Schedule, Team};
use crate::schedule::Plan;
use crate::time::{seconds, timestamp};

/// The next change is looked for so much further ahead than asked, so that it is looked for once a day.
const FURTHER: SignedDuration = SignedDuration::from_hours(24);

/// A roster, made ready to be asked often. Make one for each roster and keep it for as long as that is in force.
#[derive(Debug, Default)]
pub struct Rota {
    roster: Arc<Roster>,
    people: BTreeMap<String, usize>,
    teams: BTreeMap<String, usize>,
    services: BTreeMap<String, usize>,
    schedules: BTreeMap<String, usize>,
    escalations: BTreeMap<String, usize>,
    scheduled: BTreeSet<String>,
    standing: Vec<usize>,
    /// Those of them with a skill.
    standing_with: BTreeMap<String, Vec<usize>>,
    /// By schedule, in the order of the roster. Nothing but a memory: it changes no answer.
    known: Vec<Mutex<Option<Known>>>,
}

/// What a schedule answered.
#[derive(Debug, Clone)]
struct Known {
    /// It holds from here on …
    since: Timestamp,
    /// … until here.
    until: Timestamp,
    on: Vec<String>,
    /// Up to where a change was looked for, and the first that was found.
    change: Option<(Timestamp, Option<Timestamp>)>,
}

impl Rota {
    /// Makes a roster ready.
    pub fn new(roster: Arc<Roster>) -> Self {
        let layers = roster.schedules.iter().flat_map(|s| &s.layers);
        let turns = layers.flat_map(|l| l.participants.iter().chain(l.by_weekday.values()));
        let scheduled: BTreeSet<String> = turns.flat_map(|t| &t.0).cloned().collect();
        let standing: Vec<usize> =
            (0..roster.people.len()).filter(|n| !scheduled.contains(&roster.people[*n].name)).collect();
        let mut standing_with: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for n in &standing {
            for skill in &roster.people[*n].skills {
                standing_with.entry(skill.clone()).or_default().push(*n);
            }
        }
        Self {
            people: index(roster.people.iter().map(|p| &p.name)),
            teams: index(roster.teams.iter().map(|t| &t.name)),
            services: index(roster.services.iter().map(|s| &s.name)),
            schedules: index(roster.schedules.iter().map(|s| &s.name)),
            escalations: index(roster.escalations.iter().map(|p| &p.name)),
            known: roster.schedules.iter().map(|_| Mutex::default()).collect(),
            scheduled,
            standing,
            standing_with,
            roster,
        }
    }

    /// The roster.
    pub fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// The person of that name.
    pub fn person(&self, name: &str) -> Option<&Person> {
        self.roster.people.get(*self.people.get(name)?)
    }

    /// The team of that name.
    pub fn team(&self, name: &str) -> Option<&Team> {
        self.roster.teams.get(*self.teams.get(name)?)
    }

    /// The schedule of that name.
    pub fn schedule(&self, name: &str) -> Option<&Schedule> {
        self.roster.schedules.get(*self.schedules.get(name)?)
    }

    /// The escalation policy of that name.
    pub fn escalation(&self, name: &str) -> Option<&Policy> {
        self.roster.escalations.get(*self.escalations.get(name)?)
    }

    /// The escalation policy of a service: its own, else its team's.
    pub fn escalation_of(&self, service: &str) -> Option<&Policy> {
        let service = self.roster.services.get(*self.services.get(service)?)?;
        let team = self.team(&service.team).map(|t| t.escalation.as_str());
        let name = if service.escalation.is_empty() { team? } else { &service.escalation };
        self.escalation(name)
    }

    /// Whether a schedule names a person.
    pub fn is_scheduled(&self, person: &str) -> bool {
        self.scheduled.contains(person)
    }

    /// People whom no schedule names, and who have a skill or are among `others`; in the order of the roster.
    pub fn standing_with<'a>(
        &'a self,
        skill: &str,
        others: impl Iterator<Item = &'a str>,
    ) -> impl Iterator<Item = &'a Person> {
        let mut found: BTreeSet<usize> =
            self.standing_with.get(skill).into_iter().flatten().copied().collect();
        let others = others.filter_map(|name| self.people.get(name).copied());
        found.extend(others.filter(|n| self.standing.binary_search(n).is_ok()));
        found.into_iter().filter_map(|n| self.roster.people.get(n))
    }

    /// The names of those who are on call by a schedule at an instant; see [`Plan::on_call`].
    pub fn on_call(&self, schedule: &str, at: Timestamp) -> Vec<String> {
        self.schedules.get(schedule).map_or_else(Vec::new, |n| self.look(*n, at, |known, _| known.on.clone()))
    }

    /// When, after an instant and within so long, other people are on call by a schedule; see [`Plan::change_within`].
    pub fn change_within(&self, schedule: &str, at: Timestamp, horizon: SignedDuration) -> Option<Timestamp> {
        let end = timestamp(seconds(at)).saturating_add(horizon).unwrap_or(Timestamp::MAX);
        let change = self.look(*self.schedules.get(schedule)?, at, |known, plan| match known.change {
            Some((_, Some(change))) => Some(change),
            Some((looked, None)) if looked >= end => None,
            _ => {
                let further = horizon.saturating_add(FURTHER);
                let looked = timestamp(seconds(at)).saturating_add(further).unwrap_or(Timestamp::MAX);
                let change = plan().change_within(at, further);
                known.change = Some((looked, change));
                change
            }
        });
        change.filter(|change| *change < end)
    }

    /// Asks what is known of a schedule at an instant; asks the schedule where nothing is.
    fn look<'a, T>(
        &'a self,
        schedule: usize,
        at: Timestamp,
        answer: impl FnOnce(&mut Known, &dyn Fn() -> Plan<'a>) -> T,
    ) -> T {
        let plan = || Plan::new(&self.roster.schedules[schedule], &self.roster.calendars);
        let mut known = self.known[schedule].lock().unwrap_or_else(PoisonError::into_inner);
        let known = match &mut *known {
            Some(known) if known.since <= at && at < known.until => known,
            other => {
                let frame = plan().at(at);
                let on = frame.on.into_iter().map(|d| d.person).collect();
                other.insert(Known { since: frame.within.from, until: frame.within.until, on, change: None })
            }
        };
        answer(known, &plan)
    }
}

/// What a roster can be asked without an index.
impl Deref for Rota {
    type Target = Roster;

    fn deref(&self) -> &Roster {
        &self.roster
    }
}

/// Of names that are there twice the first counts, as in [`Roster`].
fn index<'a>(names: impl Iterator<Item = &'a String>) -> BTreeMap<String, usize> {
    let mut all = BTreeMap::new();
    for (n, name) in names.enumerate() {
        all.entry(name.clone()).or_insert(n);
    }
    all
}
