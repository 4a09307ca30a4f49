//! Incidents of a company that has a roster: who is on call leads, and is paged by their own rules.

use firebell_oncall::Roster;
use firebell_oncall::escalation::{HandTo, Phase};
use firebell_oncall::model::{ContactKind, Target};

use super::story::{SEV1, Story};
use crate::effect::{Effect, Outcome, Reach};
use crate::incident::{Command, Event, Rejection, describe};
use crate::severity::Severity;

/// Story time begins on Friday, 15 January 2027, 08:00 UTC. Until nine it is `ana`, then `ben`.
const ROSTER: &str = r#"
[[people]]
name = "ana"
skills = ["technical_lead"]
contacts = [{ kind = "push" }, { kind = "sms", address = "+4915112345678" }, { kind = "voice", address = "+4915112345678" }]
notify = { high = [{ contact = "push" }, { contact = "sms", after_s = 60 }, { contact = "voice", after_s = 150 }] }
quiet_hours = [{ from = "06:00", to = "08:20" }]

[[people]]
name = "ben"
skills = ["incident_commander", "technical_lead", "scribe", "communications_lead"]
contacts = [{ kind = "email", address = "ben@example.org" }]

[[people]]
name = "cleo"
skills = ["incident_commander"]
contacts = [{ kind = "sms", address = "+4930123456" }, { kind = "email", address = "cleo@example.org" }]

[[people]]
name = "dora"
contacts = [{ kind = "voice", address = "+4930999999" }]

[[teams]]
name = "payments"
members = ["ana", "ben"]
escalation = "payments"

[[services]]
name = "checkout"
team = "payments"

[[schedules]]
name = "payments"
layers = [{ name = "weekly", participants = ["ana", "ben"], rotation = { every = "day", start = "2027-01-14", at = "09:00" } }]

[[schedules]]
name = "command"
role = "incident_commander"
layers = [{ name = "weekly", participants = ["cleo", "ben"], rotation = { every = "week", start = "2027-01-11", at = "09:00" } }]

[[escalations]]
name = "payments"
rounds = 2
fall_back = "dora"
steps = [
  { targets = [{ schedule = "payments" }, { channel = "slack/payments" }], delay_s = 300 },
  { targets = [{ role = "incident_commander" }], delay_s = 300 },
]
"#;

fn roster() -> Roster {
    Roster::from_toml(ROSTER).expect("a roster")
}

fn story(severity: Severity) -> Story {
    let mut story = Story::opened_with(SEV1, Some(severity), roster());
    story.write();
    story
}

impl Story {
    /// Updates are written, so that nobody is called for want of them.
    fn write(&mut self) {
        self.work_where(|e| matches!(e, Effect::DraftUpdate { .. }));
    }

    /// Time passes minute by minute, and updates are written.
    fn minutes(&mut self, minutes: i64) -> Vec<Event> {
        (0..minutes)
            .flat_map(|_| {
                let events = self.pass(60);
                self.write();
                events
            })
            .collect()
    }

    /// Takes out what would be sent to people: to whom, by what, under which key.
    fn sent(&mut self) -> Vec<((u64, usize), Reach)> {
        let mine = |e: &Effect| if let Effect::Reach(reach) = e { Some(reach.clone()) } else { None };
        let found: Vec<_> = self.pending.iter().filter_map(|(at, e)| Some((*at, mine(e)?))).collect();
        self.pending.retain(|_, e| mine(e).is_none());
        found
    }

    fn sent_to(&mut self) -> Vec<(String, ContactKind)> {
        self.sent().into_iter().map(|(_, r)| (r.person, r.contact.kind)).collect()
    }

    fn told(&self) -> String {
        let of_calls = |e: &Event| {
            matches!(
                e,
                Event::OnCall { .. }
                    | Event::RoleAssigned { .. }
                    | Event::RoleDeclined { .. }
                    | Event::Paged { .. }
                    | Event::Acknowledged { .. }
                    | Event::Escalated { .. }
                    | Event::HandOverDue { .. }
                    | Event::PageReported { .. }
                    | Event::DeputyNamed { .. }
            )
        };
        let start = self.records[0].at;
        let lines = self.records.iter().filter(|r| of_calls(&r.event)).map(describe);
        lines
            .map(|e| format!("{:>5} {} {}", e.at.duration_since(start).as_secs(), e.kind, e.text))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn to(all: &[(&str, ContactKind)]) -> Vec<(String, ContactKind)> {
    all.iter().map(|(p, k)| ((*p).to_owned(), *k)).collect()
}

#[test]
fn who_is_on_call_holds_the_roles_and_is_paged_by_their_own_rules() {
    let mut story = story(Severity::Sev1);
    let held: Vec<(&str, Option<&str>)> =
        story.i().roles.iter().map(|(r, h)| (r.as_str(), h.person.as_deref())).collect();
    assert_eq!(
        held,
        [
            // Nobody on call can do either; ana is, by the escalation of the service.
            ("communications_lead", Some("ana")),
            ("incident_commander", Some("cleo")),
            ("scribe", Some("ana")),
            ("technical_lead", Some("ana")),
        ]
    );
    // ana's quiet hours do not matter now; ben is off call and hears nothing.
    assert_eq!(
        story.sent_to(),
        to(&[("ana", ContactKind::Push), ("cleo", ContactKind::Sms), ("cleo", ContactKind::Email)])
    );
    assert!(
        story
            .pending
            .values()
            .any(|e| matches!(e, Effect::Announce { channel, .. } if channel == "slack/payments"))
    );
    story.pass(60);
    assert_eq!(story.sent_to(), to(&[("ana", ContactKind::Sms)]));
    story.by("ana", &Command::Acknowledge).expect("is taken");
    story.pass(100);
    assert_eq!(
        story.i().awaiting.keys().collect::<Vec<_>>(),
        ["incident_commander"],
        "each answers for themselves"
    );
    assert_eq!(story.i().escalation.as_ref().map(|e| e.phase), Some(Phase::Acknowledged));
    // She hears that cleo does not, and need not answer that.
    let told = story.sent();
    let told: Vec<(&str, &str)> = told.iter().map(|(_, r)| (r.person.as_str(), r.page.as_str())).collect();
    assert_eq!(told, [("ana", "")]);
    insta::assert_snapshot!(story.told());
}

#[test]
fn nobody_answers_and_nobody_off_call_is_ever_called() {
    let mut story = story(Severity::Sev2);
    story.minutes(40);
    let people: std::collections::BTreeSet<String> = story.sent_to().into_iter().map(|(p, _)| p).collect();
    assert_eq!(people.iter().map(String::as_str).collect::<Vec<_>>(), ["ana", "cleo", "dora"]);
    // At nine it is ben's turn, and he is called without anybody saying so.
    story.minutes(21);
    assert!(story.sent_to().iter().any(|(p, _)| p == "ben"));
    insta::assert_snapshot!(story.told().lines().take(60).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_contact_that_fails_is_followed_by_the_next_at_once_and_told() {
    let mut story = story(Severity::Sev1);
    let (at, push) = story.sent().into_iter().find(|(_, r)| r.person == "ana").expect("is paged");
    let effect = Effect::Reach(push);
    story.finish(at, &effect, Outcome::Permanent { reason: "no device".to_owned() });
    assert_eq!(story.sent_to(), to(&[("ana", ContactKind::Sms)]), "60 s early");
    assert_eq!(story.i().dead_effects.len(), 1, "whoever sees to channels hears of it");
    // What a provider says later is taken once.
    let key = crate::ids::EffectKey::of(&story.i().id, at.0, at.1);
    let report = Command::ReportDelivery { key, effect, arrived: true, detail: "delivered".to_owned() };
    assert_eq!(story.by("firebell", &report).expect("is taken").len(), 1);
    assert_eq!(story.by("firebell", &report).expect("is taken").len(), 0, "once");
}

#[test]
fn low_urgency_waits_for_the_end_of_quiet_hours_and_high_urgency_does_not() {
    let mut story = story(Severity::Sev3);
    assert_eq!(story.sent_to(), to(&[]), "ana sleeps until twenty past");
    story.minutes(19);
    story.pass(59);
    assert_eq!(story.sent_to(), to(&[]));
    story.pass(1);
    assert_eq!(story.sent_to(), to(&[("ana", ContactKind::Push)]));

    let mut story = self::story(Severity::Sev3);
    story
        .by("cleo", &Command::SetSeverity { severity: Severity::Sev2, reason: "it grows".to_owned() })
        .expect("is taken");
    assert!(story.sent_to().contains(&("ana".to_owned(), ContactKind::Push)));
}

#[test]
fn it_sleeps_is_handed_over_and_grows_by_what_people_say() {
    let mut story = story(Severity::Sev2);
    story.sent();
    let until = story.now.checked_add(jiff::SignedDuration::from_mins(20)).expect("in range");
    story.by("ana", &Command::Snooze { until }).expect("is taken");
    let bad = story.by("ana", &Command::Snooze { until: story.now }).expect_err("is past");
    assert!(matches!(&bad, Rejection::Invalid { field, .. } if field == "until"), "{bad}");
    let ben = HandTo::Target(Target::Person("ben".to_owned()));
    story.by("ana", &Command::HandOver { to: ben }).expect("is taken");
    assert!(story.sent_to().contains(&("ben".to_owned(), ContactKind::Email)), "who is named is called");
    let nobody = HandTo::Target(Target::Person("zoe".to_owned()));
    let refused = story.by("ana", &Command::HandOver { to: nobody }).expect_err("is nobody");
    assert!(refused.to_string().contains("known: ana, ben, cleo, dora"), "{refused}");
    let team = vec![Target::Team("payments".to_owned())];
    story.by("ana", &Command::RequestResponders { targets: team }).expect("is taken");
    story.by("ben", &Command::Acknowledge).expect("is taken");
    story.by("ana", &Command::Cancel { reason: "a drill".to_owned() }).expect("ends");
    assert_eq!(story.i().escalation.as_ref().and_then(|e| e.deadline()), None);
    let over = story.by("ana", &Command::EscalateNow).expect_err("is over");
    assert!(matches!(over, Rejection::NotNow { .. }));
}

#[test]
fn nobody_is_asked_whether_a_role_is_answered_while_it_sleeps() {
    let mut story = story(Severity::Sev2);
    let until = story.now.checked_add(jiff::SignedDuration::from_mins(20)).expect("in range");
    story.by("ana", &Command::Snooze { until }).expect("is taken");
    let unheard = |story: &Story| story.said(|e| matches!(e, Event::Escalated { role: Some(_), .. }));
    story.minutes(19);
    assert_eq!(unheard(&story), 0);
    story.minutes(1);
    assert!(unheard(&story) > 0, "{:?}", story.i().awaiting);
}

#[test]
fn a_role_is_declined_and_goes_to_who_can_take_it_and_a_deputy_goes_first() {
    let mut story = story(Severity::Sev1);
    story.sent();
    let role = "incident_commander".to_owned();
    let other = story.by("ana", &Command::DeclineRole { role: role.clone(), reason: String::new() });
    assert!(other.expect_err("is cleo's").to_string().contains("cleo's"));
    story
        .by("cleo", &Command::NameDeputy { role: role.clone(), person: "dora".to_owned() })
        .expect("is taken");
    story
        .by("cleo", &Command::DeclineRole { role: role.clone(), reason: "on a train".to_owned() })
        .expect("is taken");
    assert_eq!(story.i().holder(&role), Some("dora"));
    let page_of = |story: &Story, person: &str| {
        story.i().escalation.as_ref().is_some_and(|e| e.page_of(person).is_some())
    };
    assert!(!page_of(&story, "cleo") && page_of(&story, "ana"), "who cannot is not called for it any more");
    assert!(story.sent_to().contains(&("dora".to_owned(), ContactKind::Voice)), "and is called");
    story.by("dora", &Command::DeclineRole { role: role.clone(), reason: String::new() }).expect("is taken");
    assert_eq!(story.i().holder(&role), Some("ana"), "whoever is on call, where nobody else can");
    story
        .by("cleo", &Command::DeclineRole { role, reason: String::new() })
        .expect_err("is not hers any more");
}

#[test]
fn command_is_handed_over_after_an_hour_and_must_be_after_three() {
    let mut story = story(Severity::Sev1);
    for person in ["ana", "cleo"] {
        story.by(person, &Command::Acknowledge).expect("is taken");
    }
    let due = |story: &mut Story, s: i64| {
        story
            .pass(s)
            .into_iter()
            .filter_map(|e| match e {
                Event::HandOverDue { person, to, insisted, .. } => Some((person, to, insisted)),
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(due(&mut story, 3590), []);
    let cleo = || "cleo".to_owned();
    let ben = || Some("ben".to_owned());
    assert_eq!(due(&mut story, 20), [(cleo(), ben(), false)], "who is on call since nine");
    assert_eq!(due(&mut story, 7100), []);
    assert_eq!(due(&mut story, 100), [(cleo(), ben(), true)]);
    assert_eq!(due(&mut story, 3600), [(cleo(), ben(), true)], "and each hour after");
    assert!(story.sent_to().iter().any(|(p, _)| p == "ben"), "who could take over is called");
}

#[test]
fn without_anybody_to_lead_whoever_can_be_reached_is_called_after_two_minutes() {
    // All schedules begin in 2030, and dora, whom none names, has not learnt to lead.
    let text = ROSTER.replace("layers = [{ ", "layers = [{ from = \"2030-01-01\", ");
    let roster = Roster::from_toml(&text).expect("a roster");
    let mut story = Story::opened_with(SEV1, Some(Severity::Sev1), roster);
    assert_eq!(story.i().holder("incident_commander"), None);
    story.sent();
    let events = story.pass(121);
    assert!(
        events
            .iter()
            .any(|e| matches!(e, Event::Escalated { why, .. } if why.contains("no incident commander")))
    );
    let calls = |story: &mut Story| {
        let told = story.sent().into_iter().filter(|(_, r)| r.text.contains("no incident commander"));
        told.map(|(_, r)| r.person).collect::<Vec<_>>()
    };
    assert_eq!(calls(&mut story), ["dora"], "it is said what is missing");
    story.pass(120);
    assert_eq!(calls(&mut story), ["dora"], "and again, until somebody leads");
    story.by("dora", &Command::Acknowledge).expect("is taken");
    let take = Command::AssignRole { role: "incident_commander".into(), person: "dora".into() };
    story.by("dora", &take).expect("is taken");
    story.pass(1200);
    assert_eq!(calls(&mut story), Vec::<String>::new());
}

#[test]
fn whose_role_somebody_else_took_is_called_for_it_no_longer() {
    let mut story = story(Severity::Sev1);
    story.sent();
    let page_of = |story: &Story, person: &str| {
        story.i().escalation.as_ref().is_some_and(|e| e.page_of(person).is_some())
    };
    assert!(page_of(&story, "cleo") && page_of(&story, "ana"));
    let take = Command::AssignRole { role: "incident_commander".into(), person: "ben".into() };
    story.by("ben", &take).expect("is taken");
    assert_eq!(story.i().lead(), Some(("incident_commander", "ben")));
    assert!(!page_of(&story, "cleo"), "cleo may sleep on");
    assert!(page_of(&story, "ana"), "who holds other roles is still waited for");
    assert!(story.i().awaiting.contains_key("technical_lead"));
}
