//! Cases by hand.

use jiff::Timestamp;

use super::world::World;
use crate::escalation::{Call, CallKind, Command, HandTo, Phase};
use crate::model::{Roster, Target, Urgency};

fn roster() -> Roster {
    Roster::from_toml(
        r#"
        people = [
          { name = "ana", contacts = [
            { kind = "push" }, { kind = "sms", address = "+4930123456" }, { kind = "voice", address = "+4930123456" },
          ], notify = { high = [{ contact = "push" }, { contact = "sms", after_s = 120 }, { contact = "voice", after_s = 300 }] },
             time_zone = "Europe/Berlin", quiet_hours = [{ from = "22:00", to = "07:00" }] },
          { name = "ben", contacts = [{ kind = "email", address = "ben@example.org" }] },
          { name = "cem", contacts = [{ kind = "push" }] },
          { name = "dia", contacts = [{ kind = "push" }] },
          { name = "mute" },
        ]
        teams = [{ name = "sre", members = ["ana", "ben", "cem"] }]
        [[schedules]]
        name = "primary"
        [[schedules.layers]]
        name = "days"
        participants = ["ana", "ben"]
        rotation = { every = "day", start = "2026-01-05", at = "09:00" }
        [[schedules]]
        name = "nobody"
        [[schedules.layers]]
        name = "long ago"
        participants = ["ana"]
        until = "2020-01-01"
        [[escalations]]
        name = "usual"
        rounds = 2
        fall_back = "dia"
        steps = [
          { targets = [{ schedule = "primary" }, { channel = "slack/ops" }], delay_s = 240 },
          { targets = [{ schedule = "nobody" }], delay_s = 300 },
          { targets = [{ team = "sre" }], delay_s = 600 },
        ]
        [[escalations]]
        name = "two"
        acknowledgement_holds_s = 1800
        steps = [{ targets = [{ team = "sre" }], delay_s = 300, acknowledgements = 2 }]
        [[escalations]]
        name = "mute"
        steps = [{ targets = [{ person = "mute" }] }, { targets = [{ person = "cem" }] }]
        "#,
    )
    .unwrap_or_else(|e| panic!("{e}"))
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn by(name: &str) -> String {
    name.to_owned()
}

#[test]
fn nobody_answers_so_it_goes_through_all_steps_and_rounds_to_the_fall_back() {
    let roster = roster();
    let mut world = World::new(&roster, "2026-01-05T12:00:00Z");
    let told = world.start("usual", Urgency::High) + &world.wait(3600);
    insta::assert_snapshot!(told);
    assert_eq!(world.e.phase, Phase::FallingBack);
}

#[test]
fn one_acknowledges_and_nothing_more_is_sent() {
    let roster = roster();
    let mut world = World::new(&roster, "2026-01-05T12:00:00Z");
    world.start("usual", Urgency::High);
    world.wait(60);
    insta::assert_snapshot!(world.acknowledge("ana"), @r"
    12:01:00 ana acknowledges
    12:01:00   page INC-1/1 of ana ends
    ");
    assert_eq!(world.acknowledge("ana"), "");
    assert_eq!(world.wait(86_400), "");
    assert_eq!(world.e.deadline(), None);
}

#[test]
fn a_step_that_demands_two_goes_on_with_one_and_an_acknowledgement_may_lapse() {
    let roster = roster();
    let mut world = World::new(&roster, "2026-01-05T12:00:00Z");
    let mut told = world.start("two", Urgency::High);
    told += &world.acknowledge("cem");
    told += &world.wait(200);
    told += &world.acknowledge("ben");
    told += &world.wait(1800);
    insta::assert_snapshot!(told);
}

#[test]
fn who_goes_off_call_is_no_longer_paged_and_who_comes_on_is() {
    let roster = roster();
    let mut world = World::new(&roster, "2026-01-06T08:58:30Z");
    let told = world.start("usual", Urgency::High) + &world.wait(200);
    insta::assert_snapshot!(told, @r"
    08:58:30 begins: usual, it began
    08:58:30 call 1.1 Step { round: 1, step: 0 } until 09:02:30
    08:58:30   tells slack/ops
    08:58:30   pages ana (INC-1/1)
    08:58:30   -> ana by push (INC-1/1/push/0)
    09:00:00   pages ben (INC-1/2)
    09:00:00   ana left call 1.1
    09:00:00   page INC-1/1 of ana ends
    09:00:00   -> ben by email (INC-1/2/email/0)
    ");
}

#[test]
fn it_sleeps_is_handed_over_grows_and_is_escalated_by_hand() {
    let roster = roster();
    let mut world = World::new(&roster, "2026-01-05T12:00:00Z");
    let mut told = world.start("usual", Urgency::High);
    told += &world.does(&Command::Snooze { by: by("ana"), until: at("2026-01-05T13:00:00Z") });
    told += &world.wait(3600);
    told += "-- handed to a person\n";
    told += &world.does(&Command::HandOver { by: by("ana"), to: HandTo::Target(Target::Person(by("cem"))) });
    told += &world.wait(240);
    told += "-- handed to a policy\n";
    told += &world.does(&Command::HandOver { by: by("ben"), to: HandTo::Policy(by("two")) });
    told += "-- escalated\n";
    told += &world.does(&Command::EscalateNow { by: by("ben") });
    told += "-- more people\n";
    told += &world.does(&Command::Request { by: by("ben"), targets: vec![Target::Person(by("dia"))] });
    told += &world.does(&Command::Resolve { by: by("ben") });
    insta::assert_snapshot!(told);
    assert_eq!(world.e.deadline(), None);
    assert!(world.e.pages.is_empty() && world.e.calls.is_empty());
}

#[test]
fn low_urgency_waits_for_the_end_of_quiet_hours_unless_it_rises() {
    let roster = roster();
    let mut world = World::new(&roster, "2026-01-05T23:00:00Z");
    let told = world.start("usual", Urgency::Low);
    insta::assert_snapshot!(told, @r"
    23:00:00 begins: usual, it began
    23:00:00 call 1.1 Step { round: 1, step: 0 } until 06:04:00
    23:00:00   tells slack/ops
    23:00:00   pages ana (INC-1/1), held until 06:00
    ");
    assert_eq!(world.e.deadline(), Some(at("2026-01-06T06:00:00Z")));
    insta::assert_snapshot!(world.does(&Command::SetUrgency { urgency: Urgency::High }), @r"
    23:00:00 urgency High
    23:00:00   INC-1/1 has new times
    23:00:00   -> ana by push (INC-1/1/push/0)
    ");
    assert_eq!(world.e.until, Some(at("2026-01-05T23:04:00Z")));
    assert_eq!(world.e.deadline(), Some(at("2026-01-05T23:02:00Z")));
}

#[test]
fn a_contact_that_fails_is_followed_by_the_next_and_who_has_none_by_the_next_step() {
    let roster = roster();
    let mut world = World::new(&roster, "2026-01-05T12:00:00Z");
    world.start("usual", Urgency::High);
    let failed = Command::Failed { page: "INC-1/1".to_owned(), rule: 0 };
    insta::assert_snapshot!(world.does(&failed), @r"
    12:00:00   attempt 0 of INC-1/1 failed
    12:00:00   INC-1/1 has new times
    12:00:00   -> ana by sms (INC-1/1/sms/1)
    ");
    assert_eq!(world.does(&failed), "");
    let mut world = World::new(&roster, "2026-01-05T12:00:00Z");
    insta::assert_snapshot!(world.start("mute", Urgency::High), @r"
    12:00:00 begins: mute, it began
    12:00:00 call 1.1 Step { round: 1, step: 0 } until 12:05:00
    12:00:00   pages mute (INC-1/1)
    12:00:00 call 1.2 Step { round: 1, step: 1 } until 12:05:00
    12:00:00   pages cem (INC-1/2)
    12:00:00   -> cem by push (INC-1/2/push/0)
    ");
}

#[test]
fn who_is_excused_is_called_no_more_and_who_was_asked_with_them_is_not_called_anew() {
    let roster = roster();
    let mut world = World::new(&roster, "2026-01-05T12:00:00Z");
    world.start("usual", Urgency::High);
    let targets = vec![Target::Person(by("cem")), Target::Person(by("dia"))];
    world.does(&Command::Request { by: by("ben"), targets });
    // Long after all of their rules have been tried.
    world.wait(3600);
    let told = world.does(&Command::Excuse { by: by("ben"), person: by("dia") });
    assert!(told.contains("dia left call") && !told.contains("pages") && !told.contains("->"), "{told}");
    let mut left = world.e.calls.iter().filter(|c| matches!(c.kind, CallKind::Request { .. }));
    let is_left = |c: &Call| c.targets == [Target::Person(by("cem"))] && !c.paged.contains("dia");
    assert!(left.all(is_left), "{:?}", world.e.calls);
    world.does(&Command::Excuse { by: by("ben"), person: by("cem") });
    assert!(!world.e.calls.iter().any(|c| matches!(c.kind, CallKind::Request { .. })));
}

#[test]
fn what_cannot_be_is_refused_with_a_word_on_what_can() {
    let roster = roster();
    let mut world = World::new(&roster, "2026-01-05T12:00:00Z");
    let mut said = Vec::new();
    let mut no = |world: &mut World<'_>, command: Command| {
        let before = world.e.clone();
        said.push(world.try_to(&command).expect_err("refused").to_string());
        assert_eq!(world.e, before);
    };
    no(&mut world, Command::Acknowledge { person: by("ana") });
    no(&mut world, Command::Resolve { by: by("ana") });
    assert_eq!(world.does(&Command::Tick), "");
    world.start("two", Urgency::High);
    let policy = roster.escalation("two").expect("it").clone();
    no(&mut world, Command::Start { policy, urgency: Urgency::High });
    no(&mut world, Command::Snooze { by: by("ana"), until: at("2026-01-05T12:00:00Z") });
    no(&mut world, Command::Snooze { by: by("ana"), until: at("2026-02-05T12:00:00Z") });
    no(&mut world, Command::HandOver { by: by("ana"), to: HandTo::Policy(by("none")) });
    no(&mut world, Command::HandOver { by: by("ana"), to: HandTo::Target(Target::Schedule(by("nobody"))) });
    no(&mut world, Command::Request { by: by("ana"), targets: vec![Target::Role(by("scribe"))] });
    world.does(&Command::EscalateNow { by: by("ana") });
    assert_eq!(world.e.phase, Phase::Exhausted);
    no(&mut world, Command::EscalateNow { by: by("ana") });
    world.does(&Command::Resolve { by: by("ana") });
    assert_eq!(world.acknowledge("ana"), "");
    no(&mut world, Command::EscalateNow { by: by("ana") });
    insta::assert_snapshot!(said.join("\n"));
}
