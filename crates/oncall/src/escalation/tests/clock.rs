//! Random policies, schedules and people who do as they like, on a virtual clock.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::world::World;
use crate::escalation::{Attempt, CallKind, Command, Escalation, Event, HandTo, Phase};
use crate::model::{Policy, Roster, Step, Target, Urgency};

const PEOPLE: &str = r#"
people = [
  { name = "ana", contacts = [{ kind = "push" }, { kind = "sms", address = "+4930123456" }],
    notify = { high = [{ contact = "push" }, { contact = "sms", after_s = 120 }, { contact = "push", after_s = 600 }] } },
  { name = "ben", contacts = [{ kind = "email", address = "ben@example.org" }], time_zone = "America/New_York",
    quiet_hours = [{ from = "22:00", to = "06:30" }, { days = ["saturday"], from = "06:30", to = "22:00" }] },
  { name = "cem", contacts = [{ kind = "push" }, { kind = "voice", address = "+4930123456" }],
    notify = { high = [{ contact = "push", after_s = 30 }, { contact = "voice", after_s = 1200 }], low = [{ contact = "push" }] } },
  { name = "dia", contacts = [{ kind = "push" }] },
  { name = "mute" },
]
teams = [{ name = "sre", members = ["ana", "ben", "mute"] }]
"#;

const SCHEDULES: &str = r#"
[[schedules]]
name = "quick"
time_zone = "Europe/Berlin"
[[schedules.layers]]
name = "hours"
participants = ["ana", "ben", ["cem", "dia"]]
rotation = { every = "hour", start = "2026-03-20", at = "00:10" }
[[schedules.replacements]]
id = "c"
kind = "cover"
person = "dia"
instead_of = "ana"
from = "2026-03-28T23:20"
until = "2026-03-29T04:40"
[[schedules]]
name = "nights"
time_zone = "America/New_York"
[[schedules.layers]]
name = "nights"
participants = ["ben", "cem"]
rotation = { every = "day", start = "2026-03-20", at = "02:30" }
windows = [{ from = "20:00", to = "04:00" }]
"#;

fn target() -> impl Strategy<Value = Target> {
    let people = prop::sample::select(vec!["ana", "ben", "cem", "dia", "mute"]);
    prop_oneof![
        2 => people.prop_map(|p| Target::Person(p.to_owned())),
        4 => prop::sample::select(vec!["quick", "nights"]).prop_map(|s| Target::Schedule(s.to_owned())),
        1 => Just(Target::Team("sre".to_owned())),
        1 => Just(Target::Role("incident_commander".to_owned())),
        1 => Just(Target::Channel("slack/ops".to_owned())),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    let step = (prop::collection::vec(target(), 1..4), 30i64..1500, 1u32..3)
        .prop_map(|(targets, delay_s, acknowledgements)| Step { targets, delay_s, acknowledgements });
    (
        prop::collection::vec(step, 1..4),
        1u32..4,
        prop::sample::select(vec!["", "dia", "mute"]),
        prop::option::of(600i64..4000),
    )
        .prop_map(|(steps, rounds, fall_back, acknowledgement_holds_s)| Policy {
            name: "p".to_owned(),
            steps,
            rounds,
            fall_back: fall_back.to_owned(),
            fall_back_again_s: 900,
            acknowledgement_holds_s,
        })
}

/// What people do, after so many seconds.
fn deed() -> impl Strategy<Value = (i64, Deed)> {
    let person = prop::sample::select(vec!["ana", "ben", "cem", "dia"]);
    let what = prop_oneof![
        4 => person.prop_map(|p| Deed::Acknowledge(p.to_owned())),
        2 => (60i64..20_000).prop_map(Deed::Snooze),
        1 => target().prop_map(Deed::HandOver),
        1 => Just(Deed::HandToPolicy),
        2 => prop::collection::vec(target(), 1..3).prop_map(Deed::Request),
        2 => Just(Deed::EscalateNow),
        2 => any::<bool>().prop_map(Deed::Urgent),
        3 => any::<prop::sample::Index>().prop_map(Deed::Fail),
        2 => Just(Deed::Tick),
        1 => Just(Deed::Look),
        1 => Just(Deed::Resolve),
    ];
    (prop_oneof![0i64..900, 900i64..30_000], what)
}

#[derive(Debug, Clone)]
enum Deed {
    Acknowledge(String),
    Snooze(i64),
    HandOver(Target),
    HandToPolicy,
    Request(Vec<Target>),
    EscalateNow,
    Urgent(bool),
    Fail(prop::sample::Index),
    Tick,
    Look,
    Resolve,
}

/// All that was seen of a run, and what must hold of it.
#[derive(Default)]
struct Watch {
    keys: BTreeSet<String>,
    /// Attempts that were made: page and rule.
    made: Vec<(String, u32)>,
    last_step: Option<(u32, u32, usize)>,
    folded: Option<Escalation>,
}

impl Watch {
    /// Looks at what a command brought about.
    fn look(
        &mut self,
        world: &World<'_>,
        before: &Escalation,
        events: &[Event],
    ) -> Result<(), TestCaseError> {
        let mut e = before.clone();
        let steps = e.policy.as_ref().map_or(usize::MAX, |p| p.steps.len());
        let mut steps = steps;
        for event in events {
            // Whom calls mean at this moment, as the schedules themselves say.
            let meant = |e: &Escalation, person: &str| {
                e.calls.iter().any(|c| world.cx().people(&c.targets).iter().any(|p| p == person))
            };
            match event {
                Event::Attempted { page, rule, contact, person, .. } => {
                    let key = Attempt::key(page, contact, *rule);
                    prop_assert!(self.keys.insert(key.clone()), "{} was tried twice", key);
                    prop_assert!(meant(&e, person), "{} is off call and was paged", person);
                    prop_assert!(!matches!(e.phase, Phase::New | Phase::Resolved));
                    self.made.push((page.clone(), *rule));
                }
                Event::Started { policy, .. } => {
                    steps = policy.steps.len();
                }
                Event::Called { call, .. } => {
                    if let CallKind::Step { round, step } = call.kind {
                        let expected = match self.last_step {
                            Some((cycle, r, s)) if cycle == e.cycle && s + 1 < steps => (r, s + 1),
                            Some((cycle, r, _)) if cycle == e.cycle => (r + 1, 0),
                            _ => (1, 0),
                        };
                        prop_assert_eq!((round, step), expected, "a step was skipped");
                        self.last_step = Some((e.cycle, round, step));
                    }
                }
                _ => {}
            }
            e.apply(event);
        }
        prop_assert_eq!(&e, &world.e);
        self.holds(world)
    }

    /// What holds between commands.
    fn holds(&mut self, world: &World<'_>) -> Result<(), TestCaseError> {
        let e = &world.e;
        if let Some(deadline) = e.deadline() {
            prop_assert!(deadline > world.now, "the deadline {} is over at {}", deadline, world.now);
        }
        if matches!(e.phase, Phase::Paging | Phase::FallingBack | Phase::Snoozed) {
            prop_assert!(e.until.is_some(), "{:?} without a deadline", e.phase);
        }
        if matches!(e.phase, Phase::Resolved) {
            prop_assert!(e.deadline().is_none() && e.pages.is_empty() && e.calls.is_empty());
        }
        let people: BTreeSet<&str> = e.pages.iter().map(|p| p.person.as_str()).collect();
        prop_assert_eq!(people.len(), e.pages.len(), "two open pages of one person");
        for call in &e.calls {
            let meant = world.cx().people(&call.targets);
            for person in &meant {
                let answered = e.acknowledged_by.contains(person);
                prop_assert!(answered || call.paged.contains(person), "{} of {} was missed", person, call.id);
                prop_assert!(answered || e.page_of(person).is_some(), "{} has no page", person);
            }
            prop_assert!(call.paged.iter().all(|p| meant.contains(p)), "{:?} are off call", call.paged);
        }
        // Whatever waits is in the deadline, and the state survives being kept.
        let kept: Escalation =
            serde_json::from_str(&serde_json::to_string(e).expect("JSON")).expect("the same");
        prop_assert_eq!(&kept, e);
        self.folded = Some(kept);
        Ok(())
    }

    /// Until the deadline nothing changes by itself: not who is meant, and a tick brings nothing about.
    fn quiet(&self, world: &mut World<'_>, until: Timestamp) -> Result<(), TestCaseError> {
        let (start, deadline) = (world.now, world.e.deadline().unwrap_or(until).min(until));
        let whole = deadline.duration_since(start).as_secs();
        let means = |world: &World<'_>| -> Vec<Vec<String>> {
            world.e.calls.iter().map(|c| world.cx().people(&c.targets)).collect()
        };
        let first = means(world);
        for part in 1..24 {
            world.now = start + SignedDuration::from_secs(whole * part / 24);
            if world.now >= deadline {
                break;
            }
            prop_assert_eq!(&means(world), &first, "others are meant at {}", world.now);
            let events = world.try_to(&Command::Tick).expect("never refused");
            prop_assert!(events.is_empty(), "an early tick brought {:?}", events);
        }
        world.now = start;
        Ok(())
    }
}

fn command(deed: &Deed, world: &World<'_>, watch: &Watch) -> Command {
    let by = "somebody".to_owned();
    match deed.clone() {
        Deed::Acknowledge(person) => Command::Acknowledge { person },
        Deed::Snooze(s) => Command::Snooze { by, until: world.now + SignedDuration::from_secs(s) },
        Deed::HandOver(target) => Command::HandOver { by, to: HandTo::Target(target) },
        Deed::HandToPolicy => Command::HandOver { by, to: HandTo::Policy("other".to_owned()) },
        Deed::Request(targets) => Command::Request { by, targets },
        Deed::EscalateNow => Command::EscalateNow { by },
        Deed::Urgent(high) => {
            Command::SetUrgency { urgency: if high { Urgency::High } else { Urgency::Low } }
        }
        Deed::Fail(index) if !watch.made.is_empty() => {
            let (page, rule) = index.get(&watch.made).clone();
            Command::Failed { page, rule }
        }
        Deed::Fail(_) | Deed::Tick => Command::Tick,
        Deed::Look => Command::Look,
        Deed::Resolve => Command::Resolve { by },
    }
}

proptest! {
    // The same cases each time, so that a change is judged by itself; PROPTEST_CASES=2000 looks further.
    #![proptest_config(ProptestConfig { cases: 40, rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]

    #[test]
    fn nobody_off_call_is_paged_and_nobody_on_call_is_missed(
        policy in policy(),
        other in policy(),
        low in any::<bool>(),
        // About the night in which Berlin's clocks are changed.
        start in 0i64..170_000,
        deeds in prop::collection::vec(deed(), 1..12),
        // How late the shell is with its ticks.
        late in prop::sample::select(vec![0i64, 0, 0, 1, 7000]),
    ) {
        let mut roster = Roster::from_toml(&format!("{PEOPLE}{SCHEDULES}")).expect("it is right");
        roster.escalations.push(Policy { name: "other".to_owned(), ..other });
        let mut world = World::new(&roster, "2026-03-28T00:00:00Z");
        world.now += SignedDuration::from_secs(start);
        world.roles.insert("incident_commander".to_owned(), vec!["dia".to_owned()]);
        let mut watch = Watch::default();

        let urgency = if low { Urgency::Low } else { Urgency::High };
        let before = world.e.clone();
        let events = world.try_to(&Command::Start { policy, urgency }).expect("it begins");
        watch.look(&world, &before, &events)?;
        for (after, deed) in deeds {
            let end = world.now + SignedDuration::from_secs(after);
            let mut ticks = 0;
            loop {
                watch.quiet(&mut world, end)?;
                let Some(at) = world.e.deadline().filter(|at| *at <= end) else { break };
                world.now = at + SignedDuration::from_secs(late);
                let before = world.e.clone();
                let events = world.try_to(&Command::Tick).expect("never refused");
                prop_assert!(!events.is_empty(), "the deadline {} brought nothing", at);
                watch.look(&world, &before, &events)?;
                ticks += 1;
                prop_assert!(ticks < 2000, "it never comes to rest");
            }
            world.now = world.now.max(end);
            // Where the clock went past a deadline, that comes first.
            let before = world.e.clone();
            let events = world.try_to(&Command::Tick).expect("never refused");
            watch.look(&world, &before, &events)?;
            let before = world.e.clone();
            let asked = command(&deed, &world, &watch);
            match world.try_to(&asked) {
                Ok(events) => watch.look(&world, &before, &events)?,
                Err(_) => prop_assert_eq!(&world.e, &before),
            }
        }
    }
}
